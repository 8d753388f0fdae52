#!/bin/sh
# Installs the Debian packages whose programs the tests run for real, where apt-get may be used.
# Elsewhere the tests that need one of them skip, and say which line installs it.
packages="openssh-server libreoffice-calc-nogui poppler-utils postgresql"
missing=""
[ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
command -v soffice >/dev/null 2>&1 || missing="$missing libreoffice-calc-nogui"
command -v pdftoppm >/dev/null 2>&1 || missing="$missing poppler-utils"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "no apt-get here: tests that need$missing will skip" >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "not allowed to install: tests that need$missing will skip; install them with: sudo apt-get install $packages" >&2
    exit 0
fi
DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
# shellcheck disable=SC2086
$as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
