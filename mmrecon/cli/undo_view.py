"""What taking postings back does, as a person reads it before signing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mmrecon.model.approval import CanonicalRow
from mmrecon.model.money import to_text
from mmrecon.model.undo import Consequence, consequences_of
from mmrecon.model.words import worded

if TYPE_CHECKING:
    from mmrecon.pipeline.undoing import Undoing
    from mmrecon.posting.undo_consequences import Looked


def undo_json(found: Undoing, batch_id: str) -> dict[str, Any]:
    """Every leg with its consequences, and in which batch it waits."""
    return {
        "batch_id": batch_id,
        "reason": found.reason,
        "beside": list(found.beside),
        "legs": [_leg_json(leg) for leg in found.legs],
    }


def undo_shown(found: Undoing) -> list[Any]:
    """The same in sentences: first what is taken back, then what cannot be."""
    possible, others = found.possible, [leg for leg in found.legs if not leg.possible]
    shown: list[Any] = []
    if possible:
        shown.append(f"Taken back when another person approves, and reason: {found.reason}")
        shown += [text for leg in possible for text in _leg_lines(leg)]
    if others:
        shown.append("Cannot be taken back:")
        shown += [text for leg in others for text in _leg_lines(leg)]
    return [*shown, *found.beside]


def correction_lines(number: int, row: CanonicalRow) -> list[str]:
    """A signed row, for the person who decides on it."""
    amount_minor, currency = row["amount_minor"], str(row["currency"])
    amount = to_text(amount_minor if isinstance(amount_minor, int) else 0, currency)
    what = str(row["command"]).removeprefix("undo_").replace("_", " ")
    head = (
        f"{number}. take back {row['receipt']}: {what} of {amount} on {row['account_kind']} "
        f"{row['account_no']} of {row['value_date']}, transaction {row['transaction_id']}"
    )
    return [head, *_sentences(consequences_of(row)), f"   reason: {row['reason']}"]


def _leg_lines(leg: Looked) -> list[str]:
    posting = leg.posting
    amount = to_text(posting.posted_minor, posting.currency)
    what = posting.command.value.replace("_", " ")
    head = (
        f"  {posting.receipt}: {what} of {amount} on {posting.account_kind} {posting.account_no} "
        f"of {posting.value_date}, transaction {leg.transaction_id or posting.transaction_id}"
    )
    return [head, *_sentences(leg.consequences)]


def _sentences(consequences: Sequence[Consequence]) -> Iterator[str]:
    from mmrecon.model.catalogue import by_code

    for one in consequences:
        text = by_code()[one.code]
        yield f"   - {worded(text.sentence, one.arguments)}"
        if one.blocks:
            yield f"     → {worded(text.next_step, one.arguments)}"


def _leg_json(leg: Looked) -> dict[str, Any]:
    posting = leg.posting
    return {
        "posting_id": posting.posting_id,
        "receipt": posting.receipt,
        "command": posting.command.value,
        "account": f"{posting.account_kind}:{posting.account_no}",
        "amount_minor": posting.posted_minor,
        "currency": posting.currency,
        "value_date": posting.value_date,
        "transaction_id": leg.transaction_id or posting.transaction_id,
        "possible": leg.possible,
        "consequences": [
            {"code": one.code, "arguments": dict(one.arguments)} for one in leg.consequences
        ],
    }
