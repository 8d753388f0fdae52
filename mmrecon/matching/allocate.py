"""Into which accounts the money of each line goes: legs that add up (domain.md 2.6).

Lines are taken in the order of completion, so that the second payment of a day sees the first.
Fineract's own order inside a loan is left to Fineract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mmrecon.config import MatchingPolicy, WaterfallStep
from mmrecon.matching.index import LOAN, NOT_KNOWN, LedgerIndex
from mmrecon.matching.keys import Keys, Places, texts
from mmrecon.matching.references import comparison
from mmrecon.matching.vetoes import BIT, PREVENTS_LEGS

Taken = list[tuple[int, int]]
"""Account rows and what each takes, in order."""


@dataclass(slots=True)
class Legs:
    """Legs of all lines: line, account row and amount, in order; and vetoes found on the way."""

    line: list[int] = field(default_factory=list)
    account: list[int] = field(default_factory=list)
    amount: list[int] = field(default_factory=list)

    def add(self, line: int, taken: Taken) -> None:
        """The legs of one line."""
        for account, amount_minor in taken:
            self.line.append(line)
            self.account.append(account)
            self.amount.append(amount_minor)


@dataclass(frozen=True, slots=True)
class Purse:
    """One line's money and where it may go; `account` is negative for the waterfall."""

    owner: int
    account: int
    amount_minor: int
    wallet_id: int


