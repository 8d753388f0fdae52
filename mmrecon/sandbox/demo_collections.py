"""Payments as members really make them: by account, by member number, by telephone, by mistake.

The mix follows domain.md 2.1 and 10. What is right for each payment is known when it is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from mmrecon.sandbox.demo_dice import DemoDice
from mmrecon.sandbox.demo_institution import (
    ACTIVE,
    BLOCKED,
    CLOSED,
    DemoClient,
    DemoLoan,
    Institution,
)
from mmrecon.sandbox.demo_lines import (
    FULL,
    MASKED,
    SHORTCODE,
    Collection,
    Expected,
    Leg,
    Payer,
)
from mmrecon.sandbox.demo_people import STRANGERS, kenyan_phone, ugandan_phone

READY: Final = ("ready",)
REVIEW: Final = ("review",)
SUSPENSE: Final = ("suspense",)
EITHER: Final = ("review", "suspense")
_USELESS: Final = ("loan", "savings", "for mama", "0", "", "MARCH", "shop", "school fees", "1")
_FIRST_STRANGER: Final = 5_000
_BANK: Final = Payer("900001", "EXAMPLE BANK LTD", SHORTCODE)
_SHOP: Final = Payer("555001", "JIRANI EXAMPLE SHOP", SHORTCODE)

Unit = list[Collection]
"""Payments that follow each other within minutes."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How many payments of each kind."""

    savings_account: int
    loan_account: int
    loan_external_id: int
    savings_product_code: int
    loan_product_code: int
    member_with_loan: int
    member_without_loan: int
    spelled_differently: int
    phone: int
    nothing_full_payer: int
    nothing_masked_payer: int
    typo: int
    no_zeros: int
    relative: int
    useless: int
    other_clients_phone: int


