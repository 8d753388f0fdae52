"""The texts of matches that one account says in full; they are not kept, as they follow from it."""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.model.line import LineClass
from mmrecon.model.match import TEXTS
from mmrecon.model.posting import Command

FACTS: Final = (
    "rule", "client_id", "one_kind", "one_account_id", "one_account_no", "one_minor",
    "one_client_no", "one_reference",
)  # fmt: skip
"""Columns of a MatchFrame from which its `TEXTS` follow where `one_kind` is not empty."""

_KINDS: Final = ("savings", "loan")


def with_texts(matches: pd.DataFrame) -> pd.DataFrame:
    """Matches with all their texts; `matches` has the columns `FACTS` and some of `TEXTS`."""
    short = matches["one_kind"].isin(_KINDS).to_numpy(dtype=bool)
    if not short.any():
        return matches
    told = _texts(matches.loc[short, list(FACTS)])
    columns = {}
    for name in TEXTS:
        if name in matches.columns:
            column = matches[name].to_numpy(dtype=object, copy=True)
            column[short] = told[name].to_numpy(zero_copy_only=False)
            columns[name] = pd.Series(column, index=matches.index, dtype="str")
    return matches.assign(**columns)


def evidence_of(rules: pa.StringArray) -> pa.StringArray:
    """What speaks for the one account that each rule names."""
    return pc.if_else(pc.equal(rules, "phone_reference"), "reference_phone", rules)


def _texts(facts: pd.DataFrame) -> dict[str, pa.StringArray]:
    """Each of `TEXTS`, for matches that one account says in full."""
    kind, number, rule, client_no, reference = (
        pa.array(facts[name], pa.string())
        for name in ("one_kind", "one_account_no", "rule", "one_client_no", "one_reference")
    )
    account_id, amount = (_digits(facts[name]) for name in ("one_account_id", "one_minor"))
    client_id = _digits(facts["client_id"])
    loan = pc.equal(kind, "loan")
    command = pc.if_else(loan, Command.LOAN_REPAYMENT.value, Command.SAVINGS_DEPOSIT.value)
    account = _joined(
        '"account_id":', account_id, ',"account_kind":"', kind, '","account_no":"', number, '"'
    )
    return {
        "suggestions": _joined(kind, ":", number),
        "legs": _joined(kind, ":", number, "=", amount),
        "legs_json": _joined(
            "[{", account, ',"amount_minor":', amount, ',"client_id":', client_id,
            ',"command":"', command, '","leg":1,"posted_minor":', amount, "}]",
        ),
        "candidates_json": _joined(
            "[{", account, ',"against":[],"client_id":', client_id, ',"for":["',
            evidence_of(rule), '"]}]'
        ),
        "explanation_json": _joined(
            '{"client":"', client_no, f'","line_class":"{LineClass.COLLECTION.value}"',
            ',"reference":"', reference, '","target":"', kind, " account ", number, '"}',
        ),
    }  # fmt: skip


def _joined(*parts: str | pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise(*parts, "")


def _digits(column: pd.Series) -> pa.StringArray:
    whole = pa.array(column.astype("Int64"), pa.int64())
    return pc.fill_null(pc.cast(whole, pa.string()), "null")
