"""A small invented institution, and what providers print of its clients' payments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from mmrecon.sandbox.demo_files import write_layout_a, write_layout_b, write_mtn
from mmrecon.sandbox.demo_institution import DemoClient, DemoLoan, DemoSavings, Institution
from mmrecon.sandbox.demo_lines import NO_POSTING, Entry, Payer, balances
from mmrecon.sandbox.demo_people import kenyan_name, kenyan_phone, ugandan_name, ugandan_phone
from mmrecon.sandbox.demo_wallets import MTN, PAYBILL, PAYOUTS, DemoWallet

DAY: Final = datetime.now(UTC).astimezone(ZoneInfo("Africa/Nairobi")).date() - timedelta(days=1)
OPENING_MINOR: Final = 500_000_00
DUE_MINOR: Final = 1_500_00
"""What each running loan should have paid by now and has not."""

_WRITERS: Final = {PAYBILL: write_layout_a, PAYOUTS: write_layout_b, MTN: write_mtn}


def _quiet_day(days_ago: int) -> date:
    """A day that every month has, about so long ago."""
    found = DAY - timedelta(days=days_ago)
    return found.replace(day=min(found.day, 28))


def _client(
    number: int, *, loan: bool = False, waiting: bool = False, ugandan: bool = False
) -> DemoClient:
    since = DAY - timedelta(days=400)
    first, last = ugandan_name(number) if ugandan else kenyan_name(number)
    phone = ugandan_phone(number) if ugandan else kenyan_phone(number)
    product, opening = ("US", 300_000) if ugandan else ("SA", 20_000_00)
    savings = DemoSavings(f"{200_001 + number:09}", product, since, opening)
    loans: tuple[DemoLoan, ...] = ()
    if loan or waiting:
        # two instalments of 1,000 have fallen due, 500 is paid
        disbursed = None if waiting else _quiet_day(75)
        approved = DAY - timedelta(days=2) if waiting else _quiet_day(75) - timedelta(days=3)
        paid = 0 if waiting else 500_00
        account = f"{300_001 + number:09}"
        external = f"LN-{300_001 + number}"
        loans = (DemoLoan(account, external, "NL", approved, disbursed, 6, 1_000_00, paid),)
    return DemoClient(
        str(10_001 + number), f"JS-{10_001 + number}", first, last, phone,
        "Kampala Branch" if ugandan else "Nairobi Branch", "UG" if ugandan else "KE",
        str(31_000_451 + number * 173), since, (savings,), loans,
    )  # fmt: skip


AMINA: Final = _client(0)
"""Saves."""
BRENDA: Final = _client(1, loan=True)
"""Saves, and owes an instalment."""
CHEBET: Final = _client(2)
"""Has asked for a withdrawal."""
DAUDI: Final = _client(3, waiting=True)
"""Has an approved loan that waits for its money."""
ESTHER: Final = _client(4, loan=True)
FARIDA: Final = _client(5)
GRACE: Final = _client(6)
KATO: Final = _client(7, ugandan=True)
CLIENTS: Final = (AMINA, BRENDA, CHEBET, DAUDI, ESTHER, FARIDA, GRACE, KATO)
INSTITUTION: Final = Institution(DAY, (("Nairobi Branch", "KE"), ("Kampala Branch", "UG")), CLIENTS)


def savings_of(client: DemoClient) -> str:
    """The number of the client's savings account."""
    return client.savings[0].account_no


def loan_of(client: DemoClient) -> str:
    """The number of the client's loan."""
    return client.loans[0].account_no


def receipt(number: int) -> str:
    """The n-th receipt of M-PESA."""
    return f"TFL{number:07}"


def paid(
    number: int, payer: DemoClient, reference: str, amount_minor: int, *, at: str = ""
) -> Entry:
    """A payment to the paybill; the payer is shown masked."""
    return _entry(
        number, at, "collection", amount_minor, "Pay Utility", "Pay Bill",
        Payer(payer.phone, payer.name).printed(), reference,
    )  # fmt: skip


def payout(number: int, payee: DemoClient, reference: str, amount_minor: int) -> Entry:
    """A payment to a client."""
    words = "Business Payment to Customer"
    shown = Payer(payee.phone, payee.name).printed()
    return _entry(number, "", "payout", -amount_minor, words, words, shown, reference)


def charge(number: int, amount_minor: int) -> Entry:
    """The provider's charge of the payment with that receipt."""
    words = "Pay Bill Charge"
    return _entry(number, "", "charge", -amount_minor, words, words, "SP", "")


def reversal(number: int, of: Entry) -> Entry:
    """The provider takes a payment back."""
    words = "Pay Utility Reversal"
    made = _entry(number, "", "reversal", -of.amount_minor, words, words, of.party, "")
    return replace(made, linked_receipt=of.receipt)


def ugandan(number: int, payer: DemoClient, reference: str, amount_minor: int) -> Entry:
    """A payment to MTN's wallet, with its fee in a column."""
    made = _entry(number, "", "collection", amount_minor, "Payment", "", payer.phone, reference)
    return replace(
        made, receipt=f"{29_910_000_000 + number}", name=payer.name, status="Successful",
        fee_minor=amount_minor // 100,
    )  # fmt: skip


def _entry(
    number: int, at: str, line_class: str, amount_minor: int, reason: str, words: str,
    party: str, reference: str,
) -> Entry:  # fmt: skip
    begun = datetime.combine(DAY, time(8)) + timedelta(minutes=number)
    moment = datetime.combine(DAY, time.fromisoformat(at)) if at else begun
    return Entry(
        moment, receipt(number), line_class, amount_minor, reason, words, NO_POSTING,
        party=party, reference=reference,
    )  # fmt: skip


def on(day: date, entries: Sequence[Entry]) -> Iterator[Entry]:
    """The same rows on another day."""
    for entry in entries:
        yield replace(entry, at=datetime.combine(day, entry.at.time()))


def write_statement(
    folder: Path,
    entries: Sequence[Entry],
    *,
    wallet: DemoWallet = PAYBILL,
    day: date = DAY,
    opening_minor: int = OPENING_MINOR,
) -> Path:
    """The statement file of one wallet and day as its provider writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(on(day, entries), key=lambda entry: (entry.at, entry.line_class == "charge"))
    return _WRITERS[wallet](folder, day, ordered, opening_minor)


def closing_minor(entries: Sequence[Entry], opening_minor: int = OPENING_MINOR) -> int:
    """The balance after all of them."""
    return balances(list(entries), opening_minor)[-1]
