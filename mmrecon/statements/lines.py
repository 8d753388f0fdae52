"""Typed rows become lines and refused rows; fees in columns become charge lines of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mmrecon.model.frame import concat
from mmrecon.model.line import LineClass, ReadLineFrame, RefusedRowFrame
from mmrecon.statements.amounts import FeeColumn
from mmrecon.statements.cells import Mask, money
from mmrecon.statements.layout import Layout
from mmrecon.statements.moments import Int64s, local_dates, to_local_s, to_utc_s
from mmrecon.statements.own_accounts import with_transfers
from mmrecon.statements.rows import DataRows
from mmrecon.statements.typed import TypedRows, hash_texts
from mmrecon.statements.understand import classify, parties, party_text, unpack_details

_TEXTS: Final = (
    "receipt", "status", "party", "reference", "details", "reason_type", "linked_receipt",
    "external_id",
)  # fmt: skip


_DAMAGED: Final = re.compile(r"(?=.*[0-9])(?=.*[A-Z.])[0-9A-Z.,+]{4,20}")


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for every line of a file; `zone` is the file's, `wallet_zone` the wallet's.

    `own_accounts` are the institution's other ones.
    """

    sub_account: str
    currency: str
    digits: int
    zone: str
    wallet_zone: str
    sheet: str
    own_accounts: frozenset[str] = frozenset()


def lines_of(typed: TypedRows, layout: Layout, setting: Setting) -> pd.DataFrame:
    """The understood rows as a `ReadLineFrame`, in file order; fee lines follow their rows."""
    texts = unpack_details(typed.texts, layout.details)
    texts["party"] = party_text(texts)
    sign = np.where(typed.out_minor > 0, -1, 1)
    rules = layout.classes if typed.finality_known else ()
    line_class = classify(texts, sign, typed.final, rules)
    line_class = with_transfers(line_class, texts["party"], setting.own_accounts)
    party = parties(texts, layout.parties)
    kept = ~typed.refused
    utc_s = to_utc_s(typed.completed.local_s, setting.zone)
    local_s = typed.completed.local_s
    if setting.wallet_zone != setting.zone:
        local_s = to_local_s(utc_s, setting.wallet_zone)
    columns: dict[str, Any] = {name: texts[name] for name in _TEXTS}
    columns |= {
        "row": typed.rows,
        "line_class": line_class,
        "sign": sign,
        "amount_minor": typed.in_minor + typed.out_minor,
        "completed_at_utc_s": utc_s,
        "value_date": local_dates(local_s),
        "cells_digest": typed.digest,
        "party_kind": party.kind,
        "party_phone": party.phone,
        "party_name": party.name,
    }
    main = {name: _kept(values, kept) for name, values in columns.items()}
    main |= _constant(typed, setting, int(kept.sum()))
    main["balance_minor"] = _optional(typed.balance_minor, typed.has_balance, kept)
    main["initiated_at_utc_s"] = _initiated(typed, setting, kept)
    frame = ReadLineFrame.build(main)
    fees = [_fee_lines(frame, fee, kept) for fee in typed.fees]
    if not fees:
        return frame
    together = concat(ReadLineFrame, [frame, *fees])
    return together.sort_values("row", kind="stable", ignore_index=True)


def _constant(typed: TypedRows, setting: Setting, count: int) -> dict[str, Any]:
    return {
        "sheet": text_series(pa.array([setting.sheet] * count, pa.string())),
        "sub_account": text_series(pa.array([setting.sub_account] * count, pa.string())),
        "currency": text_series(pa.array([setting.currency] * count, pa.string())),
        "has_seconds": np.full(count, typed.completed.has_seconds),
    }


def _kept(values: Any, kept: Mask) -> Any:
    whole = bool(kept.all())
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return text_series(values if whole else values.filter(pa.array(kept)))
    return pd.Series(values if whole else values[kept])


def text_series(values: pa.Array | pa.ChunkedArray) -> pd.Series:
    """Arrow text as a pandas `str` column without a copy."""
    series: pd.Series = values.cast(pa.large_string()).to_pandas()
    return series


def _optional(values: Int64s, there: Mask, kept: Mask) -> pd.Series:
    return pd.Series(pd.arrays.IntegerArray(values[kept], ~there[kept]))


def _initiated(typed: TypedRows, setting: Setting, kept: Mask) -> pd.Series:
    return _optional(to_utc_s(typed.initiated.local_s, setting.zone), typed.initiated.valid, kept)


