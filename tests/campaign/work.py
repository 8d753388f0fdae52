"""What the campaign posts: lines with their legs, made by a seed from an institution's accounts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

COLLECTIONS, PAYOUTS = "600100", "600200"

TYPE_OF_COMMAND: Final = {
    "savings_deposit": 1, "savings_withdrawal": 2, "loan_disbursement": 1, "loan_repayment": 2,
}  # fmt: skip
"""Fineract's number of the transaction that a command makes."""


@dataclass(frozen=True)
class Account:
    """A savings account, or a loan that runs or waits for its money."""

    kind: str
    account_id: int
    account_no: str
    client_id: int
    waits: bool = False


@dataclass(frozen=True)
class Leg:
    """One write: `command` to an account."""

    account: Account
    minor: int
    command: str

    @property
    def type_id(self) -> int:
        """Fineract's number of the transaction it makes."""
        return TYPE_OF_COMMAND[self.command]


@dataclass(frozen=True)
class Line:
    """A payment of a wallet and the legs that people approve of it."""

    number: int
    receipt: str
    shortcode: str
    sign: int
    days_ago: int
    legs: tuple[Leg, ...]

    @property
    def minor(self) -> int:
        """What was paid."""
        return sum(leg.minor for leg in self.legs)


@dataclass
class Work:
    """Draws lines; every loan is disbursed once, every account is used again and again."""

    seed: int
    accounts: Sequence[Account]
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"work {self.seed}")
        self._savings = [one for one in self.accounts if one.kind == "savings"]
        self._loans = [one for one in self.accounts if one.kind == "loan" and not one.waits]
        self._waiting = [one for one in self.accounts if one.waits]
        self._dice.shuffle(self._waiting)
        self._taken = 0

    def draw(self, postings: int) -> list[Line]:
        """Lines with so many legs in all."""
        drawn: list[Line] = []
        while sum(len(line.legs) for line in drawn) < postings:
            drawn.append(self._line())
        self.lines += drawn
        return drawn

    def elsewhere(self, line: Line) -> Line:
        """The same payment, to other accounts: what an officer decides about one that came back."""
        legs = tuple(
            replace(leg, account=self._other(leg.account)) if not leg.account.waits else leg
            for leg in line.legs
        )
        distinct = len({leg.account for leg in legs}) == len(legs)
        return replace(line, legs=legs) if distinct else line

    def _other(self, account: Account) -> Account:
        return self._dice.choice(self._savings if account.kind == "savings" else self._loans)

    def _line(self) -> Line:
        dice = self._dice
        self._taken += 1
        number = self._taken
        receipt = f"C{self.seed:X}Z{number:06}"
        days_ago = dice.randint(1, 5)
        rolled = dice.random()
        if rolled < 0.08:
            legs: tuple[Leg, ...] = (self._leg("savings_withdrawal"),)
        elif rolled < 0.16 and self._waiting:
            legs = (Leg(self._waiting.pop(), 100_000_00, "loan_disbursement"),)
        else:
            legs = tuple(self._collected(rolled))
            return Line(number, receipt, COLLECTIONS, 1, days_ago, legs)
        return Line(number, receipt, PAYOUTS, -1, days_ago, legs)

    def _collected(self, rolled: float) -> Iterator[Leg]:
        if rolled < 0.60:
            yield self._leg("savings_deposit")
        elif rolled < 0.78:
            yield self._leg("loan_repayment")
        else:
            yield self._leg("loan_repayment")
            count = self._dice.choice((1, 1, 1, 2, 3))
            for account in self._dice.sample(self._savings, count):
                yield Leg(account, self._amount(), "savings_deposit")

    def _leg(self, command: str) -> Leg:
        accounts = self._loans if command == "loan_repayment" else self._savings
        return Leg(self._dice.choice(accounts), self._amount(), command)

    def _amount(self) -> int:
        return self._dice.choice((self._dice.randint(1, 1_500_00), 500_00, 1_000_00))
