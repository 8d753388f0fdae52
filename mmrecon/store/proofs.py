"""What the daily proof is made from, and the proofs that were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    insert,
    literal,
    or_,
    select,
)

from mmrecon.model.line import LineClass
from mmrecon.model.posting import DEAD_STATES, Command, Purpose
from mmrecon.model.proof import DayLineFrame, OccupancyFrame, StatementPeriod
from mmrecon.store.line_states import line_states
from mmrecon.store.schema import (
    LINE,
    LINK,
    POSTING,
    PROOF_DAY,
    REFUSED_ROW,
    SIGHTING,
    STATEMENT,
    WALLET,
)

_FEW = 500


@dataclass(frozen=True, slots=True)
class StoredProof:
    """The newest proof of a wallet, sub-account and day; `table_json` is what was shown."""

    wallet_id: int
    sub_account: str
    day: str
    light: str
    proof: str
    table_json: str
    at_utc: str


def wallet_ids(connection: Connection) -> dict[tuple[str, str], int]:
    """(provider, account) of every wallet the store knows, to its id."""
    query = select(WALLET.c.provider, WALLET.c.account, WALLET.c.wallet_id)
    return {(row.provider, row.account): row.wallet_id for row in connection.execute(query)}


def statement_periods(connection: Connection, wallet_id: int) -> list[StatementPeriod]:
    """Complete, current statements of a wallet, oldest period first.

    Where a layout prints no period, the first and the last line stand for it. A statement that
    was made before its period ended covers no more than was there.
    """
    lines = (
        select(
            SIGHTING.c.statement_id,
            func.min(SIGHTING.c.completed_at_utc_s).label("first_s"),
            func.max(SIGHTING.c.completed_at_utc_s).label("last_s"),
        )
        .join(STATEMENT, STATEMENT.c.statement_id == SIGHTING.c.statement_id)
        .where(STATEMENT.c.wallet_id == wallet_id, STATEMENT.c.period_from_utc_s.is_(None))
        .group_by(SIGHTING.c.statement_id)
        .subquery()
    )
    refused = (
        select(
            REFUSED_ROW.c.statement_id,
            _all_or_none(REFUSED_ROW.c.in_minor).label("in_minor"),
            _all_or_none(REFUSED_ROW.c.out_minor).label("out_minor"),
        )
        .group_by(REFUSED_ROW.c.statement_id)
        .subquery()
    )
    last_s = func.coalesce(STATEMENT.c.period_to_utc_s, lines.c.last_s)
    early = STATEMENT.c.reported_at_utc_s < last_s
    query = (
        select(
            STATEMENT.c.statement_id, STATEMENT.c.delivered_name, STATEMENT.c.sub_account,
            func.coalesce(STATEMENT.c.period_from_utc_s, lines.c.first_s).label("from_s"),
            case((early, STATEMENT.c.reported_at_utc_s), else_=last_s).label("to_s"),
            STATEMENT.c.opening_minor, STATEMENT.c.closing_minor, STATEMENT.c.proof,
            STATEMENT.c.refused_rows, refused.c.in_minor, refused.c.out_minor,
            STATEMENT.c.total_in_minor.is_not(None),
        )
        .outerjoin(lines, lines.c.statement_id == STATEMENT.c.statement_id)
        .outerjoin(refused, refused.c.statement_id == STATEMENT.c.statement_id)
        .where(
            STATEMENT.c.wallet_id == wallet_id,
            STATEMENT.c.complete.is_(True),
            STATEMENT.c.current.is_(True),
        )
        .order_by("from_s", STATEMENT.c.statement_id)
    )  # fmt: skip
    return [StatementPeriod(*row) for row in connection.execute(query)]


def _all_or_none(side: Column[int]) -> ColumnElement[Any]:
    """The sum of one side of refused rows, missing when a row shows money on neither."""
    neither = REFUSED_ROW.c.in_minor.is_(None) & REFUSED_ROW.c.out_minor.is_(None)
    silent = func.sum(case((neither, 1), else_=0))
    return case((silent == 0, func.coalesce(func.sum(side), 0)))


def day_lines(connection: Connection, wallet_id: int, first: str, last: str) -> pd.DataFrame:
    """Lines of a wallet with value dates from `first` to `last` (ISO), as a DayLineFrame."""
    names = [name for name in DayLineFrame.columns() if name not in {"state", "shadow"}]
    query = select(*(LINE.c[name] for name in names)).where(
        LINE.c.wallet_id == wallet_id, LINE.c.value_date >= first, LINE.c.value_date <= last
    )
    lines = _frame(connection, query, names)
    states = line_states(connection, lines["line_id"].tolist())
    shadowed = connection.execute(
        select(POSTING.c.line_id).where(
            POSTING.c.wallet_id == wallet_id,
            POSTING.c.shadow.is_(True),
            POSTING.c.state.not_in(DEAD_STATES),
        )
    )
    lines["shadow"] = lines["line_id"].isin(set(shadowed.scalars()))
    return DayLineFrame.build(lines.merge(states, on="line_id", how="left"))


def occupancies(connection: Connection, wallet_id: int, first: str, last: str) -> pd.DataFrame:
    """Live postings and links to transactions, by value date, as an OccupancyFrame."""
    names = OccupancyFrame.columns()
    frames = [
        _frame(connection, _posted(wallet_id, first, last), names),
        _frame(connection, _linked(wallet_id, first, last), names),
    ]
    return pd.concat([OccupancyFrame.build(frame) for frame in frames], ignore_index=True)


def _posted(wallet_id: int, first: str, last: str) -> Select[Any]:
    paid_in = POSTING.c.command.in_([Command.SAVINGS_DEPOSIT, Command.LOAN_REPAYMENT])
    signed = case((paid_in, POSTING.c.posted_minor), else_=-POSTING.c.posted_minor)
    return select(
        literal("posting"), POSTING.c.line_id, POSTING.c.account_kind, POSTING.c.account_id,
        POSTING.c.transaction_id, POSTING.c.receipt, POSTING.c.value_date,
        POSTING.c.paid_on, signed, POSTING.c.state,
    ).where(
        and_(
            POSTING.c.wallet_id == wallet_id,
            or_(
                POSTING.c.value_date.between(first, last), POSTING.c.paid_on.between(first, last)
            ),
            POSTING.c.purpose.in_([Purpose.POST, Purpose.PAY]),
            POSTING.c.state.not_in(DEAD_STATES),
            POSTING.c.shadow.is_(False),
        )
    )  # fmt: skip


def _linked(wallet_id: int, first: str, last: str) -> Select[Any]:
    return (
        select(
            literal("link"), LINK.c.line_id, LINK.c.account_kind, LINK.c.account_id,
            LINK.c.transaction_id, LINE.c.receipt, LINE.c.value_date, literal(""),
            LINE.c.sign * LINK.c.amount_minor, literal("posted_elsewhere"),
        )
        .join(LINE, LINE.c.line_id == LINK.c.line_id)
        .where(
            LINE.c.wallet_id == wallet_id,
            LINE.c.value_date >= first,
            LINE.c.value_date <= last,
            LINK.c.kind == "transaction",
            LINK.c.withdrawn.is_(False),
        )
    )  # fmt: skip


def states_of_receipts(
    connection: Connection, wallet_id: int, receipts: Sequence[str], closed: frozenset[str]
) -> dict[str, str]:
    """State of the clients' line of each receipt (upper case), for those that have one.

    Where several lines share a receipt, one whose state is not in `closed` is told.
    """
    found: dict[int, str] = {}
    for start in range(0, len(receipts), _FEW):
        query = select(LINE.c.line_id, LINE.c.receipt).where(
            LINE.c.wallet_id == wallet_id,
            func.upper(LINE.c.receipt).in_(receipts[start : start + _FEW]),
            LINE.c.line_class.in_([LineClass.COLLECTION, LineClass.PAYOUT]),
        )
        found.update({row.line_id: row.receipt.upper() for row in connection.execute(query)})
    states = line_states(connection, list(found))
    told: dict[str, str] = {}
    for line_id, state in zip(states["line_id"], states["state"], strict=True):
        receipt = found[line_id]
        if told.get(receipt) is None or told[receipt] in closed:
            told[receipt] = state
    return told


def put_proofs(
    connection: Connection, proofs: Iterable[Mapping[str, object]], *, run_id: str, at_utc: str
) -> None:
    """Keep proofs (wallet_id, sub_account, day, light, proof, table_json); none is overwritten."""
    rows = [dict(proof) | {"run_id": run_id, "at_utc": at_utc} for proof in proofs]
    if rows:
        connection.execute(insert(PROOF_DAY), rows)


def newest_proofs(
    connection: Connection, wallet_id: int, first: str = "", last: str = ""
) -> list[StoredProof]:
    """The newest proof of each sub-account and day of a wallet, oldest day first."""
    newest = (
        select(func.max(PROOF_DAY.c.proof_day_id))
        .where(PROOF_DAY.c.wallet_id == wallet_id)
        .group_by(PROOF_DAY.c.sub_account, PROOF_DAY.c.day)
    )
    query = (
        select(
            PROOF_DAY.c.wallet_id, PROOF_DAY.c.sub_account, PROOF_DAY.c.day, PROOF_DAY.c.light,
            PROOF_DAY.c.proof, PROOF_DAY.c.table_json, PROOF_DAY.c.at_utc,
        )
        .where(
            PROOF_DAY.c.proof_day_id.in_(newest),
            PROOF_DAY.c.day >= first,
            PROOF_DAY.c.day <= (last or "9999"),
        )
        .order_by(PROOF_DAY.c.day, PROOF_DAY.c.sub_account)
    )  # fmt: skip
    return [StoredProof(*row) for row in connection.execute(query)]


def last_day(connection: Connection, wallet_id: int) -> str:
    """The newest value date of a wallet's lines, or nothing."""
    query = select(func.max(LINE.c.value_date)).where(LINE.c.wallet_id == wallet_id)
    return connection.execute(query).scalar_one() or ""


def _frame(connection: Connection, query: Select[Any], names: list[str]) -> pd.DataFrame:
    rows = [tuple(row) for row in connection.execute(query).all()]
    return pd.DataFrame(rows, columns=names, dtype=object)