def _fee_lines(frame: pd.DataFrame, fee: FeeColumn, kept: Mask) -> pd.DataFrame:
    """Charge lines of one fee column; their balance is the row's, so they have none."""
    moved = fee.moved_minor[kept]
    where = np.flatnonzero(moved)
    lines = frame.take(where).reset_index(drop=True)
    moved = moved[where]
    digests = pa.array(lines["cells_digest"]).cast(pa.string())
    salted = pc.binary_join_element_wise(digests, fee.name, "\x1f")
    return lines.assign(
        line_class=pd.Series([LineClass.CHARGE.value] * len(lines), dtype="str"),
        sign=np.sign(moved),
        amount_minor=np.abs(moved),
        balance_minor=pd.Series([pd.NA] * len(lines), dtype="Int64"),
        reason_type=pd.Series([fee.name] * len(lines), dtype="str"),
        cells_digest=hash_texts(salted),
    )


def refused_rows(typed: TypedRows, data: DataRows, setting: Setting) -> pd.DataFrame:
    """The rows that could not be understood, with what of their money could be read, fees too."""
    layout = data.table.layout
    fees = sum((fee.moved_minor for fee in typed.fees), np.zeros(len(typed.rows), np.int64))
    places = np.flatnonzero(typed.refused)
    kinds = [typed.problems.kinds[kind - 1] for kind in typed.problems.found[places].tolist()]
    receipts = typed.texts["receipt"].take(pa.array(places)).to_pylist()
    regular = RefusedRowFrame.build(
        {
            "row": typed.rows[places],
            "sheet": [setting.sheet] * len(places),
            "code": [code for code, _, _ in kinds],
            "receipt": [shown_receipt(receipt, layout) for receipt in receipts],
            "field": [field for _, field, _ in kinds],
            "expected": [expected for _, _, expected in kinds],
            "in_minor": _optional(
                typed.in_minor + np.maximum(fees, 0), typed.money_known, typed.refused
            ),
            "out_minor": _optional(
                typed.out_minor + np.maximum(-fees, 0), typed.money_known, typed.refused
            ),
        }
    )
    return concat(RefusedRowFrame, [regular, _ragged_rows(data, setting)])


def _ragged_rows(data: DataRows, setting: Setting) -> pd.DataFrame:
    """Rows with too few or too many cells: few by nature, so one by one."""
    width = len(data.table.header)
    records = []
    for record in data.ragged:
        short = len(record.cells) < width
        in_minor, out_minor = (
            _money_of_short(record.cells, data, setting) if short else (None, None)
        )
        records.append(
            {
                "row": record.row,
                "sheet": setting.sheet,
                "code": "row_short" if short else "row_long",
                "receipt": _receipt_of(record.cells, data),
                "field": "",
                "expected": f"{width} cells",
                "in_minor": in_minor,
                "out_minor": out_minor,
            }
        )
    return _frame(records)


def _frame(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    names = RefusedRowFrame.columns()
    return RefusedRowFrame.build({name: [record[name] for record in records] for name in names})


def _receipt_of(cells: Sequence[str], data: DataRows) -> str:
    layout = data.table.layout
    column = next(column for column in layout.text_columns if column.field == "receipt")
    place = data.position(column)
    return shown_receipt(cells[place], layout) if place is not None and place < len(cells) else ""


def shown_receipt(cell: str, layout: Layout) -> str:
    """A refused row's receipt for messages; a cell that may be a name or a phone is not shown."""
    text = cell.strip().upper()
    whole = re.search(layout.receipt_pattern, text) is not None
    return text if whole or _DAMAGED.fullmatch(text) else ""


def _money_of_short(
    cells: Sequence[str], data: DataRows, setting: Setting
) -> tuple[int | None, int | None]:
    """Money of a row that ends early, where its cells stand where they belong.

    The last cell may be cut off, and an amount of another sign than its column's is out of place.
    """
    layout = data.table.layout
    found: dict[str, int] = {}
    for column in layout.money_columns:
        if column.field not in ("in", "out", "amount"):
            continue
        place = data.position(column)
        if place is None or place >= len(cells) - 1 or column.printed == "unsigned":
            return None, None
        typed = money(pa.array([cells[place]]), layout.money, setting.digits)
        minor = int(typed.minor[0])
        wrong = {"positive": minor < 0, "negative": minor > 0}.get(column.printed, False)
        if typed.bad[0] or wrong:
            return None, None
        found[column.field] = minor
    amount = found.get("amount", 0)
    return found.get("in", 0) + max(amount, 0), abs(found.get("out", 0)) + max(-amount, 0)