class CollectionMaker:
    """Makes the payments of one wallet; a loan gets the money of one unit only."""

    def __init__(
        self, institution: Institution, country: str, savings_product: str, dice: DemoDice
    ) -> None:
        clients = institution.of_country(country)
        self._product = savings_product
        self._is_kenya = country == "KE"
        self._day = institution.day
        self._dice = dice
        self._all = clients
        plain = [
            client for client in clients
            if client.savings[0].status == ACTIVE and not client.mobile_no.startswith("+")
        ]  # fmt: skip
        self._couple = [client for client in clients if client.mobile_no.startswith("+")]
        self._plain = [client for client in plain if client.phone not in self._shared_phones()]
        self._savers = self._cycle(self._plain)
        running = [client for client in self._plain if _running(client)]
        self._borrowers = iter(dice.shuffled([c for c in running if len(c.loans) == 1]))
        self._two_loans = [client for client in running if len(client.loans) > 1]
        self._without_loan = self._cycle([c for c in self._plain if not c.loans])
        self._strangers = 0
        self._numbers = _numbers(institution)

    def ordinary(self, mix: Mix) -> list[Unit]:
        """All payments of a mix, in no particular order."""
        makers: list[tuple[int, Callable[[], Collection]]] = [
            (mix.savings_account, self.by_savings_account),
            (mix.loan_account, lambda: self._by_loan(lambda loan, _: loan.account_no, "A1")),
            (mix.loan_external_id, lambda: self._by_loan(lambda loan, _: loan.external_id, "A1")),
            (mix.savings_product_code, self._by_savings_code),
            (mix.loan_product_code, lambda: self._by_loan(_with_code, "A2")),
            (mix.member_with_loan, self._by_member_with_loan),
            (mix.member_without_loan, self._by_member_without_loan),
            (mix.spelled_differently, self._spelled_differently),
            (mix.phone, self._by_phone),
            (mix.nothing_full_payer, lambda: self._by_payer(FULL, "B", REVIEW)),
            (mix.nothing_masked_payer, lambda: self._by_payer(MASKED, "C", EITHER)),
            (mix.typo, self._with_typo),
            (mix.no_zeros, self._without_zeros),
            (mix.relative, self._by_relative),
            (mix.useless, self._useless),
            (mix.other_clients_phone, self._from_other_clients_phone),
        ]
        units = [[make()] for count, make in makers for _ in range(count)]
        return self._dice.shuffled(units)

    def by_savings_account(self, how: str = "pay_bill") -> Collection:
        """A deposit by the account's own number."""
        client = next(self._savers)
        account = client.savings_of(self._product)
        amount = self._amount()
        expected = Expected("deposit", READY, "A1", (("savings", account.account_no, amount),))
        return Collection(self._payer(client), account.account_no, amount, expected, how)

    def from_institutions(self, through_bank: int, through_till: int) -> list[Unit]:
        """Deposits where the payer is a bank's or a shop's shortcode."""
        units = []
        for payer, how, count in (
            (_BANK, "bank", through_bank),
            (_SHOP, "till", through_till),
        ):
            for _ in range(count):
                made = self.by_savings_account()
                units.append(
                    [Collection(payer, made.reference, made.amount_minor, made.expected, how)]
                )
        return units

    def oddities(self) -> list[Unit]:
        """One of each that needs care: several payments that belong together, closed accounts."""
        units = [self._twice(), self._paid_off_and_again(), self._first_seen_by_second()]
        units += [[self._too_much()], [self._group_sum()]]
        units += [[made] for made in self._to_accounts_in(CLOSED, "account closed")]
        units += [[made] for made in self._to_accounts_in(BLOCKED, "account blocked")]
        units += [[self._two_loans_one_number(client)] for client in self._two_loans[:1]]
        units += [[self._couples_phone(client)] for client in self._couple]
        return units

    def _by_loan(self, refer: Callable[[DemoLoan, DemoClient], str], tier: str) -> Collection:
        client = next(self._borrowers)
        loan = client.loans[0]
        amount = min(loan.instalment_minor, loan.outstanding_minor)
        expected = Expected("repayment", READY, tier, (("loan", loan.account_no, amount),))
        return Collection(self._payer(client), refer(loan, client), amount, expected)

    def _by_savings_code(self) -> Collection:
        client = next(self._savers)
        account = client.savings[-1]
        amount = self._amount()
        reference = f"{client.number}{self._dice.one_of(('', ' ', '-'))}{account.product}"
        expected = Expected("deposit", READY, "A2", (("savings", account.account_no, amount),))
        return Collection(self._payer(client), reference, amount, expected)

    def _by_member_with_loan(self) -> Collection:
        client = next(self._borrowers)
        due = client.loans[0].due_minor(self._day)
        more = self._amount()
        amount = self._dice.one_of((due + more, due + more, due or more, due // 2 or more))
        legs = self.waterfall(client, amount, due)
        return self._member(client, amount, Expected("waterfall", READY, "A3", legs))

    def _by_member_without_loan(self) -> Collection:
        client = next(self._without_loan)
        amount = self._amount()
        legs = self.waterfall(client, amount, 0)
        return self._member(client, amount, Expected("deposit", READY, "A3", legs))

    def waterfall(self, client: DemoClient, amount_minor: int, due_minor: int) -> tuple[Leg, ...]:
        """What is due on the loan first, the rest to savings."""
        to_loan = min(amount_minor, due_minor)
        legs: list[Leg] = []
        if to_loan:
            legs.append(("loan", client.loans[0].account_no, to_loan))
        if amount_minor > to_loan:
            account = client.savings_of(self._product)
            legs.append(("savings", account.account_no, amount_minor - to_loan))
        return tuple(legs)

    def _member(self, client: DemoClient, amount: int, expected: Expected) -> Collection:
        rare = client.national_id or client.external_id
        reference = self._dice.one_of((client.number, client.number, client.external_id, rare))
        return Collection(self._payer(client), reference, amount, expected)

    def _spelled_differently(self) -> Collection:
        made = self.by_savings_account()
        number = made.reference
        spellings = (
            f"{number[:4]} {number[4:]}", f"{number[:3]}-{number[3:6]}-{number[6:]}",
            f"s{number}", f" {number}.",
        )  # fmt: skip
        reference = self._dice.one_of(spellings)
        return Collection(made.payer, reference, made.amount_minor, made.expected)

    def _by_phone(self) -> Collection:
        client = next(self._without_loan)
        reference = f"0{client.phone[3:]}" if self._dice.below(2) else client.phone
        expected = Expected("telephone as reference", REVIEW, "B")
        return Collection(self._payer(client), reference, self._amount(), expected)

    def _by_payer(self, shown: str, tier: str, states: tuple[str, ...]) -> Collection:
        client = next(self._without_loan)
        payer = Payer(client.phone, client.name, shown)
        expected = Expected("no usable reference", states, tier)
        return Collection(payer, self._dice.one_of(_USELESS), self._amount(), expected)

    def _with_typo(self) -> Collection:
        made = self.by_savings_account()
        reference = self._mistyped(made.reference)
        expected = Expected("one edit away", EITHER, "C")
        return Collection(made.payer, reference, made.amount_minor, expected)

    def _mistyped(self, number: str) -> str:
        """A number with two digits changed places or one digit wrong that nobody has."""
        while True:
            place = self._dice.between(3, len(number) - 2)
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            wrong = number[:place] + str(self._dice.below(10)) + number[place + 1 :]
            mistyped = self._dice.one_of((swapped, wrong))
            if mistyped != number and mistyped.lstrip("0") not in self._numbers:
                return mistyped

    def _without_zeros(self) -> Collection:
        made = self.by_savings_account()
        expected = Expected("leading zeros lost", EITHER, "C")
        return Collection(made.payer, made.reference.lstrip("0"), made.amount_minor, expected)

    def _by_relative(self) -> Collection:
        made = self.by_savings_account()
        return Collection(self._stranger(), made.reference, made.amount_minor, made.expected)

    def _useless(self) -> Collection:
        expected = Expected("stranger without reference", SUSPENSE, "E")
        return Collection(self._stranger(), self._dice.one_of(_USELESS), self._amount(), expected)

    def _from_other_clients_phone(self) -> Collection:
        """The payer as shown is another registered client than the one named."""
        made = self.by_savings_account()
        other = next(client for client in self._without_loan if client.name != made.payer.name)
        payer = Payer(other.phone, other.name, FULL)
        expected = Expected("payer is another client", REVIEW, "A1", made.expected.legs)
        return Collection(payer, made.reference, made.amount_minor, expected)

    def _twice(self) -> Unit:
        """The same payment twice within minutes."""
        made = self.by_savings_account()
        first = Expected("double payment", ("ready", "review"), "A1", made.expected.legs)
        second = Expected("double payment", REVIEW, "A1", made.expected.legs)
        return [
            Collection(made.payer, made.reference, made.amount_minor, expected)
            for expected in (first, second)
        ]

    def _paid_off_and_again(self) -> Unit:
        """A loan closed by one payment; the next one would be too much."""
        client = next(self._borrowers)
        loan = client.loans[0]
        payer = self._payer(client)
        legs: tuple[Leg, ...] = (("loan", loan.account_no, loan.outstanding_minor),)
        off = Expected("loan paid off", READY, "A1", legs)
        again = Expected("loan already paid off", REVIEW, "A1")
        return [
            Collection(payer, loan.account_no, loan.outstanding_minor, off),
            Collection(payer, loan.account_no, loan.instalment_minor, again),
        ]

    def _first_seen_by_second(self) -> Unit:
        """Two payments by member number: the second finds less due."""
        client = next(c for c in self._borrowers if c.loans[0].due_minor(self._day))
        due = client.loans[0].due_minor(self._day)
        first = due * 3 // 4 // 100 * 100
        second = due - first + self._amount()
        payer = self._payer(client)
        return [
            Collection(
                payer, client.number, amount,
                Expected("waterfall", READY, "A3", self.waterfall(client, amount, left)),
            )
            for amount, left in ((first, due), (second, due - first))
        ]  # fmt: skip

    def _too_much(self) -> Collection:
        client = next(self._borrowers)
        loan = client.loans[0]
        amount = loan.outstanding_minor + self._amount()
        expected = Expected("more than is owed", REVIEW, "A1")
        return Collection(self._payer(client), loan.account_no, amount, expected)

    def _group_sum(self) -> Collection:
        expected = Expected("a group's sum", EITHER)
        return Collection(self._stranger(), "G0451", self._amount() * 12, expected)

    def _to_accounts_in(self, status: str, story: str) -> Iterator[Collection]:
        for client in self._all:
            account = client.savings[0]
            if account.status == status:
                expected = Expected(story, REVIEW, "A1")
                payer = self._payer(client)
                yield Collection(payer, account.account_no, self._amount(), expected)

    def _two_loans_one_number(self, client: DemoClient) -> Collection:
        expected = Expected("two loans, one member number", ("review", "ready"), "A3")
        return Collection(self._payer(client), client.number, self._amount(), expected)

    def _couples_phone(self, client: DemoClient) -> Collection:
        expected = Expected("a couple's telephone", REVIEW, "D")
        return Collection(self._payer(client), client.phone, self._amount(), expected)

    def _payer(self, client: DemoClient) -> Payer:
        """Most are shown masked in Kenya, all of them in full in Uganda."""
        shown = MASKED if self._is_kenya and self._dice.below(4) else FULL
        return Payer(client.phone, client.name, shown)

    def _stranger(self) -> Payer:
        self._strangers += 1
        number = _FIRST_STRANGER + self._strangers
        phone = kenyan_phone(number) if self._is_kenya else ugandan_phone(number)
        name = STRANGERS[self._strangers % len(STRANGERS)]
        return Payer(phone, name, self._dice.one_of((MASKED, FULL)) if self._is_kenya else FULL)

    def _amount(self) -> int:
        if self._is_kenya:
            return self._dice.between(200_00, 5_000_00, 50_00)
        return self._dice.between(10_000, 200_000, 1_000)

    def _cycle(self, clients: list[DemoClient]) -> Iterator[DemoClient]:
        while True:
            yield from self._dice.shuffled(clients)

    def _shared_phones(self) -> set[str]:
        return {client.phone for client in self._couple}


def _running(client: DemoClient) -> bool:
    return any(loan.disbursed_on for loan in client.loans)


def _with_code(loan: DemoLoan, client: DemoClient) -> str:
    return f"{client.number} {loan.product}"


def _numbers(institution: Institution) -> set[str]:
    """Every number that names somebody, without leading zeros."""
    found: set[str] = set()
    for client in institution.clients:
        found |= {client.number, client.phone, client.phone[3:], client.national_id}
        found |= {account.account_no.lstrip("0") for account in client.savings}
        found |= {loan.account_no.lstrip("0") for loan in client.loans}
    return found
