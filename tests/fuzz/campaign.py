"""One mutated file after another, and what must hold of each whatever was done to it."""

from __future__ import annotations

import random
import resource
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field

from mmrecon.config import ReadingLimits
from mmrecon.fetch.unpacking import members
from mmrecon.model.catalogue import by_code, next_step_of, sentence_of, severity_of
from mmrecon.model.issue import Issue, Severity
from mmrecon.model.line import LineClass
from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member
from tests.fuzz import containers
from tests.fuzz.mutations import MUTATIONS, bent_bytes
from tests.fuzz.specimen import Row, Specimen, facts_by_row, specimens

SLOWEST_S = 60.0


class BrokenPromiseError(AssertionError):
    """Something that must hold of every file did not."""


@dataclass
class Tally:
    """What became of the files of a campaign."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0

    def line(self, seed: int, files: int) -> str:
        """The one line of a campaign."""
        words = " ".join(f"{word}={count}" for word, count in sorted(self.outcomes.items()))
        return (
            f"fuzz seed={seed} files={files} {words} codes={len(self.codes)} "
            f"failures={len(self.failures)} seconds={self.seconds:.0f} peak_mb={peak_mb()}"
        )


@dataclass(frozen=True)
class Case:
    """A mutated file; `specimen` follows its rows, None where bytes were bent."""

    name: str
    content: bytes
    specimen: Specimen | None
    steps: tuple[str, ...]


def peak_mb() -> int:
    """The most memory this process and any child ever had."""
    most = [
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return max(most) // 1024


def case(seed: int, number: int, *, workbooks: float) -> Case:
    """The same file for the same numbers, always."""
    rng = random.Random(f"{seed}/{number}")
    specimen = rng.choice(specimens()).copy()
    content, followed = specimen.content, False
    if specimen.rows is not None and rng.random() < 0.85:
        for mutation in rng.choices(MUTATIONS, k=rng.choice([0, 1, 1, 1, 2, 2, 3, 5])):
            mutation(specimen, specimen.rows, rng)
            specimen.steps.append(mutation.__name__)
        kinds = containers.WORKBOOKS if rng.random() < workbooks else containers.TEXTS
        write = rng.choice(kinds)
        content = write([row.cells for row in specimen.rows], rng)
        specimen.steps.append(write.__name__)
        followed = True
    elif content[:2] in (b"PK", b"\xd0\xcf") and rng.random() > workbooks * 4:
        content = rng.choice(
            [b"", b" \r\n", b"%PDF-1.7", b"<html>", rng.randbytes(300), content[:9]]
        )
        specimen.steps.append("nothing")
    if not followed or rng.random() < 0.25:
        content, followed = bent_bytes(content, rng), False
        specimen.steps.append("bent_bytes")
    content = _packed(specimen, content, rng)
    return Case(specimen.name, content, specimen if followed else None, tuple(specimen.steps))


def _packed(specimen: Specimen, content: bytes, rng: random.Random) -> bytes:
    dice = rng.random()
    if dice < 0.80:
        return content
    specimen.steps.append("packed")
    if dice < 0.87:
        return containers.gzipped(content, rng)
    if dice < 0.95:
        return containers.zipped(content, rng)
    if dice < 0.97:
        return containers.zipped(content, rng, locked=True)
    return bent_bytes(containers.zipped(content, rng), rng)


def run(seed: int, files: int, *, workbooks: float = 0.04, first: int = 0) -> Tally:
    """Play a campaign; a failure is told with the number that plays it again."""
    tally = Tally()
    began = time.monotonic()
    for number in range(first, first + files):
        made = case(seed, number, workbooks=workbooks)
        try:
            for reading in _readings(made):
                check(made, reading)
                tally.outcomes[reading.outcome] += 1
                tally.codes.update(issue.code for issue in reading.issues)
        except Exception:  # noqa: BLE001
            told = traceback.format_exc(limit=-4)
            tally.failures.append((number, f"{made.name} {made.steps}\n{told}"))
    tally.seconds = time.monotonic() - began
    return tally


def _readings(made: Case) -> list[Reading]:
    began = time.monotonic()
    limits, passwords = ReadingLimits(), (containers.PASSWORD,)
    found, issues = members(made.content, "f.csv", limits, passwords)
    for issue in issues:
        _check_issue(issue)
    if not found and not issues:
        raise BrokenPromiseError("a file came to nothing without a word")
    readings = [
        read_member(one.content, one.name, load_layouts(), limits=limits, passwords=passwords)
        for one in found
    ]
    if time.monotonic() - began > SLOWEST_S:
        raise BrokenPromiseError("it took too long")
    return readings


def check(made: Case, reading: Reading) -> None:
    """Whatever was done: words from the catalogue, and every row and amount accounted for."""
    for issue in reading.issues:
        _check_issue(issue)
    if reading.outcome in ("quarantined", "refused"):
        if reading.reason not in by_code() or not reading.issues or len(reading.lines):
            raise BrokenPromiseError(f"{reading.outcome} for {reading.reason or 'no reason'}")
        return
    _check_counts(reading)
    _check_money(reading)
    if made.specimen is not None:
        _check_rows(made.specimen, reading)


def _check_issue(issue: Issue) -> None:
    if not sentence_of(issue):
        raise BrokenPromiseError(f"{issue.code} has no words")
    if severity_of(issue) is Severity.ATTENTION and not next_step_of(issue):
        raise BrokenPromiseError(f"{issue.code} has no next step")


def _check_counts(reading: Reading) -> None:
    if reading.lines["row"].nunique() + len(reading.refused) != reading.data_rows:
        raise BrokenPromiseError("rows are not lines and refused rows")
    if set(reading.lines["row"]) & set(reading.refused["row"]):
        raise BrokenPromiseError("a row is a line and refused")
    if len(reading.refused) and reading.outcome != "partial":
        raise BrokenPromiseError("refused rows, and no word about it")


def _check_money(reading: Reading) -> None:
    final = reading.lines.loc[reading.lines["line_class"] != LineClass.NON_FINAL.value]
    moved = int((final["sign"] * final["amount_minor"]).sum())
    refused = reading.refused[["in_minor", "out_minor"]].fillna(0).sum()
    told = reading.in_minor - reading.out_minor - reading.fees_minor
    if moved + int(refused["in_minor"]) - int(refused["out_minor"]) < told - _loose(reading):
        raise BrokenPromiseError("money of the file is in no line and no refused row")


def _loose(reading: Reading) -> int:
    """Money of refused rows whose status is not final counts in no total of the file."""
    return int(reading.refused[["in_minor", "out_minor"]].fillna(0).sum().sum())


def _is_preamble(specimen: Specimen, rows: list[Row], above: int) -> bool:
    """Whether a repeated header was taken, and no row of the sample stands above it."""
    if not 0 < above < len(rows) or rows[above].origin is not None:
        return False
    return not any(specimen.facts.get(row.origin or 0) for row in rows[:above])


def _check_rows(specimen: Specimen, reading: Reading) -> None:
    """Rows that nobody touched say what they said, or are refused; and none is missing."""
    rows = specimen.rows or []
    below = len(rows) - specimen.header_at - 1
    above = below - reading.data_rows - sum(reading.skipped.values())
    if above and not _is_preamble(specimen, rows[specimen.header_at :], above):
        raise BrokenPromiseError(
            f"{below} records, {reading.data_rows} rows and {dict(reading.skipped)} skipped"
        )
    now, refused = facts_by_row(reading), set(reading.refused["row"])
    for number, row in enumerate(rows, 1):
        before = specimen.facts.get(row.origin or 0)
        if row.touched or not before or number in refused:
            continue
        after = now.get(number, [])
        told = 4 if specimen.dates_touched else 5
        if [fact[:told] for fact in before] != [fact[:told] for fact in after]:
            raise BrokenPromiseError(f"row {number} was {before} and is {after}")
