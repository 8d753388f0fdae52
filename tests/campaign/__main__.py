"""Play campaigns by their seeds; one line each.

    python -m tests.campaign --seed 1 --seed 2 [--postings 10000] [--accounts 3000]
        [--database postgresql|mariadb] [--base URL] [--folder FOLDER]

Without `--base` a sandbox is served for it. With `--base` a real server is used (its user's
password in MMRECON_FINERACT_PASSWORD): accounts, products and payments of invented people are made
there; a test server, never the one that counts.
Exit code 1: something was lost, doubled, left open or wrong; what, stands on standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.campaign.campaign import Asked, Told, play


def main() -> int:
    """Play what was asked for."""
    asked = _arguments()
    clean = True
    for seed in asked.seed:
        with tempfile.TemporaryDirectory(prefix="campaign-") as temporary:
            folder = asked.folder / f"seed-{seed}" if asked.folder else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            told = play(_asked(asked, seed, folder), lambda text: _say(asked.verbose, text))
        sys.stdout.write(told.line() + "\n")
        sys.stdout.flush()
        _explain(told, asked.verbose)
        clean = clean and told.verdict.is_clean
    return 0 if clean else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign")
    parser.add_argument("--seed", type=int, action="append", required=True)
    parser.add_argument("--postings", type=int, default=10_000)
    parser.add_argument("--accounts", type=int, default=3_000)
    parser.add_argument("--database", choices=("postgresql", "mariadb"), default="postgresql")
    parser.add_argument("--base", default="", help="the base URL of a real server's API")
    parser.add_argument("--username", default="mifos")
    parser.add_argument("--zone", default="Asia/Kolkata", help="of the server's tenant")
    parser.add_argument("--folder", type=Path, help="keep everything here")
    parser.add_argument("--verbose", action="store_true")
    return parser.parse_args()


def _asked(given: argparse.Namespace, seed: int, folder: Path) -> Asked:
    return Asked(
        seed, given.postings, given.accounts, given.database, folder, given.base, given.username,
        os.environ.get("MMRECON_FINERACT_PASSWORD", "password"), given.zone,
    )  # fmt: skip


def _say(verbose: bool, text: str) -> None:
    if verbose:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _explain(told: Told, verbose: bool) -> None:
    verdict = told.verdict
    for name in ("lost", "doubled", "open", "wrong"):
        for words in getattr(verdict, name)[:20]:
            _say(True, f"  {name}: {words}")
    _say(verbose, f"  {told.runs} runs in {told.seconds:.0f} s")
    _say(verbose, f"  faults: {dict(sorted(told.faults.items()))}")
    _say(verbose, f"  kills: {dict(sorted(told.kills.items()))}")


if __name__ == "__main__":
    sys.exit(main())
