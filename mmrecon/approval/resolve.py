"""One answer against the row as it stands now: legs and links, or the code that refuses it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Final

import pandas as pd

from mmrecon.approval import typed
from mmrecon.approval.accepted import Accepted, Answer, Target
from mmrecon.approval.answer_cells import CELLS, POSTING, check_cells, other_date, reason_in
from mmrecon.approval.payable import Payable
from mmrecon.approval.proposals import WalletPart
from mmrecon.approval.reversal_answers import of_reversal
from mmrecon.approval.typed import NamedAccount, TypedError
from mmrecon.model.account import AccountKind
from mmrecon.model.approval import Decision
from mmrecon.model.found import FoundMoney, found_of
from mmrecon.model.line import LineClass
from mmrecon.model.match import Leg
from mmrecon.model.money import to_text
from mmrecon.model.posting import Command
from mmrecon.model.proposal import Sheet

_OPEN_STATUS: Final[Mapping[Command, frozenset[str]]] = {
    Command.SAVINGS_DEPOSIT: frozenset({"active"}),
    Command.SAVINGS_WITHDRAWAL: frozenset({"active"}),
    Command.LOAN_REPAYMENT: frozenset({"active"}),
    Command.LOAN_DISBURSEMENT: frozenset({"approved"}),
}
_BLOCKING: Final = ("block", "no_credit", "no_debit", "dormant")


READ_BY_ANSWERS: Final = (
    "row_id", "line_id", "sheet", "wallet", "state", "source", "item_id", "item_key", "currency",
    "value_date", "receipt", "sign", "left_minor", "line_class", "legs_json", "found_json",
    "takes_back", "facts_json",
)  # fmt: skip
"""Columns of ProposalFrame that an answer is read against."""


@dataclass(frozen=True)
class Ledger:
    """Accounts (AccountFrame) and items (ItemFrame) as they are now, found by name and id."""

    accounts: pd.DataFrame
    items: pd.DataFrame

    @cached_property
    def _positions(self) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        names = zip(self.accounts["account_kind"], self.accounts["account_no"], strict=True)
        for position, name in enumerate(names):
            found.setdefault(name, []).append(position)
        return found

    @cached_property
    def _rows(self) -> list[Any]:
        return list(self.accounts.itertuples(index=False))

    def account(self, named: NamedAccount) -> Any:
        """The one account of a kind and number.

        Raises:
            TypedError: there is none, or more than one.
        """
        positions = self._positions.get((named.kind.value, named.number), [])
        if len(positions) != 1:
            code = "answer_account_doubled" if positions else "answer_account_unknown"
            raise TypedError(code, account=named.words())
        return self._rows[positions[0]]

    def number_of(self, kind: str, account_id: int) -> str:
        """The number of an account, empty where the snapshot lacks it."""
        found = self.accounts[
            (self.accounts["account_kind"] == kind) & (self.accounts["account_id"] == account_id)
        ]
        return str(found.iloc[0]["account_no"]) if len(found) else ""

    def item_of(self, kind: str, account_id: int, amount_minor: int) -> Any | None:
        """The one open item of an account with this amount; None when there is none or several."""
        items = self.items
        found = items[
            (items["account_kind"] == kind)
            & (items["account_id"] == account_id)
            & (items["left_minor"] == amount_minor)
            & (items["state"] == "open")
        ]
        return found.iloc[0] if len(found) == 1 else None

    def left_of_item(self, item_id: int) -> int:
        """What is left of an item; nothing of one that is gone."""
        items = self.items[(self.items["item_id"] == item_id) & (self.items["state"] == "open")]
        return int(items["left_minor"].sum())


@dataclass(frozen=True, slots=True)
class Resolver:
    """Everything an answer is read against."""

    ledger: Ledger
    wallets: Mapping[str, WalletPart]
    today: date
    payable: Payable = field(default_factory=Payable)

    def resolve(self, answer: Answer, decision: Decision, row: Any) -> Accepted:
        """The accepted answer; `row` is the proposal as it stands now.

        Raises:
            TypedError: the code that refuses it.
        """
        check_cells(answer, decision)
        reason = reason_in(answer, decision)
        found = self._found(answer, decision, row)
        moved = other_date(answer, row.value_date, self.today)
        facts = {
            "row_id": row.row_id,
            "line_id": int(row.line_id),
            "wallet": row.wallet,
            "decision": decision,
            "unchanged": decision is Decision.APPROVE
            and row.sheet == Sheet.TO_APPROVE.value
            and not moved,
            "line": row.source,
            "item_id": None if pd.isna(row.item_id) else int(row.item_id),
            "item_key": row.item_key,
            "currency": row.currency,
            "value_date": row.value_date,
            "receipt": row.receipt,
            "sign": int(row.sign),
            "left_minor": int(row.left_minor),
            "reason": reason,
            "found": found,
            **moved,
        }
        particulars = self._particulars(answer, decision, row)
        if decision in POSTING:
            tolerance_minor = self.wallets[row.wallet].overpayment_tolerance_minor
            self.payable.check(row, particulars["legs"], self.ledger.account, tolerance_minor)
        return Accepted(**(facts | particulars))

    def _particulars(self, answer: Answer, decision: Decision, row: Any) -> dict[str, Any]:
        particulars: dict[str, Any] = {}
        match decision:
            case Decision.APPROVE:
                particulars = self._approved(row)
            case Decision.DIFFERENT_ACCOUNT:
                named = typed.account(answer.different_account, CELLS["different_account"])
                particulars = self._moved(row, [(named, int(row.left_minor))])
            case Decision.SPLIT:
                particulars = self._split(row, typed.split(answer.split, row.currency))
            case Decision.HOLD_UNTIL:
                particulars = {"until": typed.hold_until(answer.hold_until, self.today)}
            case Decision.ALREADY_POSTED:
                particulars = self._linked(answer, row)
            case Decision.DONE_BY_HAND:
                reference = typed.paper_reference(answer.evidence_reference)
                particulars = {"paper_reference": reference}
            case Decision.UNDO | Decision.LEAVE:
                particulars = of_reversal(answer, decision, row)
            case Decision.SUSPENSE | Decision.NOT_OURS:
                pass
        return particulars

    def _found(self, answer: Answer, decision: Decision, row: Any) -> tuple[FoundMoney, ...]:
        """What mmrecon itself posted for this line before, and must not stand any more.

        Money that seems to be in Fineract already is posted again only for a stated reason.
        """
        if decision not in POSTING:
            return ()
        found = [
            replace(one, account_no=self.ledger.number_of(one.account_kind, one.account_id))
            for one in found_of(row.found_json)
        ]
        if found and not answer.reason:
            raise TypedError(_refusal_of(found[0]), **found[0].arguments())
        return tuple(one for one in found if one.batch_id)

    def _approved(self, row: Any) -> dict[str, Any]:
        legs = legs_of(row)
        if not legs:
            raise TypedError(
                "answer_not_possible",
                decision=Decision.APPROVE.value,
                because="nothing is proposed",
            )
        if sum(leg.amount_minor for leg in legs) != row.left_minor:
            raise TypedError(
                "answer_not_possible",
                decision=Decision.APPROVE.value,
                because="the proposal is not what is left",
            )
        self._check_postable(row, Decision.APPROVE)
        for leg in legs:
            named = NamedAccount(AccountKind(leg.account_kind), leg.account_no)
            self._open_account(named, Command(leg.command), row.currency)
            if row.line_class == LineClass.PAYOUT.value and pd.isna(row.item_id):
                raise TypedError("answer_no_item", account=named.words())
        if not pd.isna(row.item_id):
            self._check_item(int(row.item_id), int(row.left_minor))
        return {"legs": legs}

    def _split(self, row: Any, parts: Sequence[tuple[NamedAccount, int]]) -> dict[str, Any]:
        if row.line_class == LineClass.PAYOUT.value:
            raise TypedError("answer_payout_split")
        if row.line_class != LineClass.COLLECTION.value:
            raise TypedError(
                "answer_not_possible", decision=Decision.SPLIT.value, because="it is no collection"
            )
        given = sum(minor for _, minor in parts)
        if given != row.left_minor:
            raise TypedError(
                "answer_split_sum",
                given=to_text(given, row.currency),
                expected=to_text(int(row.left_minor), row.currency),
            )
        return self._moved(row, parts)

    def _moved(self, row: Any, parts: Sequence[tuple[NamedAccount, int]]) -> dict[str, Any]:
        """Legs to the accounts a person named; a payout settles the item of that account."""
        self._check_postable(row, Decision.DIFFERENT_ACCOUNT)
        out = row.line_class == LineClass.PAYOUT.value
        found = [
            (self._open_account(named, _command(named, out=out), row.currency), named, minor)
            for named, minor in parts
        ]
        if out:
            return self._paid_out(*found[0])
        return {"legs": tuple(_leg(n, _command(named, out=False), account, minor, minor)
                for n, (account, named, minor) in enumerate(found, 1))}  # fmt: skip

    def _paid_out(self, account: Any, named: NamedAccount, minor: int) -> dict[str, Any]:
        """The source of every payout is the item that was asked for (DESIGN section 5)."""
        item = self.ledger.item_of(named.kind.value, int(account.account_id), minor)
        if item is None:
            raise TypedError("answer_no_item", account=named.words())
        leg = _leg(1, _command(named, out=True), account, minor, int(item["posted_minor"]))
        return {
            "legs": (leg,), "item_id": int(item["item_id"]), "item_key": str(item["item_key"]),
        }  # fmt: skip

    def _linked(self, answer: Answer, row: Any) -> dict[str, Any]:
        """A transaction stands on the account that is named, else on the one proposed."""
        transaction_id = typed.transaction(answer.evidence_reference)
        if answer.different_account:
            named = typed.account(answer.different_account, CELLS["different_account"])
        else:
            legs = legs_of(row)
            if len(legs) != 1:
                raise TypedError(
                    "answer_needs_cell",
                    decision=Decision.ALREADY_POSTED.value,
                    cell=CELLS["different_account"],
                )
            named = NamedAccount(AccountKind(legs[0].account_kind), legs[0].account_no)
        account = self.ledger.account(named)
        return {"transaction_id": transaction_id, "target": _target(account)}

    def _open_account(self, named: NamedAccount, command: Command, currency: str) -> Any:
        account = self.ledger.account(named)
        status, sub_status = account.account_status, account.account_sub_status
        blocked = any(word in sub_status for word in _BLOCKING)
        if status not in _OPEN_STATUS[command] or blocked:
            raise TypedError(
                "answer_account_not_open",
                account=named.words(),
                status=(sub_status if blocked else status).replace("_", " "),
            )
        if account.currency != currency:
            raise TypedError(
                "answer_account_currency", account=named.words(), currency=account.currency
            )
        return account

    def _check_postable(self, row: Any, decision: Decision) -> None:
        if row.line_class not in (LineClass.COLLECTION.value, LineClass.PAYOUT.value):
            because = f"nothing is posted for a {row.line_class.replace('_', ' ')}"
            raise TypedError("answer_not_possible", decision=decision.value, because=because)
        if self.wallets[row.wallet].payment_type_id is None:
            raise TypedError("workbook_payment_type_missing")

    def _check_item(self, item_id: int, amount_minor: int) -> None:
        if self.ledger.left_of_item(item_id) < amount_minor:
            raise TypedError("answer_item_taken")


def _refusal_of(found: FoundMoney) -> str:
    if not found.transaction_id:
        return "answer_found_unclear"
    return "answer_posted_by_mmrecon" if found.batch_id else "answer_found_already"


def legs_of(row: Any) -> tuple[Leg, ...]:
    """The legs that a match proposes."""
    return tuple(Leg(**leg) for leg in json.loads(row.legs_json or "[]"))


def _command(named: NamedAccount, *, out: bool) -> Command:
    savings = named.kind is AccountKind.SAVINGS
    if out:
        return Command.SAVINGS_WITHDRAWAL if savings else Command.LOAN_DISBURSEMENT
    return Command.SAVINGS_DEPOSIT if savings else Command.LOAN_REPAYMENT


def _leg(number: int, command: Command, account: Any, amount_minor: int, posted_minor: int) -> Leg:
    target = _target(account)
    return Leg(
        number, command.value, target.account_kind, target.account_id, target.account_no,
        target.client_id, amount_minor, posted_minor,
    )  # fmt: skip


def _target(account: Any) -> Target:
    client_id = account.client_id
    return Target(
        account_kind=account.account_kind,
        account_id=int(account.account_id),
        account_no=account.account_no,
        client_id=None if pd.isna(client_id) else int(client_id),
    )
