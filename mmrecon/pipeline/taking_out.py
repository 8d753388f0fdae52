"""A file that two people withdrew leaves the store, with everything that rested on it alone.

The bytes stay in the archive. Other files that show its lines are read once more in the same
transaction, so that what stays says only what they say; a file that does not read as it did stops
it. Killed anywhere, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection

from mmrecon.errors import UsageError
from mmrecon.fetch import archive
from mmrecon.fetch.unpacking import members
from mmrecon.model.clock import local_date
from mmrecon.model.issue import Issue
from mmrecon.model.keys import canonical_json, sha256_text
from mmrecon.model.line import LineClass
from mmrecon.model.posting import PostingState
from mmrecon.model.withdrawal import (
    Blocking,
    WalletPart,
    Withdrawal,
    parts_of,
    withdrawn_files,
)
from mmrecon.pipeline.inspecting import statement_passwords
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.statement_rows import read_entry
from mmrecon.pipeline.storing import store_one
from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member
from mmrecon.store import journal, rests_on_lines
from mmrecon.store import withdrawals as store
from mmrecon.store.batches import StoredBatch
from mmrecon.store.database import reading
from mmrecon.store.files import StoredFile
from mmrecon.store.line_sources import line_sources
from mmrecon.store.lock import run_lock
from mmrecon.store.proofs import wallet_ids
from mmrecon.store.statements import insert_issues, mark
from mmrecon.store.withdrawals import Facts, Other, Shared, StandingFile

CHANGED: Final = "withdrawn_file_had_other_facts"
"""What is told of a line on which money rests, and which the files that are left tell otherwise."""


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What another file that shows lines of a withdrawn one says now."""

    other: Other
    reading: Reading


def plan(connection: Connection, file: StandingFile, seen: Shared) -> Withdrawal:
    """What withdrawing the file would do, as the store stands."""
    leaving = seen.leaving
    sources = sorted(line_sources(connection, sorted(leaving)).values())
    postings = rests_on_lines.live_postings(connection, leaving)
    unsent = [one for one in postings if one.state == PostingState.APPROVED]
    standing = [one for one in postings if one.state != PostingState.APPROVED]
    return Withdrawal(
        sha256=file.sha256,
        file=file.name,
        wallets=tuple(_parts(connection, file, seen)),
        lines_digest=sha256_text(canonical_json(sources)),
        postings=tuple((one.batch_id, one.batch_row) for one in unsent),
        links=tuple(
            (one.batch_id, one.batch_row) for one in rests_on_lines.live_links(connection, leaving)
        ),
        read_again=tuple((one.sha256, one.delivered_name) for one in seen.others),
        blocking=tuple(Blocking(one.receipt, one.state) for one in standing),
        waiting=tuple(rests_on_lines.waiting_batches(connection, leaving)),
        workbook_rows=rests_on_lines.rows_shown(connection, leaving),
    )


@contextmanager
def others_read_again(run: Run, stored: StoredBatch) -> Iterator[dict[str, list[ReadAgain]]]:
    """While a withdrawal is approved, no run imports or posts; the other files were just read.

    By the hash of the withdrawn file; empty for any other batch.

    Raises:
        LockHeld: a run holds the lock.
        UsageError: the file counts no longer.
    """
    rows = withdrawn_files(stored.batch.rows)
    if not rows:
        yield {}
        return
    with run_lock(run.state_folder, command="approve", since_utc=run.at_utc()):
        with reading(run.engine) as connection:
            others = {
                str(row["sha256"]): store.shared(connection, _standing(connection, row)).others
                for row in rows
            }
        yield {sha256: _read(run, found) for sha256, found in others.items()}


def take_out(
    connection: Connection,
    run: Run,
    stored: StoredBatch,
    accepted: Sequence[int],
    read_again: dict[str, list[ReadAgain]],
) -> None:
    """The files of the accepted rows leave, inside the transaction that keeps the signature.

    Raises:
        UsageError: it is not what was signed any more, or another file reads differently now.
    """
    for number in accepted:  # one: a person named the file
        row = stored.batch.rows[number - 1]
        file = _standing(connection, row)
        seen = store.shared(connection, file)
        found = plan(connection, file, seen)
        if not found.possible or found.row(str(row["reason"])) != row:
            raise _changed(stored.batch.batch_id)
        _take_out(connection, run, stored.batch.batch_id, file, seen, read_again[file.sha256])
        _forget_proofs(connection, row)


