"""The day of the Ugandan wallet: MTN's 54 columns, UGX (statement-formats.md 5.2, 5.4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from mmrecon.sandbox.demo_collections import EITHER, CollectionMaker, Mix
from mmrecon.sandbox.demo_dice import DemoDice
from mmrecon.sandbox.demo_institution import Institution
from mmrecon.sandbox.demo_lines import (
    NO_POSTING,
    Collection,
    DayClock,
    Entry,
    Expected,
    chronological,
    in_time,
)
from mmrecon.sandbox.demo_people import STRANGERS, ugandan_phone
from mmrecon.sandbox.demo_wallets import MTN

OPENING_MINOR: Final = 2_415_600
_MIX: Final = Mix(
    savings_account=124,
    loan_account=14,
    loan_external_id=2,
    savings_product_code=12,
    loan_product_code=3,
    member_with_loan=12,
    member_without_loan=14,
    spelled_differently=6,
    phone=8,
    nothing_full_payer=14,
    nothing_masked_payer=0,
    typo=6,
    no_zeros=4,
    relative=6,
    useless=6,
    other_clients_phone=2,
)
_FIRST_ID: Final = 31_000_000_000
_IDS_A_DAY: Final = 4_000_000
_MINUTES_BETWEEN: Final = 4


class _Ids:
    """Eleven digits that grow with time."""

    def __init__(self, institution: Institution, dice: DemoDice) -> None:
        self._next = _FIRST_ID + institution.day.toordinal() % 700_000 * _IDS_A_DAY % 60_000_000_000
        self._dice = dice

    def next(self) -> str:
        self._next += self._dice.between(3, 900)
        return str(self._next)


def mtn_day(institution: Institution) -> tuple[Entry, ...]:
    """Everything that happened on the wallet, rows in order of time."""
    dice = DemoDice("mtn")
    maker = CollectionMaker(institution, MTN.country, MTN.savings_product, dice)
    clock = DayClock(institution.day, dice)
    units = maker.oddities() + maker.ordinary(_MIX)
    entries = [_payment(at, made) for at, made in in_time(units, clock, _MINUTES_BETWEEN)]
    entries.append(_damaged(maker, clock))
    entries += [*_reversed(maker, clock), *_own_movements(clock), *_oddities(clock)]
    ids = _Ids(institution, dice)
    return tuple(_numbered(chronological(entries), ids))


def _payment(at: datetime, made: Collection) -> Entry:
    return Entry(
        at, "", "collection", made.amount_minor, "Payment", "", made.expected,
        party=made.payer.phone, name=made.payer.name, reference=made.reference,
        status="Successful", fee_minor=made.amount_minor // 100,
    )  # fmt: skip


def _damaged(maker: CollectionMaker, clock: DayClock) -> Entry:
    """One row whose id a spreadsheet has turned into an exponent: it names no payment any more."""
    made = maker.by_savings_account()
    expected = Expected("receipt in scientific notation", ("refused_row",))
    return replace(_payment(clock.any_time(), made), expected=expected, is_damaged=True)


def _reversed(maker: CollectionMaker, clock: DayClock) -> list[Entry]:
    """A payment that was taken back; nothing links the two but party and amount."""
    made = maker.by_savings_account()
    original = _payment(clock.any_time(), made)
    expected = Expected("reversed the same day", ("review",), "A1", ())
    back = Entry(
        clock.after(original.at, 35), "", "reversal", -made.amount_minor, "Reversal", "",
        Expected("reversal", ("review", "no_posting")), party=original.party, name=original.name,
        reference=made.reference, status="Successful",
    )  # fmt: skip
    return [replace(original, expected=expected), back]


def _own_movements(clock: DayClock) -> list[Entry]:
    """Money that the institution moved itself."""
    return [
        Entry(
            clock.at_or_after(18 * 3600), "", "transfer", -9_000_000, "Float Transfer", "",
            NO_POSTING, name="JIRANI EXAMPLE SACCO", status="Successful",
        )
    ]  # fmt: skip


def _oddities(clock: DayClock) -> list[Entry]:
    """Payments that never became final, and a line that nobody has seen before."""
    entries = [
        Entry(
            clock.any_time(), "", "non_final", 40_000, "Payment", "",
            Expected("never final", ("no_posting",)), party=ugandan_phone(7_000 + number),
            name=STRANGERS[number + 5], status=status,
        )
        for number, status in enumerate(("Failed", "Pending"))
    ]  # fmt: skip
    expected = Expected("unknown text", (*EITHER, "no_posting"))
    entries.append(
        Entry(
            clock.any_time(), "", "unknown", 1_500, "Adjustment", "", expected,
            name="MTN", status="Successful",
        )
    )  # fmt: skip
    return entries


def _numbered(entries: list[Entry], ids: _Ids) -> list[Entry]:
    return [replace(entry, receipt=ids.next()) for entry in entries]
