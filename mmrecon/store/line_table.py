"""Lines with their match in force, as `lines`, `find` and `explain` show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import ColumnElement, Connection, and_, func, select, true

from mmrecon.model.frame import FrameSchema, Integer, Text
from mmrecon.model.match_texts import FACTS, with_texts
from mmrecon.model.posting import DEAD_STATES, Purpose
from mmrecon.store.line_states import line_states
from mmrecon.store.schema import LINE, MATCH, POSTING, STATEMENT

_FEW: Final = 500
_OF_MATCH: Final = tuple(name for name in FACTS if name != "rule")


class LineTableFrame(FrameSchema):
    """One row per line: facts, state, match; `legs` are those of its postings once it has some."""

    key = ("line_id",)

    line_id: Integer
    wallet_id: Integer
    sub_account: Text
    receipt: Text
    line_class: Text
    sign: Integer
    amount_minor: Integer
    currency: Text
    completed_at_utc_s: Integer
    value_date: Text
    party_phone: Text
    party_name: Text
    reference: Text
    file: Text
    row: Integer
    state: Text
    tier: Text
    rule: Text
    vetoes: Text
    suggestions: Text
    legs: Text
    explanation: Text
    explanation_json: Text


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines; what is empty asks for nothing. Dates are ISO and inclusive."""

    wallet_id: int | None = None
    state: str = ""
    line_class: str = ""
    first: str = ""
    last: str = ""
    receipt: str = ""


def line_table(
    connection: Connection,
    wanted: LineFilter,
    *,
    condition: ColumnElement[bool] | None = None,
    limit: int | None = None,
) -> pd.DataFrame:
    """Lines as a LineTableFrame, oldest first."""
    query = (
        select(
            LINE.c.line_id, LINE.c.wallet_id, LINE.c.sub_account, LINE.c.receipt,
            LINE.c.line_class, LINE.c.sign, LINE.c.amount_minor, LINE.c.currency,
            LINE.c.completed_at_utc_s, LINE.c.value_date, LINE.c.party_phone, LINE.c.party_name,
            LINE.c.reference, STATEMENT.c.delivered_name, LINE.c.first_row, MATCH.c.tier,
            MATCH.c.rule, MATCH.c.vetoes, MATCH.c.suggestions, MATCH.c.legs, MATCH.c.explanation,
            MATCH.c.explanation_json, *(MATCH.c[name] for name in _OF_MATCH),
        )
        .outerjoin(STATEMENT, STATEMENT.c.statement_id == LINE.c.first_statement_id)
        .outerjoin(
            MATCH, and_(MATCH.c.line_id == LINE.c.line_id, MATCH.c.superseded_by_run_id == "")
        )
        .where(_conditions(wanted), true() if condition is None else condition)
        .order_by(LINE.c.completed_at_utc_s, LINE.c.line_id)
        .limit(limit)
    )  # fmt: skip
    names = [name for name in LineTableFrame.columns() if name != "state"]
    rows = [tuple(row) for row in connection.execute(query).all()]
    lines = pd.DataFrame(rows, columns=[*names, *_OF_MATCH], dtype=object)
    lines = with_texts(lines)[names]
    states = line_states(connection, None if len(rows) > _FEW else lines["line_id"].tolist())
    table = lines.merge(states, on="line_id", how="left")
    if wanted.state:
        table = table[table["state"] == wanted.state]
    return _with_posted_legs(connection, LineTableFrame.build(table.reset_index(drop=True)))


def _conditions(wanted: LineFilter) -> ColumnElement[bool]:
    asked: tuple[tuple[Any, ColumnElement[bool]], ...] = (
        (wanted.wallet_id, LINE.c.wallet_id == wanted.wallet_id),
        (wanted.line_class, LINE.c.line_class == wanted.line_class),
        (wanted.first, LINE.c.value_date >= wanted.first),
        (wanted.last, LINE.c.value_date <= wanted.last),
        (wanted.receipt, func.upper(LINE.c.receipt) == wanted.receipt.upper()),
    )
    return and_(true(), *(condition for value, condition in asked if value))


def _with_posted_legs(connection: Connection, table: pd.DataFrame) -> pd.DataFrame:
    """What was posted is told in place of what was proposed, and leads the suggestions."""
    posted = _posted_legs(connection, table["line_id"].tolist())
    if posted.empty:
        return table
    named = posted["account_kind"] + ":" + posted["account_no"]
    amounts = posted["amount_minor"].astype("str")
    legs = _joined(posted["line_id"], named + "=" + amounts)
    once = ~pd.DataFrame({"line_id": posted["line_id"], "account": named}).duplicated()
    accounts = table["line_id"].map(_joined(posted["line_id"][once], named[once]))
    others = [
        _without(suggestions, leading)
        for suggestions, leading in zip(table["suggestions"], accounts, strict=True)
    ]
    return LineTableFrame.build(
        table.assign(
            legs=table["line_id"].map(legs).where(accounts.notna(), table["legs"]),
            suggestions=others,
        )
    )


def _joined(line_ids: pd.Series, values: pd.Series) -> pd.Series:
    """Values of each line joined by `;`, by line_id; `line_ids` are sorted."""
    ids, starts = np.unique(line_ids.to_numpy(dtype=np.int64), return_index=True)
    offsets = pa.array([*starts, len(line_ids)], type=pa.int32())
    texts = pa.array(values, type=pa.string(), from_pandas=True)
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, texts), ";")
    return pd.Series(joined.to_pylist(), index=ids, dtype="str")


def _without(suggestions: str, leading: object) -> str:
    """Suggestions that begin with the accounts that were posted to."""
    if not isinstance(leading, str):
        return suggestions
    first = leading.split(";")
    rest = [each for each in suggestions.split(";") if each and each not in first]
    return ";".join([*first, *rest])


def _posted_legs(connection: Connection, line_ids: Sequence[int]) -> pd.DataFrame:
    names = ["line_id", "account_kind", "account_no", "amount_minor"]
    query = (
        select(*(POSTING.c[name] for name in names))
        .where(
            POSTING.c.line_id.is_not(None),
            POSTING.c.state.not_in(DEAD_STATES),
            POSTING.c.purpose.in_([Purpose.POST, Purpose.PAY, Purpose.ALLOCATE]),
        )
        .order_by(POSTING.c.line_id, POSTING.c.leg)
    )
    if len(line_ids) <= _FEW:
        query = query.where(POSTING.c.line_id.in_(line_ids))
    return pd.DataFrame([tuple(row) for row in connection.execute(query).all()], columns=names)
