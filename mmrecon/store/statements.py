"""Statements and their lines: readings go in with bulk statements, frames come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Table, func, insert, select, update

from mmrecon.config import Settings, WalletSettings
from mmrecon.errors import ConfigurationError, SafetyRefusal
from mmrecon.model.frame import FrameSchema
from mmrecon.model.issue import Issue
from mmrecon.model.keys import canonical_json
from mmrecon.model.line import LineFrame, ProofState
from mmrecon.store.bulk import chunks, insert_columns, read_columns, update_columns
from mmrecon.store.schema import (
    FILE,
    ISSUE,
    LINE,
    REFUSED_ROW,
    SIGHTING,
    STATEMENT,
    WALLET,
    WITHDRAWN_LINE,
)

_BY_NAME: Final = 2_000
"""Up to so many receipts are asked for by name; more are cheaper to read as a range."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A reading of a file that stands: complete and not replaced."""

    statement_id: int
    wallet_id: int | None
    member: str
    outcome: str
    refused_rows: int


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The nearest statement of a wallet before or after another one."""

    statement_id: int
    period_from_utc_s: int | None
    period_to_utc_s: int | None
    opening_minor: int | None
    closing_minor: int | None
    proof: str
    proof_json: str


def pin_wallet(connection: Connection, wallet: WalletSettings) -> int:
    """The wallet's id; its identity is (provider, account), the rest is pinned or a label.

    Raises:
        SafetyRefusal: `live_from` was moved back.
        ConfigurationError: the currency or the zone was changed.
    """
    wanted = select(WALLET).where(
        WALLET.c.provider == wallet.provider, WALLET.c.account == wallet.account
    )
    live_from = wallet.live_from.isoformat()
    values = {
        "provider": wallet.provider,
        "account": wallet.account,
        "name": wallet.name,
        "currency": wallet.currency,
        "zone": wallet.zone,
        "live_from": live_from,
    }
    row = connection.execute(wanted).one_or_none()
    if row is None:
        connection.execute(insert(WALLET).values(**values))
        return int(connection.execute(wanted).one().wallet_id)
    if live_from < row.live_from:
        raise SafetyRefusal(
            f"live_from of wallet {wallet.name} was moved back from {row.live_from} to {live_from}",
            hint="Set it to the pinned day or later; earlier days may have been posted by hand.",
            code="live_from_moved_back",
        )
    faults = [
        (f"wallets.{wallet.name}.{name}", f"was {pinned} and lines are stored under it")
        for name, pinned in (("currency", row.currency), ("zone", row.zone))
        if values[name] != pinned
    ]
    if faults:
        raise ConfigurationError(faults, source="config.toml")
    if (row.name, row.live_from) != (wallet.name, live_from):
        connection.execute(
            update(WALLET)
            .where(WALLET.c.wallet_id == row.wallet_id)
            .values(name=wallet.name, live_from=live_from)
        )
    return int(row.wallet_id)


def wallet_id(connection: Connection, settings: Settings, name: str) -> int | None:
    """The id of a configured wallet; None where nothing of it was stored yet."""
    found = next((wallet for wallet in settings.wallets if wallet.name == name), None)
    if found is None:
        return None
    return connection.execute(
        select(WALLET.c.wallet_id).where(
            WALLET.c.provider == found.provider, WALLET.c.account == found.account
        )
    ).scalar()


def wallet_name(connection: Connection, wallet_id: int) -> str:
    """A wallet's label."""
    query = select(WALLET.c.name).where(WALLET.c.wallet_id == wallet_id)
    return str(connection.execute(query).scalar_one())


def standing(connection: Connection, sha256: str) -> list[Standing]:
    """The readings of a file that stand."""
    rows = connection.execute(
        select(
            STATEMENT.c.statement_id, STATEMENT.c.wallet_id, STATEMENT.c.member,
            STATEMENT.c.outcome, STATEMENT.c.refused_rows,
        )
        .join(FILE, FILE.c.file_id == STATEMENT.c.file_id)
        .where(FILE.c.sha256 == sha256, STATEMENT.c.complete, STATEMENT.c.current)
    )  # fmt: skip
    return [Standing(*row) for row in rows]


