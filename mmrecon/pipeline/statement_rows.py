"""What the store and the journal keep of one reading of a file."""

from __future__ import annotations

from typing import Any

from mmrecon.model.keys import canonical_json
from mmrecon.model.line import Proof
from mmrecon.pipeline.run import Run
from mmrecon.statements.reading import Reading
from mmrecon.store import journal
from mmrecon.store.files import StoredFile


def proof_json(proof: Proof | None) -> str:
    """A proof's checks as canonical JSON."""
    return canonical_json([] if proof is None else [list(check) for check in proof.checks])


def statement_values(run: Run, file: StoredFile, member: str, reading: Reading) -> dict[str, Any]:
    """Its columns in the store, but whose it is and how many of its rows are new."""
    header = reading.header
    values: dict[str, Any] = {
        name: None if header is None else getattr(header, name)
        for name in (
            "period_from_utc_s", "period_to_utc_s", "reported_at_utc_s", "opening_minor",
            "closing_minor", "total_in_minor", "total_out_minor",
        )
    }  # fmt: skip
    arguments = next(
        (dict(issue.arguments) for issue in reading.issues if issue.code == reading.reason), {}
    )
    return values | {
        "file_id": file.file_id,
        "member": member,
        "delivered_name": reading.name,
        "outcome": reading.outcome,
        "reason_code": reading.reason,
        "reason_json": canonical_json(arguments),
        "layout": "" if header is None else header.layout,
        "sub_account": "" if header is None else header.sub_account,
        "data_rows": reading.data_rows,
        "refused_rows": len(reading.refused),
        "skipped_rows": sum(reading.skipped.values()),
        "skipped_json": canonical_json(dict(reading.skipped)),
        "in_minor": reading.in_minor,
        "out_minor": reading.out_minor,
        "fees_minor": reading.fees_minor,
        "classes_json": canonical_json(reading.classes()),
        "proof": "" if reading.proof is None else reading.proof.state.value,
        "proof_json": proof_json(reading.proof),
        "read_at_utc": run.at_utc(),
        "run_id": run.run_id,
        "complete": True,
        "current": True,
    }


def read_entry(
    file: StoredFile, statement_id: int, reading: Reading, new_lines: int
) -> journal.Entry:
    """What the journal says of it; no personal data."""
    payload = {
        "sha256": file.sha256,
        "statement_id": statement_id,
        "layout": "" if reading.header is None else reading.header.layout,
        "outcome": reading.outcome,
        "reason": reading.reason,
        "rows": reading.data_rows,
        "new_lines": new_lines,
        "refused_rows": len(reading.refused),
        "in_minor": reading.in_minor,
        "out_minor": reading.out_minor,
        "proof": "" if reading.proof is None else reading.proof.state.value,
    }
    return journal.Entry("statement_read", payload)
