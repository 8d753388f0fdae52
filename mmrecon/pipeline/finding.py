"""Find a line by what somebody remembers of it, and say up to when each wallet is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import pandas as pd
from sqlalchemy import ColumnElement, and_, false, func, or_

from mmrecon.approval.wording import sentence, step
from mmrecon.config import Settings
from mmrecon.model.clock import local_time
from mmrecon.model.line_state import WORDS, LineState
from mmrecon.model.money import to_minor, to_text
from mmrecon.model.words import counted
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.showing import as_shown, legs_in_words, wallets_by_id
from mmrecon.proof.coverage import read_up_to
from mmrecon.proof.day import CLIENT_CLASSES
from mmrecon.store.database import reading
from mmrecon.store.line_table import LineFilter, line_table
from mmrecon.store.proofs import statement_periods, wallet_ids
from mmrecon.store.refused_rows import StoredRefusal, refused_rows
from mmrecon.store.schema import LINE

SHOWN: Final = 20
_SHORTEST_PART: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Lines that fit (columns of `mmrecon lines`, newest first), refused rows, a plain answer."""

    answer: str
    lines: pd.DataFrame
    read: dict[str, str]
    refused: Sequence[StoredRefusal]


def find(run: Run, text: str) -> Found:
    """Lines that fit every word of `text`: part of a receipt, an amount, a date, digits, a name."""
    words = text.split()
    with reading(run.engine) as connection:
        condition = and_(*(_fits(word, run.settings) for word in words)) if words else false()
        table = line_table(connection, LineFilter(), condition=condition)
        wallets = wallets_by_id(run.settings, wallet_ids(connection))
        stored = refused_rows(connection)
    refused = [row for row in stored if words and all(_shows(row, word) for word in words)]
    exact = table["receipt"].str.upper() == text.strip().upper()
    table = table[exact] if bool(exact.any()) else table
    shown = as_shown(table.iloc[::-1].reset_index(drop=True), wallets)
    read = read_so_far(run)
    return Found(_answer(text, shown, refused, read), shown, read, refused)


def read_so_far(run: Run) -> dict[str, str]:
    """Each configured wallet and the minute up to which its statements go; empty for none."""
    told: dict[str, str] = {}
    with reading(run.engine) as connection:
        known = wallet_ids(connection)
        for wallet in run.settings.wallets:
            wallet_id = known.get((wallet.provider, wallet.account))
            last = read_up_to(statement_periods(connection, wallet_id)) if wallet_id else None
            told[wallet.name] = "" if last is None else local_time(last, wallet.zone)
    return told


def read_up_to_sentence(read: dict[str, str]) -> str:
    """Say up to when each wallet is read: `Read so far: paybill up to …; till not at all.`."""
    each = [f"{name} up to {last}" if last else f"{name} not at all" for name, last in read.items()]
    return f"Read so far: {'; '.join(each)}."


def _answer(
    text: str, lines: pd.DataFrame, refused: Sequence[StoredRefusal], read: dict[str, str]
) -> str:
    told = [] if lines.empty else [_lines_told(text, lines)]
    told += [_refusal_told(row) for row in refused[:SHOWN]]
    if len(refused) > SHOWN:
        told.append(f"{counted(len(refused) - SHOWN, 'more refused row')} fit.")
    if not told:
        return f"No statement shows “{text}” yet. {read_up_to_sentence(read)}"
    return "\n".join(told)


def _refusal_told(row: StoredRefusal) -> str:
    arguments = {"field": row.field, "expected": row.expected}
    why = sentence(row.code, arguments)
    return f"row {row.row} of {row.file} was refused: {why}. {step(row.code, arguments)}".rstrip()


def _shows(row: StoredRefusal, word: str) -> bool:
    """Whether a refused row shows a word as its receipt, a part of it, or its amount."""
    receipt, wanted = row.receipt.upper(), word.upper()
    if receipt == wanted or (len(word) >= _SHORTEST_PART and wanted in receipt):
        return True
    return _minor(word, row.currency) in {row.in_minor, row.out_minor} - {None}


def _lines_told(text: str, lines: pd.DataFrame) -> str:
    clients = lines[lines["class"].isin(CLIENT_CLASSES)]
    if len(lines) > 1 and (len(set(lines["receipt"])) > 1 or len(clients) != 1):
        return f"{len(lines)} lines fit “{text}”."
    told = clients if len(clients) == 1 else lines
    return _told({str(name): value for name, value in told.iloc[0].items()}, len(lines) - 1)


def _told(line: Mapping[str, Any], others: int) -> str:
    amount = to_text(int(line["amount_minor"]), str(line["currency"]))
    moment = str(line["completed_at"])[:16].replace("T", " ")
    way = "came in" if line["sign"] > 0 else "went out"
    legs = legs_in_words(line["legs"], line["currency"]) if line["legs"] else ""
    target = f": {legs}" if legs else ""
    words = WORDS[LineState(line["state"])]
    more = f" {others} more with the same receipt: see `mmrecon explain`." if others else ""
    place = f"on {moment} in wallet {line['wallet']}"
    return f"{line['receipt']}: {amount} {way} {place}; it {words}{target}.{more}"


def _fits(word: str, settings: Settings) -> ColumnElement[bool]:
    """Whether a line fits one word, in any of the ways that the word can be meant."""
    part = _like(word)
    ways: list[ColumnElement[bool]] = [
        func.upper(LINE.c.receipt).like(f"%{part.upper()}%", escape="\\"),
        func.upper(LINE.c.party_name).like(f"%{part.upper()}%", escape="\\"),
        func.upper(LINE.c.reference).like(f"%{part.upper()}%", escape="\\"),
    ]
    if len(word) < _SHORTEST_PART:
        ways = [LINE.c.receipt == word]
    digits = word.removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) >= _SHORTEST_PART:
        ways.append(LINE.c.party_phone.like(f"%{digits.lstrip('0') or digits}"))
    ways += [
        and_(LINE.c.amount_minor == minor, LINE.c.currency == currency)
        for currency, minor in _amounts(word, settings)
    ]
    day = _day(word)
    if day is not None:
        ways.append(LINE.c.value_date == day.isoformat())
    return or_(*ways)


def _like(word: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", word)


def _amounts(word: str, settings: Settings) -> list[tuple[str, int]]:
    """The word as an amount in each currency of the configuration, where it can be one."""
    currencies = sorted({wallet.currency for wallet in settings.wallets})
    found = [(currency, _minor(word, currency)) for currency in currencies]
    return [(currency, minor) for currency, minor in found if minor is not None]


def _minor(word: str, currency: str) -> int | None:
    """The word as an amount without sign, where it can be one."""
    try:
        return abs(to_minor(Decimal(word.replace(",", "")), currency))
    except (InvalidOperation, ValueError):
        return None


def _day(word: str) -> date | None:
    """The word as a date, ISO or day first."""
    found = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", word)
    iso = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else word
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None
