"""`mmrecon prove`: the two-way reconciliation and the daily proof."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.model.words import worded

if TYPE_CHECKING:
    from collections.abc import Callable

    from mmrecon.model.proof import DayProof, Listed, Movement
    from mmrecon.pipeline.proving import Proved
    from mmrecon.pipeline.run import Run

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_RECEIPTS: Final = 3
SYMBOLS: Final = {
    "balanced": "[OK]", "balanced with listed items": "[--]", "not balanced": "[!!]",
    "no statement": "[??]",
}  # fmt: skip
"""A sign beside the words, so that a page without colours reads the same."""


@click.command("prove")
@click.option("--wallet", "wallet_names", multiple=True, help="Only this wallet; may be repeated.")
@click.option("--day", type=_DAY, default=None, help="Only this day.")
@click.option("--from", "first", type=_DAY, default=None, help="From this day on.")
@click.option("--to", "last", type=_DAY, default=None, help="Up to this day (default: the newest).")
@with_run(lock=False)
def command(
    run: Run, *, wallet_names: tuple[str, ...], day: datetime | None, first: datetime | None,
    last: datetime | None,
) -> Outcome:  # fmt: skip
    """The two-way reconciliation and the daily proof (the last seven days)."""
    from mmrecon.pipeline.proving import prove
    from mmrecon.pipeline.showing import configured_wallet

    for name in wallet_names:
        configured_wallet(run.settings, name)
    since, until = (day, day) if day is not None else (first, last)
    proved = prove(run, wallet_names, first=since and since.date(), last=until and until.date())
    return outcome(run, proved)


def outcome(_run: Run, proved: Proved) -> Outcome:
    """What is proved."""
    from mmrecon.pipeline.proving import proof_document

    summary = {
        "days": [proof_document(proof) for proof in proved.proofs],
        "fineract_unreachable": proved.unreachable,
    }
    return Outcome(proved.exit_code(), summary, proofs_shown(proved.proofs, proved.unreachable))


def proofs_shown(proofs: tuple[DayProof, ...], unreachable: str) -> tuple[Any, ...]:
    """Every day's table with its light, and what is listed; also what `demo` and `nightly` show."""
    shown: list[Any] = []
    for proof in proofs:
        shown.extend(_shown(proof))
    if not proofs:
        shown.append("There is nothing to prove: no line and no statement of these days.")
    if unreachable:
        shown.append(f"Fineract's side is missing: {unreachable}")
    return tuple(shown)


def _shown(proof: DayProof) -> list[Any]:
    from mmrecon.cli.render import table

    place = " / ".join(part for part in (proof.wallet, proof.sub_account) if part)
    headline = f"{SYMBOLS[proof.light]} {place}, {proof.day}: {proof.light} ({proof.proof})"
    headers = ("", "lines", "in", "out")
    shown: list[Any] = [headline, table(headers, _rows(proof), right=headers[1:])]
    for mark, entries in (("!", proof.differences), ("-", proof.listed)):
        shown.extend(_entry(mark, entry, proof.currency) for entry in entries)
    shown.append("")
    return shown


def _rows(proof: DayProof) -> list[tuple[str, str, str, str]]:
    from mmrecon.model.money import to_text

    def money(minor: int | None) -> str:
        return "not printed" if minor is None else to_text(minor, proof.currency)

    rows = [("opening", "", money(proof.evidence.opening_minor), "")]
    rows += [_movement(each, money) for each in proof.classes]
    rows.append(("closing", "", money(proof.evidence.closing_minor), ""))
    if proof.clients:
        rows.append(("collections and payouts:", "", "", ""))
        rows += [_movement(each, money, indent="  ") for each in proof.clients]
    if proof.two_way is not None:
        both = proof.two_way
        rows += [
            ("Fineract has", "", money(both.theirs_in_minor), money(both.theirs_out_minor)),
            ("both agree on", f"{both.agreed:,}", "", ""),
        ]
    return rows


def _movement(
    each: Movement, money: Callable[[int | None], str], indent: str = ""
) -> tuple[str, str, str, str]:
    return (
        indent + each.name.replace("_", " "),
        f"{each.lines:,}" if each.lines else "",
        money(each.in_minor) if each.in_minor else "",
        money(each.out_minor) if each.out_minor else "",
    )


def _entry(mark: str, entry: Listed, currency: str) -> str:
    from mmrecon.model.catalogue import by_code

    text = by_code()[entry.code]
    said = entry_sentence(entry, currency)
    few = [receipt for receipt in entry.receipts if receipt][:_RECEIPTS]
    more = f", … {entry.count - len(few)} more" if few and entry.count > len(few) else ""
    which = f" [{', '.join(few)}{more}]" if few else ""
    return f"  {mark} {said}{which}" + (f"\n      {text.next_step}" if mark == "!" else "")


def entry_sentence(entry: Listed, currency: str) -> str:
    """A listed thing in one sentence, with its money and whether that came in or went out."""
    from mmrecon.model.catalogue import by_code
    from mmrecon.model.money import to_text

    amount = to_text(abs(entry.amount_minor), currency)
    way = " in" if entry.amount_minor > 0 else " out" if entry.amount_minor < 0 else ""
    arguments: dict[str, str | int] = {"amount": amount + way, "count": entry.count}
    for noun in ("line", "transaction"):
        arguments[f"{noun}s"] = f"{entry.count:,} {noun}" + ("" if entry.count == 1 else "s")
    return worded(by_code()[entry.code].sentence, arguments | dict(entry.arguments))