class Allocator:
    """Keeps what earlier lines of the run have put on each loan."""

    def __init__(
        self,
        index: LedgerIndex,
        policies: Mapping[int, tuple[MatchingPolicy, str]],
    ) -> None:
        self._index = index
        self._accounts_of: dict[int, list[int]] = {}
        self._policies = policies
        self._paid: dict[int, int] = {}
        self._products: dict[str, int] = {
            str(code): at for at, code in enumerate(index.accounts.product_codes)
        }
        self._open: Final = {
            wallet_id: index.accounts.open_in(currency)
            for wallet_id, (_, currency) in policies.items()
        }

    def look_up(self, owners: Places) -> None:
        """Find the accounts of the owners (each once) whose money is to be allocated."""
        self._accounts_of |= {owner: [] for owner in owners.tolist()}
        which, rows = self._index.accounts_of(owners)
        for owner, row in zip(owners[which].tolist(), rows.tolist(), strict=True):
            self._accounts_of[owner].append(row)

    def allocate(self, purse: Purse, vetoes: int) -> tuple[Taken, int]:
        """The legs of one line and its vetoes; no legs where a veto prevents them."""
        if vetoes & PREVENTS_LEGS:
            return [], vetoes
        if purse.account >= 0:
            taken, more = self._direct(purse)
        else:
            taken, more = self._waterfall(purse)
        vetoes |= more
        if vetoes & PREVENTS_LEGS:
            return [], vetoes
        for account, amount_minor in taken:
            self._paid[account] = self._paid.get(account, 0) + amount_minor
        return taken, vetoes

    def only_savings(self, owners: Places, wallet_ids: Keys) -> Places:
        """The account into which all money of an owner flows whatever is due, or -1.

        It is a savings account, the owner has no other open one, and the waterfall takes it.
        """
        accounts = self._index.accounts
        found = np.full(len(owners), -1, dtype=np.int64)
        for wallet_id, (policy, _) in self._policies.items():
            rows = np.flatnonzero(self._open[wallet_id])
            alone = np.bincount(accounts.owner[rows], minlength=int(owners.max(initial=0)) + 1) == 1
            rows = rows[alone[accounts.owner[rows]] & (accounts.kind[rows] != LOAN)]
            taken = [step.product for step in policy.waterfall if step.kind == "savings"]
            if "" not in taken:
                products = [self._product(code) for code in taken]
                rows = rows[np.isin(accounts.product[rows], products)]
            account_of = np.full(len(alone), -1, dtype=np.int64)
            account_of[accounts.owner[rows]] = rows
            mine = wallet_ids == wallet_id
            found[mine] = account_of[owners[mine]]
        return found

    def _direct(self, purse: Purse) -> tuple[Taken, int]:
        account = purse.account
        taken = [(account, purse.amount_minor)]
        if self._index.accounts.kind[account] != LOAN:
            return taken, 0
        return taken, self._overpaid(account, purse.amount_minor, purse.wallet_id)

    def _overpaid(self, account: int, amount_minor: int, wallet_id: int) -> int:
        outstanding_minor = int(self._index.accounts.outstanding[account])
        if outstanding_minor == NOT_KNOWN:
            return BIT["due_unknown"]
        bears = outstanding_minor - self._paid.get(account, 0)
        bears += self._policies[wallet_id][0].overpayment_tolerance_minor
        return BIT["overpayment"] if amount_minor > bears else 0

    def _waterfall(self, purse: Purse) -> tuple[Taken, int]:
        policy, _ = self._policies[purse.wallet_id]
        is_open = self._open[purse.wallet_id]
        own = [row for row in self._accounts_of[purse.owner] if is_open[row]]
        left_minor = purse.amount_minor
        taken: Taken = []
        vetoes = 0
        for step in policy.waterfall:
            if left_minor == 0 or vetoes:
                break
            account, takes_minor, vetoes = self._step(step, own, left_minor, taken)
            if takes_minor:
                taken.append((account, takes_minor))
                left_minor -= takes_minor
        if left_minor and not vetoes:
            vetoes = BIT["remainder_unplaced"]
        taken = _merged(taken)
        if vetoes:
            return taken, vetoes
        for account, amount_minor in taken:
            if self._index.accounts.kind[account] == LOAN:
                vetoes |= self._overpaid(account, amount_minor, purse.wallet_id)
        return taken, vetoes

    def _step(
        self, step: WaterfallStep, own: Sequence[int], left_minor: int, taken: Taken
    ) -> tuple[int, int, int]:
        """What one step takes: account, amount, vetoes."""
        fitting = [row for row in own if self._fits(step, row)]
        if not fitting:
            return -1, 0, 0
        if step.kind == "savings":
            return (
                (-1, 0, BIT["several_savings"]) if len(fitting) > 1 else (fitting[0], left_minor, 0)
            )
        needs = {row: self._need(step, row, left_minor, taken) for row in fitting}
        if NOT_KNOWN in needs.values():
            return -1, 0, BIT["due_unknown"]
        products = [int(self._index.accounts.product[row]) for row in fitting]
        wanting = [row for row in fitting if needs[row] > 0]
        if len(set(products)) < len(products) or len(wanting) > 1:
            return -1, 0, BIT["several_loans"]
        if not wanting:
            return -1, 0, 0
        return wanting[0], min(left_minor, needs[wanting[0]]), 0

    def _fits(self, step: WaterfallStep, row: int) -> bool:
        accounts = self._index.accounts
        if (accounts.kind[row] == LOAN) != (step.kind == "loan"):
            return False
        return not step.product or self._product(step.product) == accounts.product[row]

    def _product(self, code: str) -> int:
        if code not in self._products:
            plain = comparison(texts([code]))[0].as_py()
            self._products[code] = self._products.get(plain, -1)
        return self._products[code]

    def _need(self, step: WaterfallStep, row: int, left_minor: int, taken: Taken) -> int:
        if step.takes == "all":
            return left_minor
        accounts = self._index.accounts
        column: Keys = {
            "overdue": accounts.overdue, "due": accounts.due, "outstanding": accounts.outstanding
        }[step.takes]  # fmt: skip
        if column[row] == NOT_KNOWN:
            return NOT_KNOWN
        before_minor = sum(amount_minor for account, amount_minor in taken if account == row)
        return max(0, int(column[row]) - self._paid.get(row, 0) - before_minor)


def _merged(taken: Taken) -> Taken:
    """One leg for each account, in the order of the first."""
    sums: dict[int, int] = {}
    for account, amount_minor in taken:
        sums[account] = sums.get(account, 0) + amount_minor
    return list(sums.items())


def needs_order(account: Places, kind: Places, tier: Places) -> Keys:
    """Lines whose legs depend on earlier lines: to a loan, or by the waterfall."""
    safe = np.where(account >= 0, account, 0)
    is_loan = (account >= 0) & (kind[safe] == LOAN) if len(kind) else np.zeros(len(account), bool)
    ordered: Keys = np.flatnonzero((tier > 0) & ((account < 0) | is_loan))
    return ordered
