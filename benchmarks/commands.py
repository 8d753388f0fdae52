"""Commands as whole processes, start included, as cron and people run them.

    python benchmarks/commands.py FOLDER [--rounds 5]

The same FOLDER as `import_and_match.py`. `import` and `match` are divided by the floor, which runs
in a fresh process too but is timed without its imports; `mmrecon --help` is divided by an
interpreter that imports click and rich. Everything runs in turns; quote the medians of the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from import_and_match import CONFIG, Seconds

_MMRECON = [sys.executable, "-m", "mmrecon"]
_PEOPLE_HAVE_WORK = 1


def ran(command: list[str]) -> Seconds:
    """One process from start to end."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode not in (0, _PEOPLE_HAVE_WORK):
        raise SystemExit(f"{command} ended with {ended.returncode}")
    return Seconds(
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall
    )  # fmt: skip


def floor(folder: Path) -> Seconds:
    """The floor in a fresh process, without its imports."""
    script = Path(__file__).with_name("import_and_match.py")
    found = subprocess.check_output([sys.executable, str(script), str(folder), "--floor"])
    return Seconds(**json.loads(found))


def one_round(folder: Path) -> dict[str, Seconds]:
    """Everything once, on a fresh site."""
    laps = {
        "two_libraries": ran([sys.executable, "-c", "import click, rich"]),
        "help": ran([*_MMRECON, "--help"]),
        "floor": floor(folder),
    }
    with tempfile.TemporaryDirectory() as site:
        config = Path(site) / "config.toml"
        config.write_text(CONFIG)
        at = ["--config", str(config)]
        taken = [*_MMRECON, "import", str(folder / "statement.csv"), *at]
        laps["ledger_load"] = ran([*_MMRECON, "ledger", "load", str(folder / "accounts.csv"), *at])
        laps["import"] = ran(taken)
        laps["match"] = ran([*_MMRECON, "match", *at])
        laps["again"] = ran(taken)
    return laps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rounds = [one_round(options.folder) for _ in range(options.rounds)]
    report: dict[str, float] = {}
    for kind in ("cpu", "wall"):
        laps = {
            name: np.array([getattr(each[name], kind) for each in rounds]) for name in rounds[0]
        }
        report |= {f"{name}_{kind}_s": round(float(np.median(laps[name])), 2) for name in laps}
        both = (laps["import"] + laps["match"]) / laps["floor"]
        report[f"import_and_match_{kind}_ratio"] = round(float(np.median(both)), 2)
        started = laps["help"] / laps["two_libraries"]
        report[f"help_{kind}_ratio"] = round(float(np.median(started)), 2)
    report["load"] = round(os.getloadavg()[0], 1)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    report["peak_mb"] = round(peak_kb / 1024)
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
