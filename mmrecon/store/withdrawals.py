"""Files that are taken out again: which lines leave, what rests on them, and that they left.

A line that no file shows any more lies in `withdrawn_line`, under its id: nothing that counts lines
sees it, and a file that shows it again brings it back (`pipeline/storing.py`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from sqlalchemy import (
    Connection,
    Row,
    Select,
    delete,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from mmrecon.model.approval import BatchKind
from mmrecon.model.issue import Issue
from mmrecon.model.posting import DEAD_STATES
from mmrecon.model.withdrawal import WITHDRAW_FILE
from mmrecon.store import statements
from mmrecon.store.bulk import chunks
from mmrecon.store.rests_on_lines import rows_of_lines
from mmrecon.store.schema import (
    BATCH,
    BATCH_ROW,
    FILE,
    ISSUE,
    LINE,
    LINK,
    POSTING,
    PROOF_DAY,
    SIGHTING,
    STATEMENT,
    WALLET,
    WITHDRAWN_LINE,
)

ADJACENT_S: Final = 60
"""Two periods so near to each other share a balance."""

_ASIDE: Final = ("quarantined", "refused")
_COUNTS: Final = STATEMENT.c.complete.is_(True) & STATEMENT.c.current.is_(True)


@dataclass(frozen=True, slots=True)
class StandingFile:
    """A file of which a reading counts; `statement_ids` are those of its members."""

    file_id: int
    sha256: str
    name: str
    statement_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Other:
    """A reading of another file that shows lines of a withdrawn one, or borders on it."""

    statement_id: int
    file_id: int
    sha256: str
    size_bytes: int
    archived_as: str
    first_name: str
    first_seen_at_utc: str
    delivered_name: str
    member: str
    wallet_name: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a posting of a line goes by, apart from what makes it that line."""

    receipt: str
    line_class: str
    reference: str
    party_phone: str
    party_name: str
    value_date: str


@dataclass(frozen=True, slots=True)
class Shared:
    """Lines (ids) that the file shows, and those that share a receipt with them.

    `leaving` are shown by no other file; `staying` are; `others` show these, oldest first.
    """

    shown: frozenset[int]
    leaving: frozenset[int]
    staying: frozenset[int]
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The batch by which two people withdrew a file, and why."""

    batch_id: str
    reason: str


def withdrawn_by(connection: Connection) -> dict[str, Withdrawn]:
    """By the hash of each file that was ever withdrawn, the newest such batch; few by nature."""
    query = (
        select(BATCH_ROW.c.batch_id, BATCH_ROW.c.row_json)
        .join(BATCH, BATCH.c.batch_id == BATCH_ROW.c.batch_id)
        .where(BATCH.c.kind == BatchKind.CORRECTIONS.value, BATCH.c.state == "approved")
        .order_by(BATCH.c.decided_at_utc)
    )
    rows = [(row.batch_id, json.loads(row.row_json)) for row in connection.execute(query)]
    return {
        facts["sha256"]: Withdrawn(batch_id, facts["reason"])
        for batch_id, facts in rows
        if facts.get("act") == WITHDRAW_FILE
    }


def standing_files(connection: Connection, text: str, digits: str) -> list[StandingFile]:
    """Files that count, delivered under a name or with a hash that begins with these digits."""
    named = STATEMENT.c.delivered_name == text
    query = (
        select(FILE.c.file_id, FILE.c.sha256, FILE.c.first_name, STATEMENT.c.statement_id)
        .join(STATEMENT, STATEMENT.c.file_id == FILE.c.file_id)
        .where(_COUNTS, STATEMENT.c.outcome.not_in(_ASIDE))
        .where(
            or_(FILE.c.sha256.startswith(digits, autoescape=True), FILE.c.first_name == text, named)
        )
        .order_by(STATEMENT.c.statement_id)
    )
    found: dict[int, StandingFile] = {}
    for row in connection.execute(query):
        before = found.get(row.file_id)
        ids = (*(before.statement_ids if before else ()), row.statement_id)
        found[row.file_id] = StandingFile(row.file_id, row.sha256, row.first_name, ids)
    return list(found.values())


def shared(connection: Connection, file: StandingFile) -> Shared:
    """Which lines would leave with a file, and which other readings show the rest."""
    shows = select(SIGHTING.c.line_id).where(SIGHTING.c.statement_id.in_(file.statement_ids))
    shown = set(connection.execute(shows.distinct()).scalars())
    touched = set(shown)
    for query in _doubted(file):
        touched.update(row.line_id for row in connection.execute(query))
    elsewhere: dict[int, set[int]] = {}
    for line_id, statement_id in _seen(connection, touched, file.statement_ids):
        elsewhere.setdefault(line_id, set()).add(statement_id)
    ids = set().union(*elsewhere.values()) | set(_bordering(connection, file))
    leaving = frozenset(shown - elsewhere.keys())
    return Shared(frozenset(shown), leaving, frozenset(elsewhere), tuple(_others(connection, ids)))


def _doubted(file: StandingFile) -> Iterator[Select[tuple[int]]]:
    """Lines that the file may have cast doubt on: of its receipts, and contradicted in its time."""
    mine = STATEMENT.c.statement_id.in_(file.statement_ids)
    shows = select(SIGHTING.c.line_id).where(SIGHTING.c.statement_id.in_(file.statement_ids))
    receipts = select(LINE.c.receipt).where(LINE.c.line_id.in_(shows), LINE.c.receipt != "")
    owned = STATEMENT.c.wallet_id == WALLET.c.wallet_id
    providers = select(WALLET.c.provider).join(STATEMENT, owned).where(mine)
    yield (
        select(LINE.c.line_id)
        .join(WALLET, WALLET.c.wallet_id == LINE.c.wallet_id)
        .where(LINE.c.receipt.in_(receipts), WALLET.c.provider.in_(providers))
    )
    period = (STATEMENT.c.period_from_utc_s, STATEMENT.c.period_to_utc_s)
    yield (
        select(LINE.c.line_id)
        .join(STATEMENT, STATEMENT.c.wallet_id == LINE.c.wallet_id)
        .where(mine, LINE.c.conflict, LINE.c.completed_at_utc_s.between(*period))
    )


def _seen(
    connection: Connection, line_ids: Collection[int], but: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Lines and the readings that count and show them, but for these."""
    counts = _COUNTS & STATEMENT.c.statement_id.not_in(but)
    again = (
        select(SIGHTING.c.line_id, SIGHTING.c.statement_id)
        .join(STATEMENT, STATEMENT.c.statement_id == SIGHTING.c.statement_id)
        .where(counts, ~SIGHTING.c.is_first)
    )
    first = (
        select(LINE.c.line_id, LINE.c.first_statement_id)
        .join(STATEMENT, STATEMENT.c.statement_id == LINE.c.first_statement_id)
        .where(counts)
    )
    for chunk in chunks(sorted(line_ids)):
        for query, column in ((again, SIGHTING.c.line_id), (first, LINE.c.line_id)):
            for row in connection.execute(query.where(column.in_(chunk))):
                yield row[0], row[1]


