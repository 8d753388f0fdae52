"""Reading against its floors: 1,000,000 CSV lines, 100,000 rows of a workbook, `inspect`.

    python benchmarks/reading.py FOLDER [--rounds 3]

FOLDER holds `statement.csv` (M-PESA layout A, any number of lines). Floor and product run in turns
in processes of their own, so that noise hits both; quote the medians of the ratios. The floor is
the least that reading and typing can be: Arrow's reader, one money column, one date column, one
normalised reference. A workbook's floor is calamine alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import xlsxwriter

_CLOCKS = """
import resource, sys, time
BOTH = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
def cpu_s():
    return sum(sum(resource.getrusage(who)[:2]) for who in BOTH)
def told(began, cpu):
    most = max(resource.getrusage(who).ru_maxrss for who in BOTH) // 1024
    print(time.perf_counter() - began, cpu_s() - cpu, most)
"""
_FLOOR = """
import pyarrow as pa, pyarrow.compute as pc, pyarrow.csv as pacsv
began, cpu = time.perf_counter(), cpu_s()
with open(sys.argv[1], encoding="utf-8") as lines:
    names = [next(lines) for _ in range(7)][-1].strip().split(",")
t = pacsv.read_csv(sys.argv[1], read_options=pacsv.ReadOptions(skip_rows=6),
    convert_options=pacsv.ConvertOptions(column_types={n: pa.string() for n in names},
                                         strings_can_be_null=False))
paid = pc.cast(pc.if_else(pc.equal(t["Paid In"], ""), "0", t["Paid In"]), pa.decimal128(18, 2))
pc.cast(pc.multiply(paid, pa.scalar(100, pa.decimal128(3, 0))), pa.int64()).to_numpy()
pc.strptime(t["Completion Time"], format="%d-%m-%Y %H:%M:%S", unit="s")
pc.replace_substring_regex(pc.utf8_upper(t["A/C No."]), r"[\\s\\-/._#:]", "")
told(began, cpu)
"""
_READING = """
from pathlib import Path
from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import read_member
layouts = load_layouts()
began, cpu = time.perf_counter(), cpu_s()
reading = read_member(Path(sys.argv[1]).read_bytes(), sys.argv[1], layouts)
told(began, cpu)
assert reading.outcome == "read", reading.issues[:3]
"""
_CALAMINE = """
import io
from pathlib import Path
from python_calamine import CalamineWorkbook
began, cpu = time.perf_counter(), cpu_s()
book = CalamineWorkbook.from_filelike(io.BytesIO(Path(sys.argv[1]).read_bytes()))
book.get_sheet_by_index(0).to_python(skip_empty_area=False)
told(began, cpu)
"""


@dataclass(frozen=True)
class Spent:
    """What a program took in a process of its own, its children included."""

    wall_s: float
    cpu_s: float
    peak_mb: int


def measured(program: str, path: Path) -> Spent:
    """Run a program over a file."""
    command = [sys.executable, "-c", _CLOCKS + program, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, cpu, peak = done.stdout.split()
    return Spent(float(wall), float(cpu), int(peak))


def compared(floor: str, path: Path, rounds: int) -> dict[str, float]:
    """Medians of a floor and the product over one file, and of their ratios."""
    pairs = [(measured(floor, path), measured(_READING, path)) for _ in range(rounds)]
    return {
        "floor_cpu_s": round(statistics.median(low.cpu_s for low, _ in pairs), 2),
        "reading_cpu_s": round(statistics.median(own.cpu_s for _, own in pairs), 2),
        "cpu_ratio": round(statistics.median(own.cpu_s / low.cpu_s for low, own in pairs), 2),
        "wall_ratio": round(statistics.median(own.wall_s / low.wall_s for low, own in pairs), 2),
        "peak_mb": max(own.peak_mb for _, own in pairs),
    }


def inspected(path: Path, rounds: int) -> float:
    """Median seconds of `mmrecon inspect`, start included."""
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        command = [sys.executable, "-m", "mmrecon", "inspect", str(path)]
        subprocess.run(command, capture_output=True, check=False, cwd=path.parent)
        spent.append(time.perf_counter() - began)
    return round(statistics.median(spent), 2)


def workbook(source: Path, target: Path, rows: int) -> None:
    """The header and first rows of a CSV as `.xlsx`, all cells text, as the portal writes them."""
    with (
        source.open(encoding="utf-8", newline="") as lines,
        xlsxwriter.Workbook(target, {"constant_memory": True}) as book,
    ):
        page = book.add_worksheet()
        for at, record in enumerate(islice(csv.reader(lines), 6, rows + 7)):
            for place, cell in enumerate(record):
                page.write_string(at, place, cell)


def main() -> None:
    """Measure and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    source = chosen.folder / "statement.csv"
    with tempfile.TemporaryDirectory() as place:
        small, book = Path(place) / "small.csv", Path(place) / "book.xlsx"
        with source.open(encoding="utf-8") as lines:
            small.write_text("".join(islice(lines, 1_007)), encoding="utf-8")
        workbook(source, book, 100_000)
        found = {
            "csv": compared(_FLOOR, source, chosen.rounds),
            "xlsx": compared(_CALAMINE, book, chosen.rounds),
            "inspect_1000_lines_s": inspected(small, chosen.rounds),
        }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
