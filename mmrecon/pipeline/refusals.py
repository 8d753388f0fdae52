"""A refusal for safety is written into the journal before anybody is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mmrecon.errors import SafetyRefusal
from mmrecon.pipeline.run import Run
from mmrecon.store import journal
from mmrecon.store.database import transaction


@contextmanager
def journalled(run: Run, person: str = "mmrecon") -> Iterator[None]:
    """Whatever is refused for safety inside is in the journal afterwards; the refusal goes on."""
    try:
        yield
    except SafetyRefusal as refusal:
        payload = {"code": refusal.code, "message": str(refusal)}
        entry = journal.Entry("refused", payload, person)
        with transaction(run.engine) as connection:
            journal.append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)
        raise