def _bordering(connection: Connection, file: StandingFile) -> Iterator[int]:
    """Readings whose opening or closing was held against this file's."""
    mine, other = STATEMENT.alias("mine"), STATEMENT
    after = other.c.period_from_utc_s - mine.c.period_to_utc_s
    before = mine.c.period_from_utc_s - other.c.period_to_utc_s
    query = select(other.c.statement_id).where(
        _COUNTS,
        mine.c.statement_id.in_(file.statement_ids),
        other.c.statement_id.not_in(file.statement_ids),
        other.c.wallet_id == mine.c.wallet_id,
        other.c.sub_account == mine.c.sub_account,
        or_(after.between(0, ADJACENT_S), before.between(0, ADJACENT_S)),
    )
    yield from connection.execute(query).scalars()


def _others(connection: Connection, statement_ids: Collection[int]) -> Iterator[Other]:
    columns: list[Any] = [
        STATEMENT.c.statement_id, FILE.c.file_id, FILE.c.sha256, FILE.c.size_bytes,
        FILE.c.archived_as, FILE.c.first_name, FILE.c.first_seen_at_utc,
        STATEMENT.c.delivered_name, STATEMENT.c.member, WALLET.c.name,
    ]  # fmt: skip
    query = (
        select(*columns)
        .join(FILE, FILE.c.file_id == STATEMENT.c.file_id)
        .join(WALLET, WALLET.c.wallet_id == STATEMENT.c.wallet_id)
        .order_by(STATEMENT.c.statement_id)
    )
    for chunk in chunks(sorted(statement_ids)):
        rows = connection.execute(query.where(STATEMENT.c.statement_id.in_(chunk)))
        yield from (Other(*row) for row in rows)


def lines_by_wallet(connection: Connection, line_ids: Collection[int]) -> pd.DataFrame:
    """Lines as (line_id, wallet_id, line_class, sign, amount_minor, currency, value_date)."""
    names = [
        "line_id", "wallet_id", "line_class", "sign", "amount_minor", "currency", "value_date",
    ]  # fmt: skip
    query = select(*(LINE.c[name] for name in names))
    rows = [tuple(row) for row in rows_of_lines(connection, query, LINE.c.line_id, line_ids)]
    return pd.DataFrame(rows, columns=names)


