"""The day of the payout shortcode: layout B, KES (statement-formats.md 1.2, 1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mmrecon.sandbox.demo_collections import EITHER, READY, REVIEW
from mmrecon.sandbox.demo_dice import DemoDice
from mmrecon.sandbox.demo_institution import ACTIVE, DemoClient, Institution
from mmrecon.sandbox.demo_lines import (
    FULL,
    MASKED,
    NO_POSTING,
    DayClock,
    Entry,
    Expected,
    Payer,
    Receipts,
    charge_of,
    chronological,
)
from mmrecon.sandbox.demo_people import STRANGERS, kenyan_phone

OPENING_MINOR: Final = 41_235_00
_FUNDING_MINOR: Final = 1_500_000_00
_PAID: Final = "Business Payment to Customer"
_SALARY: Final = "Salary Payment"
_FEES: Final = ((1_000_00, 5_00), (5_000_00, 9_00))
_LARGEST_FEE: Final = 13_00
_ECHOED, _BY_PHONE, _MASKED_ONLY, _UNPAID = 64, 9, 5, 2
_SALARIES: Final = 12
_LOANS_BY_PHONE: Final = 4


@dataclass(frozen=True, slots=True)
class Request:
    """A withdrawal that a client asked for at the counter."""

    request_id: str
    client: DemoClient
    account_no: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PayoutDay:
    """Rows in order of time, and the requests known beforehand."""

    entries: tuple[Entry, ...]
    requests: tuple[Request, ...]


def payout_day(institution: Institution) -> PayoutDay:
    """Everything that happened on the payout shortcode."""
    dice = DemoDice("payouts")
    requests = _requests(institution, dice)
    book = _Book(DayClock(institution.day, dice), Receipts(institution.day, dice), dice)
    entries = [*book.withdrawals(requests), *book.disbursements(institution), *book.salaries()]
    charges = [
        charge_of(entry, _fee_minor(-entry.amount_minor), "Business Payment Charge")
        for entry in entries
    ]
    returned = book.returned(entries[_ECHOED - 1])
    others = [book.funding(), returned, book.failed(), book.unknown()]
    return PayoutDay(tuple(chronological([*entries, *charges, *others])), tuple(requests))


def _requests(institution: Institution, dice: DemoDice) -> list[Request]:
    clients = [
        client
        for client in institution.of_country("KE")
        if client.savings[0].status == ACTIVE and all(loan.disbursed_on for loan in client.loans)
    ]
    count = _ECHOED + _BY_PHONE + _MASKED_ONLY + _UNPAID + 1
    return [
        Request(
            f"WR-{number:04}", client, client.savings[0].account_no,
            dice.between(1_000_00, 15_000_00, 250_00),
        )
        for number, client in enumerate(dice.shuffled(clients)[:count], 1)
    ]  # fmt: skip


def _fee_minor(amount_minor: int) -> int:
    return next((fee for limit, fee in _FEES if amount_minor <= limit), _LARGEST_FEE)


class _Book:
    """Makes rows with the moments and receipts of one day."""

    def __init__(self, clock: DayClock, receipts: Receipts, dice: DemoDice) -> None:
        self._clock = clock
        self._receipts = receipts
        self._dice = dice

    def withdrawals(self, requests: list[Request]) -> list[Entry]:
        """The requests that were paid: most echo the request, some only show the telephone."""
        echoed, rest = requests[:_ECHOED], requests[_ECHOED:]
        by_phone, rest = rest[:_BY_PHONE], rest[_BY_PHONE:]
        masked_only, another_amount = rest[:_MASKED_ONLY], rest[_MASKED_ONLY]
        entries = [self._withdrawal(request, request.request_id, READY) for request in echoed]
        entries[-1] = self._withdrawal(echoed[-1], echoed[-1].request_id, ("ready", "review"))
        entries += [self._withdrawal(request, "", REVIEW, FULL) for request in by_phone]
        entries += [self._withdrawal(request, "", EITHER, MASKED) for request in masked_only]
        expected = Expected("another amount than asked for", REVIEW, "P")
        entries.append(
            self._payout(
                Payer(another_amount.client.phone, another_amount.client.name),
                another_amount.request_id, another_amount.amount_minor - 500_00, expected,
            )
        )  # fmt: skip
        return entries

    def disbursements(self, institution: Institution) -> list[Entry]:
        """Every approved loan got its money."""
        waiting = [
            (client, loan)
            for client in institution.of_country("KE")
            for loan in client.loans
            if loan.disbursed_on is None
        ]
        entries = []
        for place, (client, loan) in enumerate(waiting):
            echoes = place >= _LOANS_BY_PHONE
            legs = (("loan", loan.account_no, loan.principal_minor),)
            expected = Expected("disbursement", READY if echoes else REVIEW, "P", legs)
            payer = Payer(client.phone, client.name, MASKED if echoes else FULL)
            reference = loan.account_no if echoes else ""
            entries.append(self._payout(payer, reference, loan.principal_minor, expected))
        return entries

    def salaries(self) -> list[Entry]:
        """Payments that are no client's money."""
        expected = Expected("salary", EITHER)
        return [
            self._payout(
                Payer(kenyan_phone(8_000 + number), STRANGERS[number % len(STRANGERS)], FULL),
                "", 25_000_00 + number * 500_00, expected, _SALARY,
            )
            for number in range(_SALARIES)
        ]  # fmt: skip

    def funding(self) -> Entry:
        """Money from the bank before the first payout."""
        words = "Deposit of Funds"
        at = self._clock.at_or_after(5 * 3600)
        receipt = self._receipts.next()
        return Entry(at, receipt, "funding", _FUNDING_MINOR, words, words, NO_POSTING)

    def returned(self, paid: Entry) -> Entry:
        """A payout that came back; this layout has no link to it."""
        words = f"{_PAID} Reversal"
        return Entry(
            self._clock.after(paid.at, 40), self._receipts.next(), "reversal", -paid.amount_minor,
            words, words, Expected("returned payout", ("review", "no_posting")),
            party=paid.party, reference=paid.reference,
        )  # fmt: skip

    def failed(self) -> Entry:
        """A payout that was never final."""
        payer = Payer(kenyan_phone(8_500), STRANGERS[1], FULL)
        return Entry(
            self._clock.any_time(), self._receipts.next(), "non_final", -2_000_00, _PAID, _PAID,
            Expected("never final", ("no_posting",)), party=payer.printed(), status="Failed",
        )  # fmt: skip

    def unknown(self) -> Entry:
        """A line that nobody has seen before."""
        words = "Float Rebalancing Adjustment"
        expected = Expected("unknown text", (*EITHER, "no_posting"))
        at, receipt = self._clock.any_time(), self._receipts.next()
        return Entry(at, receipt, "unknown", 410_00, words, words, expected)

    def _withdrawal(
        self, request: Request, reference: str, states: tuple[str, ...], shown: str = ""
    ) -> Entry:
        legs = (("savings", request.account_no, request.amount_minor),)
        shown = shown or self._dice.one_of((FULL, MASKED))
        payer = Payer(request.client.phone, request.client.name, shown)
        expected = Expected("withdrawal", states, "P", legs)
        return self._payout(payer, reference, request.amount_minor, expected)

    def _payout(
        self, payer: Payer, reference: str, amount: int, expected: Expected, words: str = _PAID
    ) -> Entry:
        at: datetime = self._clock.at_or_after(8 * 3600 + self._dice.below(10 * 3600))
        return Entry(
            at, self._receipts.next(), "payout", -amount, words, words, expected,
            party=payer.printed(), reference=reference,
        )  # fmt: skip
