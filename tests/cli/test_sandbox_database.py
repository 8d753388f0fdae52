"""`sandbox serve` as a program: which database it plays, and that the folder keeps to it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sandbox.client import Api


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    process = start(folder, *options)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()


def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mmrecon", "sandbox", "serve", "--state", str(folder), *options],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def has_letter_case(base_url: str) -> bool:
    """Whether keys that differ in letter case are two: on MariaDB they are one (mariadb.md 1)."""
    api = Api(base_url)
    body = {"officeId": 1, "legalFormId": 1, "fullname": "Amina Example", "active": False,
            "locale": "en", "dateFormat": "yyyy-MM-dd"}  # fmt: skip
    answers = [api.call("POST", "/clients", body, key) for key in ("case", "CASE")]
    assert all(answer.status_code == 200 for answer in answers), [one.text for one in answers]
    return "x-served-from-cache" not in answers[1].headers


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), True), (("--database", "postgresql"), True), (("--database", "mariadb"), False)],
)
def test_it_plays_the_database_that_was_asked_for_and_remembers_it(
    tmp_path: Path, options: tuple[str, ...], expected: bool
) -> None:
    with served(tmp_path, *options) as base_url:
        assert has_letter_case(base_url) is expected
    with served(tmp_path) as base_url:
        api = Api(base_url)
        kept = (tmp_path / "database").read_text()
        assert kept == ("postgresql" if expected else "mariadb")
        assert api.call("GET", "/offices").status_code == 200


def test_a_folder_keeps_to_its_database(tmp_path: Path) -> None:
    with served(tmp_path, "--database", "mariadb"):
        pass
    process = start(tmp_path, "--database", "postgresql")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "plays a server on mariadb" in said


def test_a_third_database_is_wrong_use(tmp_path: Path) -> None:
    process = start(tmp_path, "--database", "oracle")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "postgresql" in said
