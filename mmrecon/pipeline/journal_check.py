"""`journal verify`: the chain, a printed head, and does the store hold what the journal says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import BatchKind, BatchState
from mmrecon.pipeline.heads import read_before_sending
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.store import batches, journal
from mmrecon.store.anchor import Head, contains
from mmrecon.store.database import reading
from mmrecon.store.instances import current
from mmrecon.store.journal_check import differences

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Checked:
    """A journal that holds, and who the store is; `must_read`: Fineract is read before sending."""

    head: Head
    instance_id: str
    must_read: bool


def check_journal(run: Run, printed: Head | None = None) -> Checked:
    """Walk the chain, look for a printed head, compare with every batch, signature and posting.

    Raises:
        SafetyRefusal: the chain is broken, the head is not in it, or store and journal differ.
    """
    with journalled(run):
        with reading(run.engine) as connection:
            head = Head(*journal.verify(connection))
            own_end = journal.end_before(connection, "journal_behind")
            found = list(_differences(connection))
            instance = current(connection)
            lacks_printed = printed is not None and not contains(connection, printed)
        if lacks_printed and printed is not None:
            read_before_sending(run, printed)
            raise _behind(printed, head, own_end)
        if found:
            raise _differ(found)
    instance_id = "" if instance is None else instance.instance_id
    return Checked(head, instance_id, instance is not None and instance.must_read)


def _differences(connection: Connection) -> Iterator[str]:
    yield from differences(connection)
    for batch_id in batches.batch_ids(connection, BatchKind, BatchState):
        try:
            batches.load(connection, batch_id)
        except SafetyRefusal as refusal:
            yield str(refusal)


def _behind(printed: Head, head: Head, own_end: int) -> SafetyRefusal:
    """`own_end`: where the journal ended before it noticed by itself that it is an older one."""
    newer = printed.sequence > own_end
    return SafetyRefusal(
        f"the journal does not contain entry {printed.printed()}; its head is {head.printed()}",
        hint=(
            "An older database was put back. The next `mmrecon post` reads Fineract first."
            if newer
            else "This is another journal, or its past was rewritten. Post nothing; compare with "
            "the backups."
        ),
        code="journal_behind" if newer else "journal_other",
    )


def _differ(found: Sequence[str]) -> SafetyRefusal:
    listed = "".join(f"\n  {words}" for words in found[:_SHOWN])
    more = f"\n  and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return SafetyRefusal(
        f"the store does not hold what its journal says:{listed}{more}",
        hint="Somebody changed the database. Post nothing; restore the last backup.",
        code="journal_differs",
    )
