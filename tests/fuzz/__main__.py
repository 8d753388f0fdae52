"""`python -m tests.fuzz --seed N --files 20000`: a campaign, and its one line."""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.campaign import run


def main() -> int:
    """Play a campaign and print its line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="begin with this number")
    parser.add_argument("--workbooks", type=float, default=0.04, help="share of workbooks")
    chosen = parser.parse_args()
    tally = run(chosen.seed, chosen.files, workbooks=chosen.workbooks, first=chosen.first)
    for number, told in tally.failures[:20]:
        sys.stderr.write(f"--seed {chosen.seed} --first {number} --files 1: {told}\n")
    sys.stdout.write(tally.line(chosen.seed, chosen.files) + "\n")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