def has_statement(connection: Connection, wallet_id: int, layout: str) -> bool:
    """Whether the wallet has a read statement of a layout."""
    found = connection.execute(
        select(STATEMENT.c.statement_id)
        .where(STATEMENT.c.wallet_id == wallet_id, STATEMENT.c.layout == layout)
        .limit(1)
    )
    return found.first() is not None


def insert_statement(connection: Connection, values: Mapping[str, Any]) -> int:
    """A new reading; an earlier one of the same file and wallet ends, and its issues with it."""
    earlier = (
        (STATEMENT.c.file_id == values["file_id"])
        & (STATEMENT.c.member == values["member"])
        & (STATEMENT.c.wallet_id.is_(None) | (STATEMENT.c.wallet_id == values["wallet_id"]))
    )
    replaced = select(STATEMENT.c.statement_id).where(earlier)
    connection.execute(
        update(ISSUE)
        .where(ISSUE.c.statement_id.in_(replaced), ISSUE.c.closed_at_utc == "")
        .values(closed_at_utc=values["read_at_utc"])
    )
    connection.execute(update(STATEMENT).where(earlier).values(current=False))
    result = connection.execute(insert(STATEMENT).values(**values))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def next_line_id(connection: Connection) -> int:
    """The id after the newest line's, the withdrawn ones counted."""
    newest = (
        connection.execute(select(func.max(table.c.line_id))).scalar()
        for table in (LINE, WITHDRAWN_LINE)
    )
    return 1 + max(number or 0 for number in newest)


def lines_of_receipts(
    connection: Connection, provider: str, named: Sequence[str] | pd.Series, table: Table = LINE
) -> pd.DataFrame:
    """Stored lines of a provider with one of these receipts, over all wallets, as a LineFrame.

    `table` is where they are: `LINE`, or `WITHDRAWN_LINE`.
    """
    if not len(named) or connection.execute(select(table.c.line_id).limit(1)).first() is None:
        return LineFrame.empty()
    receipts = pd.unique(pd.Series(named, dtype="str")).tolist()
    wallets = select(WALLET.c.wallet_id).where(WALLET.c.provider == provider)
    mine, receipt = table.c.wallet_id.in_(wallets), table.c.receipt
    if len(receipts) <= _BY_NAME:
        parts = [_lines(connection, mine & receipt.in_(part), table) for part in chunks(receipts)]
        return pd.concat(parts, ignore_index=True)
    found = _lines(connection, mine & receipt.between(min(receipts), max(receipts)), table)
    wanted = found["receipt"].isin(receipts)
    return found.loc[wanted].reset_index(drop=True)


def lines(connection: Connection, wallet_id: int | None = None) -> pd.DataFrame:
    """All stored lines, or a wallet's, oldest first, as a LineFrame."""
    condition = LINE.c.wallet_id == wallet_id if wallet_id is not None else LINE.c.line_id > 0
    return _lines(connection, condition)


def _lines(
    connection: Connection, condition: ColumnElement[bool], table: Table = LINE
) -> pd.DataFrame:
    names = LineFrame.columns()
    query = select(*(table.c[name] for name in names)).where(condition).order_by(table.c.line_id)
    return LineFrame.build(read_columns(connection, query, LineFrame.dtypes()))


