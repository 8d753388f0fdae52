"""The journal's head and the anchor beside the state folder: a store put back is noticed."""

from __future__ import annotations

from mmrecon.errors import SafetyRefusal
from mmrecon.pipeline.run import Run
from mmrecon.store import journal
from mmrecon.store.anchor import Head, contains, read_anchor, write_anchor
from mmrecon.store.database import reading, transaction
from mmrecon.store.instances import How, begin


def notice_lost_entries(run: Run) -> bool:
    """Whether the journal lacks the entry that was noted last; then nothing is sent unread.

    Called before anything is written.

    Raises:
        SafetyRefusal: the anchor cannot be understood.
    """
    noted = read_anchor(run.state_folder)
    if noted is None:
        return False
    with reading(run.engine) as connection:
        if contains(connection, noted):
            return False
    read_before_sending(run, noted)
    return True


def read_before_sending(run: Run, noted: Head) -> None:
    """This journal lacks an entry that somebody knows: Fineract is read before anything is sent."""
    payload = {"sequence": noted.sequence, "hash": noted.hash}
    at_utc = run.at_utc()
    with transaction(run.engine) as connection:
        begin(connection, How.BEHIND, at_utc=at_utc, run_id=run.run_id)
        entry = journal.Entry("journal_behind", payload)
        journal.append(connection, [entry], at_utc=at_utc, run_id=run.run_id)
        head = Head(*journal.head(connection))
    write_anchor(run.state_folder, head)


def advance_anchor(run: Run) -> None:
    """Note the present head, if the journal goes on from the one that was noted.

    Where it does not, or the anchor cannot be understood, a run that holds the lock says so.
    A folder that this user may not write to keeps no anchor; `doctor` tells.
    """
    try:
        noted = read_anchor(run.state_folder)
    except SafetyRefusal:
        return
    with reading(run.engine) as connection:
        head = Head(*journal.head(connection))
        goes_on = noted is None or contains(connection, noted)
    if goes_on and head.sequence and head != noted:
        write_anchor(run.state_folder, head)