def periods(connection: Connection, file: StandingFile) -> list[Row[Any]]:
    """Each reading's wallet (provider, account, name, currency, zone) and period, if it has one."""
    query = (
        select(WALLET, STATEMENT.c.period_from_utc_s, STATEMENT.c.period_to_utc_s)
        .join(WALLET, WALLET.c.wallet_id == STATEMENT.c.wallet_id)
        .where(STATEMENT.c.statement_id.in_(file.statement_ids))
        .order_by(STATEMENT.c.statement_id)
    )
    return list(connection.execute(query).all())


def withdrawn_lines(
    connection: Connection, provider: str, wallet_id: int, receipts: Sequence[str] | pd.Series
) -> pd.DataFrame:
    """Lines of a wallet with one of these receipts that no file shows now, as a LineFrame."""
    found = statements.lines_of_receipts(connection, provider, receipts, WITHDRAWN_LINE)
    return found.loc[found["wallet_id"] == wallet_id].reset_index(drop=True)


def facts_of_occupied(connection: Connection, line_ids: Collection[int]) -> dict[int, Facts]:
    """What was known of those of these lines on which a live posting or a link rests."""
    rests = [
        select(POSTING.c.line_id).where(POSTING.c.state.not_in([one.value for one in DEAD_STATES])),
        select(LINK.c.line_id).where(LINK.c.withdrawn.is_(False)),
    ]
    resting = or_(*(LINE.c.line_id.in_(query) for query in rests))
    query = select(LINE.c.line_id, *(LINE.c[name] for name in Facts.__dataclass_fields__))
    return {
        row[0]: Facts(*tuple(row)[1:])
        for row in rows_of_lines(connection, query.where(resting), LINE.c.line_id, line_ids)
    }


def take_lines_out(connection: Connection, line_ids: Collection[int]) -> None:
    """These lines lie among the withdrawn ones; each row that showed one is no first one now."""
    names = [column.name for column in LINE.c]
    for chunk in chunks(sorted(line_ids)):
        wanted = LINE.c.line_id.in_(chunk)
        first = select(LINE.c.first_statement_id, LINE.c.first_row, LINE.c.line_id).where(wanted)
        key = tuple_(SIGHTING.c.statement_id, SIGHTING.c.row, SIGHTING.c.line_id)
        connection.execute(update(SIGHTING).where(key.in_(first)).values(is_first=False))
        kept = select(*(LINE.c[name] for name in names)).where(wanted)
        connection.execute(insert(WITHDRAWN_LINE).from_select(names, kept))
        connection.execute(delete(LINE).where(wanted))


def forget(connection: Connection, line_ids: Collection[int]) -> None:
    """These lines are shown again; whoever calls this puts them back among the others."""
    for chunk in chunks(sorted(line_ids)):
        connection.execute(delete(WITHDRAWN_LINE).where(WITHDRAWN_LINE.c.line_id.in_(chunk)))


def end_readings(connection: Connection, file: StandingFile, *, at_utc: str) -> None:
    """Nothing of the file counts any more; what was told of it is closed."""
    mine = select(STATEMENT.c.statement_id).where(STATEMENT.c.file_id == file.file_id)
    connection.execute(
        update(ISSUE)
        .where(ISSUE.c.statement_id.in_(mine), ISSUE.c.closed_at_utc == "")
        .values(closed_at_utc=at_utc)
    )
    connection.execute(
        update(STATEMENT)
        .where(STATEMENT.c.file_id == file.file_id, STATEMENT.c.current.is_(True))
        .values(current=False, withdrawn_at_utc=at_utc)
    )


def missing(connection: Connection, line_ids: Collection[int]) -> list[int]:
    """Which of these lines are not among those that count."""
    rows = rows_of_lines(connection, select(LINE.c.line_id), LINE.c.line_id, line_ids)
    return sorted(set(line_ids) - {row.line_id for row in rows})


def told_in_run(connection: Connection, run_id: str, code: str) -> list[Issue]:
    """Issues of one code that a run told of lines."""
    query = (
        select(ISSUE.c.code, ISSUE.c.file, ISSUE.c.receipt)
        .where(ISSUE.c.run_id == run_id, ISSUE.c.code == code)
        .order_by(ISSUE.c.issue_id)
    )
    rows = connection.execute(query)
    return [Issue(row.code, row.file, receipt=row.receipt) for row in rows]


def drop_proofs(connection: Connection, wallet_id: int, first_day: str, last_day: str) -> None:
    """The proofs of these days say nothing any more; they are made anew."""
    days = PROOF_DAY.c.day.between(first_day, last_day)
    connection.execute(delete(PROOF_DAY).where(PROOF_DAY.c.wallet_id == wallet_id, days))
