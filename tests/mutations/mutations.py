"""The list of handlings, and how one of them is taken out of a copy of the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

REPOSITORY: Final = Path(__file__).parents[2]
_LIST: Final = Path(__file__).with_name("mutations.toml")
_COPIED: Final = (
    "mmrecon", "tests", "docs", "sample_statements", "pyproject.toml", "config.example.toml",
    "README.md", "CHANGELOG.md",
)  # fmt: skip
_OF_THIS: Final = "tests/mutations"
_TOO_LONG_S: Final = 240
_SOME_FAILED: Final = 1


@dataclass(frozen=True)
class Mutation:
    """One handling: the exact text that does it, what stands there without it, and its tests."""

    name: str
    covers: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]

    def mutated(self, root: Path) -> str:
        """The file's text without the handling.

        Raises:
            ValueError: the text that does it occurs not once.
        """
        text = (root / self.file).read_text(encoding="utf-8")
        count = text.count(self.find)
        if count != 1:
            raise ValueError(
                f"{self.name}: its text occurs {count} times in {self.file}; "
                "adapt tests/mutations/mutations.toml, and play it"
            )
        return text.replace(self.find, self.replace)


@dataclass(frozen=True)
class Result:
    """Which of a mutation's tests failed, and which did not; `ended` is pytest's exit code."""

    failed: tuple[str, ...]
    passed: tuple[str, ...]
    ended: int | None

    @property
    def bites(self) -> bool:
        """Each of its tests failed, by what it says and not because nothing ran."""
        stopped = self.ended is None
        return stopped or (self.ended == _SOME_FAILED and bool(self.failed) and not self.passed)


def mutations() -> list[Mutation]:
    """All of them, in the order of the list."""
    listed = tomllib.loads(_LIST.read_text(encoding="utf-8"))["mutation"]
    return [Mutation(**{**one, "tests": tuple(one["tests"])}) for one in listed]


def copy_program(target: Path) -> None:
    """What the tests need, in a folder of its own."""
    for name in _COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    shutil.rmtree(target / _OF_THIS)


def without(root: Path, mutation: Mutation) -> Result:
    """Play a mutation's tests in a copy that lacks its handling; the copy is whole afterwards."""
    path = root / mutation.file
    whole = path.read_text(encoding="utf-8")
    _write(path, mutation.mutated(root))
    try:
        return play(root, mutation.tests)
    finally:
        _write(path, whole)


def play(root: Path, tests: Collection[str]) -> Result:
    """Play tests in a copy of the program."""
    report = root / "report.xml"
    report.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-W", "ignore",
        f"--junitxml={report}", *tests,
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=_environment(root), start_new_session=True,
    ) as process:  # fmt: skip
        try:
            ended: int | None = process.wait(_TOO_LONG_S * (1 + len(tests) // 4))
        except subprocess.TimeoutExpired:
            ended = None
            os.killpg(process.pid, 9)
    outcomes = dict(_outcomes(report)) if report.exists() else {}
    failed = [test for test in tests if any(not good for good in _of(test, outcomes))]
    passed = [test for test in tests if test not in failed and list(_of(test, outcomes))]
    return Result(tuple(failed), tuple(passed), ended)


def _write(path: Path, text: str) -> None:
    """Also forget what was compiled: a second is too coarse to tell one text from the next."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def _environment(root: Path) -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": str(root)}


def _outcomes(report: Path) -> Iterator[tuple[str, bool]]:
    for case in ET.parse(report).iter("testcase"):
        good = case.find("failure") is None and case.find("error") is None
        module = str(case.get("classname")).replace(".", "/")
        yield f"{module}.py::{case.get('name')}", good


def _of(test: str, outcomes: Mapping[str, bool]) -> Iterator[bool]:
    """Outcomes of a test, with all its parameters where none are named."""
    return (good for name, good in outcomes.items() if name == test or name.startswith(f"{test}["))


def chosen(names: Sequence[str]) -> list[Mutation]:
    """Those whose name or subject holds one of some words; all without any."""
    found = mutations()
    if not names:
        return found
    return [one for one in found if any(word in f"{one.covers}: {one.name}" for word in names)]
