"""How a batch looks to the person who decides on it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mmrecon.cli.configuration_view import configuration_shown
from mmrecon.cli.override_view import against
from mmrecon.cli.parties_view import crowded_accounts, owner_words, parties_lines
from mmrecon.cli.render import table
from mmrecon.cli.resolution_view import resolution_lines
from mmrecon.cli.undo_view import correction_lines
from mmrecon.cli.withdrawal_view import withdrawal_lines
from mmrecon.model.approval import Act, BatchKind, CanonicalRow
from mmrecon.model.clock import zoned_time
from mmrecon.model.money import to_text
from mmrecon.model.other_date import paid_on_words
from mmrecon.model.override import contradiction_of
from mmrecon.model.resolution import RESOLUTIONS
from mmrecon.model.undo import CLOSE_REVERSAL, UNDO
from mmrecon.model.withdrawal import WITHDRAW_FILE
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.waiting import Shown
    from mmrecon.store.batches import Header

_SAMPLES: Final = 5
_ACTS: Final = {
    "hold": "hold",
    "suspense": "keep in suspense",
    "link": "link to a transaction",
    "not_ours": "not ours",
    "by_hand": "done by hand",
}


def waiting_table(headers: Sequence[Header], now_utc: datetime) -> list[Any]:
    """The list of what waits."""
    if not headers:
        return ["Nothing waits for approval."]
    rows = [
        (
            header.batch_id,
            header.prepared_by,
            f"{header.row_count:,}",
            _totals(header.totals),
            _age(header.prepared_at_utc, now_utc),
        )
        for header in headers
    ]
    names = ["batch", "prepared by", "rows", "total", "waits"]
    second = [
        f"{header.batch_id} waits for a second approver."
        for header in headers
        if header.approved_by
    ]
    shown = table(names, rows, right=["rows"], whole=["batch", "waits"])
    return [shown, *second, "Look at one: mmrecon approve BATCH"]


def waiting_json(headers: Iterable[Header]) -> list[dict[str, Any]]:
    """The list of what waits, for programs."""
    return [
        {
            "batch_id": header.batch_id,
            "kind": header.kind.value,
            "prepared_by": header.prepared_by,
            "prepared_at_utc": header.prepared_at_utc,
            "rows": header.row_count,
            "totals": dict(header.totals),
            "approved_by": header.approved_by,
        }
        for header in headers
    ]


def batch_json(shown: Shown) -> dict[str, Any]:
    """One batch with all its rows, for programs."""
    stored = shown.stored
    return {
        "batch_id": stored.batch.batch_id,
        "kind": stored.batch.kind.value,
        "state": stored.state.value,
        "prepared_by": _preparer(shown),
        "prepared_at_utc": stored.prepared_at_utc,
        "signed_by": {act.value: person.name for act, person in shown.signed_by.items()},
        "digest": stored.signed.digest,
        "totals": dict(stored.batch.totals),
        "needs_second_approver_now": shown.second,
        "differences": [
            {"path": found.path, "approved": found.approved, "present": found.present}
            for found in shown.differences
        ],
        "rows": [dict(row) for row in stored.batch.rows],
        "evidence": {str(number): words for number, words in shown.evidence.items()},
        "parties": {str(number): asdict(parties) for number, parties in shown.parties.items()},
    }


def batch_view(shown: Shown) -> list[Any]:
    """One batch as a person reads it: postings by count and total, everything else row by row."""
    stored = shown.stored
    totals = f", {_totals(stored.batch.totals)}" if stored.batch.totals else ""
    head = (
        f"Batch {stored.batch.batch_id} ({stored.batch.kind.value}), prepared by "
        f"{_preparer(shown)} at {zoned_time(stored.prepared_at_utc, shown.zone)}, "
        f"state {stored.state.value}; "
        f"{counted(len(stored.batch.rows), 'row')}{totals}."
    )
    by_kind = {
        BatchKind.POSTINGS: _postings,
        BatchKind.CONFIGURATION: _configuration,
        BatchKind.PEOPLE: _people,
        BatchKind.CORRECTIONS: _corrections,
    }
    second = ["It waits for a second approver."] if shown.second else []
    return [head, *by_kind.get(stored.batch.kind, _choices)(shown), *second]


def _postings(shown: Shown) -> list[Any]:
    rows = shown.stored.batch.rows
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for row in rows:
        key = _wallet(shown, row), _words(str(row["command"])), str(row["currency"])
        groups[key].append(_integer(row["amount_minor"]))
    summary = [
        (wallet, command, f"{len(amounts):,}", to_text(sum(amounts), currency))
        for (wallet, command, currency), amounts in sorted(groups.items())
    ]
    largest = sorted(range(len(rows)), key=lambda place: -_integer(rows[place]["amount_minor"]))
    samples = sorted({*range(min(_SAMPLES, len(rows))), *largest[:_SAMPLES]})
    return [
        table(["wallet", "what", "count", "total"], summary, right=["count", "total"]),
        _row_table(shown, [place + 1 for place in samples], "The first and the largest"),
        *crowded_accounts(shown),
    ]


def _preparer(shown: Shown) -> str:
    """Who prepared it, by the signature; anybody with a key may sign a revocation."""
    person = shown.signed_by.get(Act.PREPARE)
    return shown.stored.prepared_by if person is None else person.name


def _wallet(shown: Shown, row: CanonicalRow) -> str:
    provider, account = map(str, _list(row["wallet"]))
    return shown.wallets.get((provider, account), f"{provider}/{account}")


def _row_table(shown: Shown, numbers: Sequence[int], title: str) -> Any:
    cells = [
        (
            number,
            row.get("receipt", ""),
            row.get("value_date", ""),
            _words(str(row.get("command", ""))),
            shown.parties[number].party,
            row.get("account_no", ""),
            owner_words(shown.parties[number]),
            _amount(row),
        )
        for number, row in ((number, shown.stored.batch.rows[number - 1]) for number in numbers)
    ]
    names = ["row", "receipt", "date", "what", "payer or payee", "account", "owner", "amount"]
    kept = ["receipt", "date", "account"]
    return table(names, cells, right=["row", "amount"], whole=kept, title=title)


def _choices(shown: Shown) -> list[Any]:
    return [
        text
        for number, row in enumerate(shown.stored.batch.rows, start=1)
        for text in _choice(shown, number, row)
    ]


def _choice(shown: Shown, number: int, row: CanonicalRow) -> list[str]:
    act = str(row.get("act", ""))
    what = _ACTS.get(act, _words(str(row.get("command", act))))
    target = row.get("account_no") or row.get("paper_reference") or ""
    if row.get("transaction_id"):
        target = f"{row['transaction_id']} on {row['account_kind']}:{row['account_no']}"
    until = f" until {row['until']}" if row.get("until") else ""
    answered = f", answered “{row['decision']}”" if row.get("decision") else ""
    done = f"{what} {target}".rstrip()
    lines = [f"{number}. {row.get('receipt', '')} {_amount(row)}: {done}{until}{answered}"]
    lines += parties_lines(row, shown.parties.get(number))
    if row.get("paid_on"):
        moved = paid_on_words(str(row["paid_on"]), str(row.get("date_reason")))
        lines.append(f"   value date {row['value_date']}: {moved}")
    if row.get("reason"):
        lines.append(f"   reason: {row['reason']}")
    if number in shown.evidence:
        lines.append(f"   evidence: {shown.evidence[number]}")
    return lines


def _configuration(shown: Shown) -> list[Any]:
    if not shown.differences:
        return ["It is the configuration that is approved already."]
    return configuration_shown(shown.differences, shown.stored.batch.rows[0])


def _corrections(shown: Shown) -> list[Any]:
    return [
        text
        for number, row in enumerate(shown.stored.batch.rows, start=1)
        for text in _correction(shown, number, row)
    ]


def _correction(shown: Shown, number: int, row: CanonicalRow) -> list[str]:
    if row["act"] == CLOSE_REVERSAL:
        head = f"{number}. with it, close the reversal {row['receipt']}, {_amount(row)}"
        return [head, f"   reason: {row['reason']}"]
    if row["act"] == UNDO:
        return correction_lines(number, row)
    if row["act"] == WITHDRAW_FILE:
        return withdrawal_lines(number, row)
    if row["act"] in RESOLUTIONS:
        return resolution_lines(number, row)
    return [
        f"{number}. send {row['day']} of {_wallet(shown, row)} although it is contradicted:",
        *against(contradiction_of(row), str(row["currency"])),
        f"   reason: {row['reason']}",
    ]


def _people(shown: Shown) -> list[Any]:
    return [
        f"{number}. {row['act']} {row['name']}"
        + (f" as {', '.join(map(str, _list(row['roles'])))}" if row.get("roles") else "")
        + f", key {row['fingerprint']}"
        for number, row in enumerate(shown.stored.batch.rows, start=1)
    ]


def _amount(row: CanonicalRow) -> str:
    amount_minor, currency = row.get("amount_minor"), row.get("currency")
    if not isinstance(amount_minor, int) or not currency:
        return ""
    return to_text(amount_minor, str(currency))


def _totals(totals: Mapping[str, int]) -> str:
    return ", ".join(to_text(minor, currency) for currency, minor in sorted(totals.items())) or "-"


def _age(prepared_at_utc: str, now_utc: datetime) -> str:
    minutes = int((now_utc - datetime.fromisoformat(prepared_at_utc)).total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 60 * 48 else f"{minutes // (60 * 24)} days"


def _words(code: str) -> str:
    return code.replace("_", " ")


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else json.loads(str(value))
