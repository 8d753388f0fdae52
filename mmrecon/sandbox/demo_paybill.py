"""The day of the collections paybill: layout A, KES (statement-formats.md 1.1, 1.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from mmrecon.sandbox.demo_collections import EITHER, REVIEW, CollectionMaker, Mix
from mmrecon.sandbox.demo_dice import DemoDice
from mmrecon.sandbox.demo_institution import Institution
from mmrecon.sandbox.demo_lines import (
    NO_POSTING,
    Collection,
    DayClock,
    Entry,
    Expected,
    Receipts,
    charge_of,
    chronological,
    in_time,
)
from mmrecon.sandbox.demo_people import STRANGERS, kenyan_phone
from mmrecon.sandbox.demo_seed import TellerDeposit
from mmrecon.sandbox.demo_wallets import PAYBILL

OPENING_MINOR: Final = 184_352_50
_MIX: Final = Mix(
    savings_account=175,
    loan_account=50,
    loan_external_id=8,
    savings_product_code=36,
    loan_product_code=10,
    member_with_loan=45,
    member_without_loan=20,
    spelled_differently=18,
    phone=12,
    nothing_full_payer=8,
    nothing_masked_payer=10,
    typo=18,
    no_zeros=8,
    relative=20,
    useless=16,
    other_clients_phone=4,
)
_WAYS: Final = {
    "pay_bill": ("Pay Utility", "Pay Bill"),
    "online": ("Pay Bill Online", "Pay Bill Online"),
    "overdraft": ("Pay Utility with OD via STK", "Pay Bill"),
    "standing": ("Standing Order Pay Bill", "Standing Order Pay Bill"),
    "bank": ("FSI to Pay Bill", "FSI to Pay Bill"),
    "till": ("Merchant Pay Utility Received", "Merchant Pay Utility Received"),
}
_FEES: Final = ((500_00, 5_00), (1_000_00, 10_00), (2_500_00, 15_00), (5_000_00, 25_00))
_LARGEST_FEE: Final = 60_00
_LAST_SECOND: Final = 24 * 3600 - 1
_MINUTES_BETWEEN: Final = 3


@dataclass(frozen=True, slots=True)
class PaybillDay:
    """Rows in order of time, and what a teller has booked already."""

    entries: tuple[Entry, ...]
    teller: TellerDeposit


def paybill_day(institution: Institution) -> PaybillDay:
    """Everything that happened on the paybill's Utility Account."""
    day = institution.day
    dice = DemoDice("paybill")
    maker = CollectionMaker(institution, PAYBILL.country, PAYBILL.savings_product, dice)
    receipts = Receipts(day, dice)
    clock = DayClock(day, dice)
    units = maker.oddities() + maker.ordinary(_MIX) + maker.from_institutions(12, 4)
    units += [[maker.by_savings_account("overdraft")] for _ in range(8)]
    units += [[maker.by_savings_account("standing")] for _ in range(4)]
    edges = [
        (clock.at_or_after(3), maker.by_savings_account()),
        (clock.at_or_after(_LAST_SECOND), maker.by_savings_account()),
    ]
    placed = sorted([*in_time(units, clock, _MINUTES_BETWEEN), *edges], key=lambda pair: pair[0])
    payments = [_payment(at, made, receipts, dice) for at, made in placed]
    payments[0] = replace(payments[0], begun_at=payments[0].at - timedelta(seconds=5))
    booked = _booked_by_teller(maker, clock, receipts, dice)
    reversed_today, reversals = _reversals(maker, clock, receipts, dice)
    payments += [booked, *reversed_today]
    charges = [charge_of(p, _fee_minor(p.amount_minor), "Pay Bill Charge") for p in payments]
    others = [*reversals, *_own_movements(clock, receipts), *_oddities(clock, receipts)]
    teller = TellerDeposit(
        booked.reference, booked.amount_minor, booked.receipt, PAYBILL.payment_type, day
    )
    return PaybillDay(tuple(chronological([*payments, *charges, *others])), teller)