def _take_out(
    connection: Connection,
    run: Run,
    batch_id: str,
    file: StandingFile,
    seen: Shared,
    read_again: Sequence[ReadAgain],
) -> None:
    if [one.other for one in read_again] != list(seen.others):
        raise _changed(batch_id)
    at_utc, run_id = run.at_utc(), run.run_id
    before = store.facts_of_occupied(connection, seen.staying)
    store.end_readings(connection, file, at_utc=at_utc)
    store.take_lines_out(connection, seen.leaving | seen.staying)
    entries = []
    for one in read_again:
        arrived = _stored_file(one.other)
        again = store_one(connection, run, arrived, one.other.member, one.reading)
        entries.append(read_entry(arrived, again.statement_id, again.reading, again.new_lines))
    if store.missing(connection, seen.staying):
        raise UsageError(
            "another file that shows the same lines does not read as it did: "
            + ", ".join(sorted({one.other.delivered_name for one in read_again})),
            hint="Read each once more with `mmrecon import --again FILE`, then prepare this anew.",
            code="withdrawal_reads_differently",
        )
    _tell_changed(connection, run, file, before)
    rests_on_lines.end_what_rests(connection, seen.leaving, at_utc=at_utc, run_id=run_id)
    told = {"sha256": file.sha256, "batch_id": batch_id, "lines": len(seen.leaving)}
    entries.append(journal.Entry("file_withdrawn", told))
    journal.append(connection, entries, at_utc=at_utc, run_id=run_id)


def _tell_changed(
    connection: Connection, run: Run, file: StandingFile, before: Mapping[int, Facts]
) -> None:
    """Lines with money on them of which the other files say something else go to a person."""
    now = store.facts_of_occupied(connection, before)
    changed = [line_id for line_id, facts in before.items() if now.get(line_id) != facts]
    mark(connection, changed, "conflict")
    told = [
        (Issue(CHANGED, file.name, receipt=before[line_id].receipt), None, line_id)
        for line_id in changed
    ]
    insert_issues(connection, told, run_id=run.run_id, at_utc=run.at_utc())


def _forget_proofs(connection: Connection, row: Any) -> None:
    known = wallet_ids(connection)
    for part in parts_of(row):
        store.drop_proofs(connection, known[part.wallet], part.first_day, part.last_day)


def _read(run: Run, others: Sequence[Other]) -> list[ReadAgain]:
    """The same members of the same files, in the order they were read."""
    settings = run.settings
    layouts = load_layouts(settings.formats_folder)
    passwords = statement_passwords(settings.reading)
    done = []
    for other in others:  # few: files of the same days
        content = archive.get(run.state_folder, other.sha256)
        found, _ = members(content, other.first_name, settings.reading, passwords)
        for member in found:
            inner = member.name.removeprefix(other.first_name).lstrip("/")
            if inner == other.member:
                read = read_member(
                    member.content, other.delivered_name, layouts, settings.wallets,
                    other.wallet_name, settings.reading, passwords,
                )  # fmt: skip
                done.append(ReadAgain(other, read))
    return done


def _stored_file(other: Other) -> StoredFile:
    return StoredFile(
        other.file_id, other.sha256, other.size_bytes, other.archived_as, other.first_name,
        other.first_seen_at_utc, other.delivered_name, other.wallet_name, is_new=False,
    )  # fmt: skip


def _standing(connection: Connection, row: Any) -> StandingFile:
    found = store.standing_files(connection, str(row["sha256"]), str(row["sha256"]))
    if len(found) != 1:
        raise UsageError(
            f"the file {row['file']} counts no longer",
            hint="Reject the batch; `mmrecon status` shows what was read.",
            code="not_standing",
        )
    return found[0]


def _parts(connection: Connection, file: StandingFile, seen: Shared) -> Iterator[WalletPart]:
    lines = store.lines_by_wallet(connection, seen.shown)
    lines["leaves"] = lines["line_id"].isin(seen.leaving)
    days: dict[int, set[str]] = {}
    wallets = {}
    for one in store.periods(connection, file):
        wallets[one.wallet_id] = one
        ends = (one.period_from_utc_s, one.period_to_utc_s)
        days.setdefault(one.wallet_id, set()).update(
            str(local_date(datetime.fromtimestamp(at, UTC), one.zone))
            for at in ends
            if at is not None
        )
    for wallet_id, wallet in wallets.items():
        mine = lines[lines["wallet_id"] == wallet_id]
        covered = days[wallet_id] | set(mine["value_date"])
        left = mine[mine["leaves"]]
        moved = left[left["line_class"] != LineClass.NON_FINAL.value]
        yield WalletPart(
            wallet=(wallet.provider, wallet.account),
            name=wallet.name,
            currency=wallet.currency,
            lines=len(left),
            in_minor=int(moved["amount_minor"][moved["sign"] > 0].sum()),
            out_minor=int(moved["amount_minor"][moved["sign"] < 0].sum()),
            stay=len(mine) - len(left),
            first_day=min(covered, default=""),
            last_day=max(covered, default=""),
        )


def _changed(batch_id: str) -> UsageError:
    return UsageError(
        f"what batch {batch_id} would take out has changed since it was prepared",
        hint="Reject it (--reject-batch --reason TEXT), and prepare it anew: "
        "`mmrecon import --withdraw HASH` shows what stands now.",
        code="withdrawal_changed",
    )
