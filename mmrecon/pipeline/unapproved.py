"""What says that the present configuration is not the one two people signed."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.model.approval import BatchKind, BatchState, CanonicalRow
from mmrecon.model.issue import Issue
from mmrecon.pipeline.configuration import (
    approved_configurations,
    configuration_row,
    differences,
)
from mmrecon.pipeline.people import load_roster
from mmrecon.pipeline.run import Run
from mmrecon.store import batches
from mmrecon.store.database import reading

_SHOWN: Final = 5


def unapproved_configuration(run: Run) -> list[Issue]:
    """One issue when the present configuration is not approved, with the command that does it.

    Nothing while nobody can sign: everything up to the workbook works with a bare configuration.
    """
    try:
        with reading(run.engine) as connection:
            return _found(connection, run)
    except UsageError:
        return []
    except SafetyRefusal as refusal:
        return [Issue("configuration_unverifiable", arguments={"why": str(refusal)})]


def configuration_waits(connection: Connection, present: CanonicalRow) -> str:
    """The id of the batch with exactly this configuration that waits for its approval, or ""."""
    kinds, states = [BatchKind.CONFIGURATION], [BatchState.PREPARED]
    for batch_id in batches.batch_ids(connection, kinds, states):
        if batches.load(connection, batch_id).batch.rows[0] == present:
            return batch_id
    return ""


def _found(connection: Connection, run: Run) -> list[Issue]:
    history = approved_configurations(connection, load_roster(connection, run.founders_path))
    present = configuration_row(run.settings)
    if history and history[-1].row == present:
        return []
    batch_id = configuration_waits(connection, present)
    if batch_id:
        return [Issue("configuration_waits", arguments={"batch_id": batch_id})]
    if not history:
        return [Issue("configuration_unsigned")]
    changes = differences(history[-1].row, present)
    paths = ", ".join(found.path for found in changes[:_SHOWN]) or "the site's own layouts"
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return [Issue("configuration_differs", arguments={"paths": paths + more})]
