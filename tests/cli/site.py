"""A site made by the commands themselves, called as a person or cron calls them."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from mmrecon.cli.app import cli

ASHA, BENO, CARO = "Asha Test", "Beno Test", "Caro Test"


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Site:
    """A folder with a config.toml."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def call(self, *arguments: str) -> Ended:
        """A command with this site's configuration, nobody at the keyboard."""
        result = CliRunner().invoke(cli, [*arguments, "--config", str(self.config)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return Ended(result.exit_code, result.stdout, result.stderr)

    def secret(self, name: str, text: str = "") -> str:
        """A file with somebody's passphrase that only its owner can read."""
        path = self.folder / f"passphrase of {name}"
        path.write_text((text or f"{name}: four quite unlikely words") + "\n")
        path.chmod(0o600)
        return str(path)

    def signed(self, name: str) -> tuple[str, ...]:
        return ("--as", name, "--passphrase-file", self.secret(name))

    def enrol(self, name: str, code: str) -> Ended:
        file = self.folder / "code"
        file.write_text(code + "\n")
        file.chmod(0o600)
        options = ("--code-file", str(file), "--passphrase-file", self.secret(name))
        return self.call("people", "enrol", name, *options)

    def approve_everything(self, name: str) -> None:
        for batch in self.call("approve", "--json").json["waiting"]:
            ended = self.call("approve", batch["batch_id"], "--yes", *self.signed(name))
            assert ended.code == 0, ended.err


def at_terminal(arguments: list[str], answers: dict[str, str]) -> str:
    """What a person sees who runs a command and types an answer to each question."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "mmrecon", *arguments])
    seen = ""
    for question, answer in answers.items():
        seen += _until(terminal, question)
        os.write(terminal, f"{answer}\n".encode())
    seen += _until(terminal, "")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, seen
    return seen


def _until(terminal: int, words: str) -> str:
    """What appears on the terminal up to some words; with none, up to the end."""
    seen = ""
    while not words or words not in seen:
        assert select.select([terminal], [], [], 60)[0], f"{words} never came: {seen}"
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux's way to say that the other end was closed
            part = b""
        if not part:
            assert not words, seen
            return seen
        seen += part.decode(errors="replace")
    return seen


def init(folder: Path, *options: str) -> Ended:
    """`mmrecon init` with everything answered by options."""
    given = (
        "--folder", str(folder), "--institution", "Example SACCO", "--wallet",
        "pay:mpesa_ke:600001:KES", "--payment-type", "pay=3:M-PESA", "--fineract-url",
        "https://fineract.example/api", "--live-from", "2026-11-01", *options,
    )  # fmt: skip
    result = CliRunner().invoke(cli, ["init", *given])
    return Ended(result.exit_code, result.stdout, result.stderr)


def founded(folder: Path) -> Site:
    """A site whose founders have enrolled and approved the configuration."""
    site = Site(folder)
    codes = init(folder, "--founder", ASHA, "--founder", BENO, "--json").json["founders"]
    for one in codes:
        assert site.enrol(one["name"], one["code"]).code == 0
    assert site.call("submit", *site.signed(ASHA)).code == 1
    site.approve_everything(BENO)
    return site