def _payment(at: datetime, made: Collection, receipts: Receipts, dice: DemoDice) -> Entry:
    how = made.how
    if how == "pay_bill" and dice.below(10) < 3:
        how = "online"
    reason, words = _WAYS[how]
    return Entry(
        at, receipts.next(), "collection", made.amount_minor, reason, words, made.expected,
        party=made.payer.printed(), reference=made.reference,
        begun_at=at - timedelta(seconds=dice.below(3)),
    )  # fmt: skip


def _fee_minor(amount_minor: int) -> int:
    return next((fee for limit, fee in _FEES if amount_minor <= limit), _LARGEST_FEE)


def _booked_by_teller(
    maker: CollectionMaker, clock: DayClock, receipts: Receipts, dice: DemoDice
) -> Entry:
    """A client came to the counter with the receipt; the teller booked it by hand."""
    entry = _payment(clock.any_time(), maker.by_savings_account(), receipts, dice)
    states = ("ready", "review", "posted_elsewhere")
    expected = Expected("booked by a teller", states, "A1", entry.expected.legs)
    return replace(entry, expected=expected)


def _reversals(
    maker: CollectionMaker, clock: DayClock, receipts: Receipts, dice: DemoDice
) -> tuple[list[Entry], list[Entry]]:
    """Two payments reversed within the day, with a link; two of earlier days, without."""
    originals: list[Entry] = []
    reversals: list[Entry] = []
    states = ("review", "no_posting")
    for _ in range(2):
        original = _payment(clock.any_time(), maker.by_savings_account(), receipts, dice)
        expected = Expected("reversed the same day", REVIEW, "A1")
        originals.append(replace(original, expected=expected))
        reversals.append(
            Entry(
                clock.after(original.at, 25), receipts.next(), "reversal", -original.amount_minor,
                "Pay Utility Reversal", "Pay Utility Reversal", Expected("reversal", states),
                party=original.party, linked_receipt=original.receipt,
            )
        )  # fmt: skip
    for number in range(2):
        party = f"{kenyan_phone(6_000 + number)} - {STRANGERS[number + 3]}"
        reversals.append(
            Entry(
                clock.any_time(), receipts.next(), "reversal", -dice.between(200_00, 900_00, 50_00),
                "Pay Utility Reversal", "Pay Utility Reversal", Expected("reversal", states),
                party=party,
            )
        )  # fmt: skip
    return originals, reversals


def _own_movements(clock: DayClock, receipts: Receipts) -> list[Entry]:
    """Two sweeps, each seen from both sides under one receipt; then money went to the bank."""
    words = "Utility Account to Organization Settlement Account"
    entries = []
    for second, amount in ((12 * 3600, 150_000_00), (17 * 3600, 200_000_00)):
        at, receipt = clock.at_or_after(second), receipts.next()
        entries += [
            Entry(at, receipt, "transfer", sign * amount, words, words, NO_POSTING)
            for sign in (-1, 1)
        ]
    bank = "Agency Withdrawal of funds to Bank"
    at = clock.at_or_after(17 * 3600 + 600)
    entries.append(Entry(at, receipts.next(), "settlement", -350_000_00, bank, bank, NO_POSTING))
    return entries


def _oddities(clock: DayClock, receipts: Receipts) -> list[Entry]:
    """Payments that never became final, and lines that nobody has seen before."""
    entries = []
    for number, status in enumerate(("Failed", "Cancelled", "Expired")):
        party = f"{kenyan_phone(7_000 + number)} - {STRANGERS[number + 6]}"
        entries.append(
            Entry(
                clock.any_time(), receipts.next(), "non_final", 750_00, "Pay Utility", "Pay Bill",
                Expected("never final", ("no_posting",)), party=party, status=status,
            )
        )  # fmt: skip
    for amount, words in (
        (120_00, "Loyalty Points Adjustment"),
        (-35_00, "Dormant Float Levy"),
        (64_00, "Float Incentive Credit"),
    ):
        expected = Expected("unknown text", (*EITHER, "no_posting"))
        entries.append(
            Entry(clock.any_time(), receipts.next(), "unknown", amount, words, words, expected)
        )
    return entries
