"""A contradicted day that is to be sent all the same: what stands against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmrecon.model.money import to_text
from mmrecon.model.override import Contradiction, override_row

if TYPE_CHECKING:
    from mmrecon.pipeline.overriding import Overridable


def override_json(found: Overridable, batch_id: str) -> dict[str, Any]:
    """What is signed, and in which batch it waits."""
    row = override_row(found.wallet, found.currency, found.day, found.contradiction, found.reason)
    return {"override": dict(row) | {"wallet_name": found.wallet_name}, "batch_id": batch_id}


def override_shown(found: Overridable) -> list[Any]:
    """The same in sentences."""
    return [
        f"{found.day} of {found.wallet_name} is contradicted:",
        *against(found.contradiction, found.currency),
        f"It is sent all the same when another person approves. Reason: {found.reason}",
    ]


def against(contradiction: Contradiction, currency: str) -> list[str]:
    """Everything that stands against a day, one sentence each."""
    from mmrecon.model.catalogue import by_code

    told = [
        f"  {found.name} ({found.sha256[:12]}), {found.check}: {found.sentence}"
        for found in contradiction.statements
    ]
    for day in contradiction.proof:
        amount = to_text(abs(day.amount_minor), currency)
        words = by_code()[day.code].sentence.format(amount=amount, count="some")
        told.append(f"  the day's proof{f' of {day.sub_account}' * bool(day.sub_account)}: {words}")
    return told
