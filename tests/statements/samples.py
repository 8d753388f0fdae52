"""`sample_statements/`: each file has beside it what mmrecon must make of it.

After a wanted change: `python -m tests.statements.samples` rewrites every expected output (read the
difference before you commit it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmrecon.cli.statement_view import statement_json
from mmrecon.config import ReadingLimits
from mmrecon.fetch.unpacking import members
from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member

FOLDER = Path(__file__).parents[2] / "sample_statements"


def samples() -> Iterator[Path]:
    """Every sample file."""
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and not path.name.endswith((".expected.json", ".md")):
            yield path


def expected_path(sample: Path) -> Path:
    """Where a sample's expected output lies: `<case>.expected.json`, whatever the container."""
    return sample.with_name(f"{sample.name.split('.')[0]}.expected.json")


def reading_of(sample: Path) -> Reading:
    """A sample, unpacked where it is packed, as `inspect` reads it without a configuration."""
    [member], _ = members(sample.read_bytes(), sample.name, ReadingLimits())
    return read_member(member.content, member.name, load_layouts())


def made_of(sample: Path) -> dict[str, Any]:
    """What mmrecon makes of a sample; cases in several containers must give the same."""
    reading = reading_of(sample)
    lines = reading.lines.drop(columns=["cells_digest", "sheet"])
    proof = [] if reading.proof is None else [list(check) for check in reading.proof.checks]
    entry = statement_json("", reading)
    for issue in entry["issues"]:
        issue["file"] = ""
        issue["sentence"] = issue["sentence"].removeprefix(f"{sample.name}: ")
    return {
        "statement": entry,
        "skipped": dict(reading.skipped),
        "checks": proof,
        "lines": json.loads(lines.to_json(orient="records")),
        "refused": json.loads(reading.refused.drop(columns="sheet").to_json(orient="records")),
    }


def as_text(made: dict[str, Any]) -> str:
    """An expected output as it is kept."""
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for sample in samples():
        expected_path(sample).write_text(as_text(made_of(sample)), encoding="utf-8")