def frame_of(schema: type[FrameSchema], rows: Sequence[Any]) -> pd.DataFrame:
    """Rows of a query with a schema's columns, in order, as its frame."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema.columns())
    return schema.build(
        {
            name: np.array(values, dtype=dtype) if dtype in ("int64", "bool") else list(values)
            for (name, dtype), values in zip(schema.dtypes().items(), columns, strict=True)
        }
    )


def insert_lines(connection: Connection, fresh: pd.DataFrame) -> None:
    """Insert new lines (`LineFrame`)."""
    LineFrame.check(fresh)
    insert_columns(connection, LINE, {name: fresh[name] for name in fresh.columns})


def update_lines(connection: Connection, changed: pd.DataFrame) -> None:
    """Set columns of stored lines; `changed` has `line_id` and what is set."""
    columns: dict[str, Any] = {str(name): changed[name] for name in changed.columns}
    update_columns(connection, LINE, "line_id", columns)


def insert_sightings(connection: Connection, columns: Mapping[str, Any]) -> None:
    """Insert the rows of a statement that show lines (columns of `SightingFrame`)."""
    insert_columns(connection, SIGHTING, columns)


def insert_refused(connection: Connection, statement_id: int, refused: pd.DataFrame) -> None:
    """Insert the rows that could not be understood (`RefusedRowFrame`)."""
    columns: dict[str, Any] = {str(name): refused[name] for name in refused.columns}
    insert_columns(connection, REFUSED_ROW, {"statement_id": statement_id, **columns})


def insert_issues(
    connection: Connection, issues: Sequence[tuple[Issue, int | None, int | None]], *,
    run_id: str, at_utc: str,
) -> None:  # fmt: skip
    """Insert issues with the statement and the line they are about."""
    rows = [
        {
            "run_id": run_id,
            "code": issue.code,
            "file": issue.file,
            "row": issue.row,
            "receipt": issue.receipt,
            "wallet": issue.wallet,
            "statement_id": statement_id,
            "line_id": line_id,
            "arguments_json": canonical_json(dict(issue.arguments)),
            "at_utc": at_utc,
        }
        for issue, statement_id, line_id in issues
    ]
    if rows:
        connection.execute(insert(ISSUE), rows)


def mark(connection: Connection, line_ids: Sequence[int], name: str) -> None:
    """Set a flag of lines: `conflict` or `known_elsewhere`."""
    for part in chunks(line_ids):
        connection.execute(update(LINE).where(LINE.c.line_id.in_(part)).values(**{name: True}))


def names_of(connection: Connection, statement_ids: Sequence[int]) -> dict[int, str]:
    """Delivered names of statements."""
    found: dict[int, str] = {}
    for part in chunks(statement_ids):
        rows = connection.execute(
            select(STATEMENT.c.statement_id, STATEMENT.c.delivered_name).where(
                STATEMENT.c.statement_id.in_(part)
            )
        )
        found |= {row.statement_id: row.delivered_name for row in rows}
    return found


def neighbours(
    connection: Connection, wallet_id: int, sub_account: str, from_utc_s: int, to_utc_s: int
) -> tuple[Neighbour | None, Neighbour | None]:
    """The whole statement that ends last before a period, and the one that begins first after."""
    columns = (
        STATEMENT.c.statement_id, STATEMENT.c.period_from_utc_s, STATEMENT.c.period_to_utc_s,
        STATEMENT.c.opening_minor, STATEMENT.c.closing_minor, STATEMENT.c.proof,
        STATEMENT.c.proof_json,
    )  # fmt: skip
    query = select(*columns).where(
        STATEMENT.c.wallet_id == wallet_id,
        STATEMENT.c.sub_account == sub_account,
        STATEMENT.c.complete,
        STATEMENT.c.current,
    )
    reported_at = STATEMENT.c.reported_at_utc_s
    whole = reported_at.is_(None) | (reported_at >= STATEMENT.c.period_to_utc_s)
    before = connection.execute(
        query.where(STATEMENT.c.period_to_utc_s <= from_utc_s, whole)
        .order_by(STATEMENT.c.period_to_utc_s.desc(), STATEMENT.c.statement_id.desc())
        .limit(1)
    ).one_or_none()
    after = connection.execute(
        query.where(STATEMENT.c.period_from_utc_s >= to_utc_s)
        .order_by(STATEMENT.c.period_from_utc_s, STATEMENT.c.statement_id.desc())
        .limit(1)
    ).one_or_none()
    return (
        None if before is None else Neighbour(*before),
        None if after is None else Neighbour(*after),
    )


def set_proof(connection: Connection, statement_id: int, state: ProofState, text: str) -> None:
    """What the proof of a stored statement says by now; `text` is its checks as JSON."""
    connection.execute(
        update(STATEMENT)
        .where(STATEMENT.c.statement_id == statement_id)
        .values(proof=state.value, proof_json=text)
    )
