"""Take one handling after the other out of a copy of the program, and see that a test fails.

    python -m tests.mutations [--only WORD]... [--no-baseline]

One line for each: what was removed, the test that failed, or SURVIVED. Exit code 1: something
survived, or a test fails without any change.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.mutations.mutations import Mutation, Result, chosen, copy_program, play, without


def main() -> int:
    """Play what was asked for."""
    asked = _arguments()
    listed = chosen(asked.only)
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        root = Path(folder)
        copy_program(root)
        if not asked.no_baseline and not _whole(root, listed):
            return 1
        survived = [one for one in listed if not _tell(one, *_timed(root, one))]
    _say(f"{len(listed)} handlings removed, {len(survived)} survived")
    return 1 if survived else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations")
    parser.add_argument("--only", action="append", default=[], help="a word of the handling's name")
    parser.add_argument("--no-baseline", action="store_true", help="the tests were just played")
    return parser.parse_args()


def _whole(root: Path, listed: list[Mutation]) -> bool:
    """All tests hold while nothing is removed: then whatever fails, fails by the removal."""
    tests = sorted({test for one in listed for test in one.tests})
    result = play(root, tests)
    missing = set(tests) - set(result.passed)
    for test in sorted(missing):
        _say(f"FAILS WITH NOTHING REMOVED, or is not there: {test}")
    return not missing


def _timed(root: Path, one: Mutation) -> tuple[Result, float]:
    begun_s = time.monotonic()
    return without(root, one), time.monotonic() - begun_s


def _tell(one: Mutation, result: Result, took_s: float) -> bool:
    """The line of one; whether its tests bite."""
    what = f"{one.covers}: {one.name}"
    if result.bites:
        failed = ", ".join(test.rpartition("::")[2] for test in result.failed)
        _say(f"{what} -> {failed or 'no end'} ({took_s:.0f} s)")
    elif result.ended not in (0, 1):
        _say(f"{what} -> NOTHING RAN (pytest {result.ended})")
    else:
        _say(f"{what} -> SURVIVED {', '.join(result.passed)} ({took_s:.0f} s)")
    return result.bites


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
