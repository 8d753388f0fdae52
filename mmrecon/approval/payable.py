"""What mmrecon knows cannot be posted, said before anybody signs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from mmrecon.approval.typed import NamedAccount, TypedError
from mmrecon.model.account import AccountKind
from mmrecon.model.match import Leg
from mmrecon.model.money import to_text
from mmrecon.model.posting import Command


@dataclass(frozen=True, slots=True)
class Payable:
    """Loans take what they owe, and a payment that the provider took back is posted nowhere.

    `reversed_lines` are ids of lines whose reversal was seen; `promised_minor` is what answers
    that were accepted before pay to each loan, by its id.
    """

    reversed_lines: frozenset[int] = frozenset()
    promised_minor: dict[int, int] = field(default_factory=dict)

    def check(
        self,
        row: Any,
        legs: Sequence[Leg],
        account_of: Callable[[NamedAccount], Any],
        tolerance_minor: int,
    ) -> None:
        """Take the legs of one answer into account.

        Raises:
            TypedError: they cannot all be posted.
        """
        if int(row.line_id) in self.reversed_lines:
            raise TypedError("answer_payment_reversed")
        paid_minor: dict[str, int] = {}
        for leg in legs:
            if leg.command == Command.LOAN_REPAYMENT.value:
                paid_minor[leg.account_no] = paid_minor.get(leg.account_no, 0) + leg.posted_minor
        loans = {
            number: account_of(NamedAccount(AccountKind.LOAN, number)) for number in paid_minor
        }
        for number, loan in loans.items():
            self._check_loan(loan, paid_minor[number], tolerance_minor)
        for number, loan in loans.items():
            loan_id = int(loan.account_id)
            self.promised_minor[loan_id] = self.promised_minor.get(loan_id, 0) + paid_minor[number]

    def _check_loan(self, loan: Any, paid_minor: int, tolerance_minor: int) -> None:
        if pd.isna(loan.outstanding_minor):
            return
        promised_minor = self.promised_minor.get(int(loan.account_id), 0)
        left_minor = max(0, int(loan.outstanding_minor) - promised_minor)
        if promised_minor + paid_minor > int(loan.outstanding_minor) + tolerance_minor:
            raise TypedError(
                "answer_loan_owes_less",
                account_no=loan.account_no,
                left=to_text(left_minor, loan.currency),
                given=to_text(paid_minor, loan.currency),
            )
