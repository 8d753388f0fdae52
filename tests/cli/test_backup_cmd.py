"""`backup` and `restore` on a real site: what is in the file, and every file that is refused."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mmrecon.cli.app import cli
from tests.cli.site import ASHA, BENO, Ended, Site, founded

Content = dict[str, bytes]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backup") / "site"
    site = founded(folder)
    archive = folder / "state" / "archive" / "ab"
    archive.mkdir(parents=True)
    (archive / ("ab" + "0" * 62)).write_bytes(b"a file that came in")
    site.secret(ASHA)
    return folder


@pytest.fixture
def site(opened: Path, tmp_path: Path) -> Site:
    shutil.copytree(opened, tmp_path / "site")
    return Site(tmp_path / "site")


@pytest.fixture
def file(site: Site, tmp_path: Path) -> Path:
    path = tmp_path / "backup.tar.gz"
    assert site.call("backup", str(path)).code == 0
    return path


def restore(*arguments: str) -> Ended:
    result = CliRunner().invoke(cli, ["restore", *arguments, "--json"])
    return Ended(result.exit_code, result.stdout, result.stderr)


def contents(path: Path) -> Content:
    with tarfile.open(path) as archive:
        members = (member for member in archive if member.isfile())
        return {one.name: archive.extractfile(one).read() for one in members}  # type: ignore[union-attr]


def rewrite(path: Path, change: Callable[[Content], None]) -> None:
    content = contents(path)
    change(content)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))


def test_a_backup_holds_database_keys_founders_and_configuration_and_no_secret(
    site: Site, file: Path
) -> None:
    names = set(contents(file))
    assert {"state/mmrecon.db", "config.toml", "founders", "manifest.json"} <= names
    assert sum(name.startswith("state/keys/") for name in names) >= 2
    assert not [name for name in names if "archive" in name or "passphrase" in name]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    left = [path for path in (site.folder / "state").iterdir() if path.name.startswith(".")]
    assert left == []
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


def test_a_backup_says_its_head_and_never_replaces_a_file(site: Site, file: Path) -> None:
    ended = site.call("backup", str(file), "--json")
    assert (ended.code, ended.json["error"]["code"]) == (2, "backup_target")
    made = site.call("backup", str(file.with_name("other")), "--archive", "--json").json
    assert made["archive"]
    assert any("archive" in name for name in contents(file.with_name("other")))
    found = site.call("journal", "verify", "--head", made["printed"])
    assert found.code == 0


def test_a_backup_of_an_altered_store_is_refused(site: Site, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(site.folder / "state" / "mmrecon.db") as connection:
        connection.execute("update batch set state = 'rejected'")
    ended = site.call("backup", str(tmp_path / "new"), "--json")
    assert (ended.code, ended.json["error"]["code"]) == (5, "backup_broken")
    assert not (tmp_path / "new").exists()


def test_a_backup_is_restored_into_a_folder_of_its_own(file: Path, tmp_path: Path) -> None:
    ended = restore(str(file), "--into", str(tmp_path / "new"))
    assert ended.code == 0, ended.out
    new = Site(tmp_path / "new")
    checked = new.call("journal", "verify", "--json").json
    assert checked["reads_before_sending"]
    head = f"{ended.json['sequence']}:{ended.json['head']}"
    assert new.call("journal", "verify", "--head", head).code == 0
    assert new.call("submit", *new.signed(ASHA)).code == 0, "people and configuration stand"
    assert stat.S_IMODE((tmp_path / "new" / "state").stat().st_mode) == 0o700
    assert (tmp_path / "new" / "anchor").exists()
    assert [path.name for path in (tmp_path / "new").iterdir() if path.name[0] == "."] == []


def test_a_state_is_replaced_only_when_told_and_is_kept_beside(site: Site, file: Path) -> None:
    assert site.call("people", "revoke", ASHA, *site.signed(BENO), "--reason", "left").code == 0
    config = ("--config", str(site.config))
    ended = restore(str(file), *config)
    assert (ended.code, ended.json["error"]["code"]) == (2, "state_not_empty")
    before = site.call("journal", "verify", "--json").json
    ended = restore(str(file), *config, "--replace")
    assert ended.code == 0, ended.out
    (came,) = ended.json["came_after"]
    assert (came["name"], came["wallet"], came["path"][-2:]) == ("", "", "00")
    people = {
        one["name"]: one["state"] for one in site.call("people", "list", "--json").json["people"]
    }
    assert people[ASHA] == "active", "the revocation is newer than the backup"
    kept = Site(site.folder.with_name("old"))
    shutil.copytree(site.folder, kept.folder, ignore=shutil.ignore_patterns("state", "anchor"))
    shutil.copytree(Path(ended.json["kept"]), kept.folder / "state")
    there = kept.call("journal", "verify", "--json").json
    assert (there["sequence"], there["head"]) == (before["sequence"], before["head"])


def test_a_damaged_state_is_replaced_and_kept_as_it_is(site: Site, file: Path) -> None:
    database = site.folder / "state" / "mmrecon.db"
    for name in ("mmrecon.db-wal", "mmrecon.db-shm"):
        (site.folder / "state" / name).unlink(missing_ok=True)
    database.write_bytes(b"not a database at all" * 100)
    ended = restore(str(file), "--config", str(site.config), "--replace")
    assert ended.code == 0, ended.out
    assert (Path(ended.json["kept"]) / "mmrecon.db").read_bytes()[:14] == b"not a database"
    assert site.call("journal", "verify").code == 0


def test_a_backup_of_a_site_with_other_founders_is_refused(
    site: Site, file: Path, tmp_path: Path
) -> None:
    founders = site.folder / "founders"
    founders.chmod(0o644)
    founders.write_text(founders.read_text().replace("Asha", "Other"))
    ended = restore(str(file), "--config", str(site.config), "--replace")
    assert (ended.code, ended.json["error"]["code"]) == (5, "other_founders")


def test_a_restore_waits_for_no_run(site: Site, file: Path) -> None:
    from mmrecon.store.lock import run_lock

    with run_lock(site.folder / "state", command="nightly", since_utc="now"):
        ended = restore(str(file), "--config", str(site.config), "--replace")
    assert ended.code == 4


def _altered(name: str) -> Callable[[Content], None]:
    def change(content: Content) -> None:
        content[name] = content[name] + b" "

    return change


def _listed(name: str, text: bytes) -> Callable[[Content], None]:
    import hashlib

    def change(content: Content) -> None:
        content[name] = text
        manifest: dict[str, Any] = json.loads(content["manifest.json"])
        told = {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
        manifest["files"][name] = told
        content["manifest.json"] = json.dumps(manifest).encode()

    return change


@pytest.mark.parametrize(
    "change",
    [
        _altered("state/mmrecon.db"),
        _altered("config.toml"),
        lambda content: content.pop("founders"),
        lambda content: content.update(more=b"x"),
        lambda content: content.pop("manifest.json"),
        lambda content: content.update({"manifest.json": b"[]"}),
        lambda content: content.update({"manifest.json": b'{"format": 9, "files": {}}'}),
        _listed("state/mmrecon.db", b"no database"),
        _listed("../outside", b"x"),
        _listed("/outside", b"x"),
    ],
)
def test_a_backup_that_was_changed_is_refused_and_nothing_is_left(
    file: Path, tmp_path: Path, change: Callable[[Content], None]
) -> None:
    rewrite(file, change)
    new = tmp_path / "new"
    ended = restore(str(file), "--into", str(new))
    assert (ended.code, ended.json["error"]["code"]) == (5, "backup_broken")
    assert list(new.iterdir()) == []
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("cut", [10, 1000, -20])
def test_a_backup_that_is_cut_off_is_refused(file: Path, tmp_path: Path, cut: int) -> None:
    file.write_bytes(file.read_bytes()[:cut])
    assert restore(str(file), "--into", str(tmp_path / "new")).code == 5


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b"no tar"))
    assert restore(str(tmp_path / "x"), "--into", str(tmp_path / "new")).code == 5
    assert restore(str(tmp_path / "y"), "--into", str(tmp_path / "new")).code == 2


def test_a_backup_that_is_killed_leaves_no_file_under_its_name(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "killed.tar.gz"
    program = (
        "import os, signal, mmrecon.store.backup_file as module\n"
        "from click.testing import CliRunner\n"
        "from mmrecon.cli.app import cli\n"
        "os.link = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"cli(['backup', {str(target)!r}, '--config', {str(site.config)!r}])\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], env=dict(os.environ), check=False)
    assert ended.returncode == -9
    assert not target.exists()
    assert site.call("backup", str(target)).code == 0
