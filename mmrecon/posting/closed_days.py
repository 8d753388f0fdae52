"""Value dates that Fineract would refuse: told before anything is tried (fineract-api.md 4.4, 5.3).

Closed books hold for products with accounting; holidays and non-working days for loans, unless a
configuration allows them; no account takes money from before it was opened. What this user may
not read is not judged: Fineract itself then refuses, and its code is understood the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from mmrecon.fineract.client import FineractClient, successful
from mmrecon.fineract.contract import as_date, as_integer, as_list, as_object, as_text
from mmrecon.fineract.contract_reads import AccountFacts
from mmrecon.model.posting import Posting

ALLOW_HOLIDAY: Final = "allow-transactions-on-holiday"
ALLOW_NON_WORKING: Final = "allow-transactions-on-non_workingday"

_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NO_ACCOUNTING: Final = 1
_ACTIVE_HOLIDAY: Final = 300

REASON_OF_REFUSAL: Final = {
    "error.msg.glJournalEntry.invalid.accounting.closed": "period_closed",
    "error.msg.loan.application.repayment.date.on.holiday": "holiday",
    "error.msg.loan.application.repayment.date.on.non.working.day": "non_working_day",
    "error.msg.savingsaccount.transaction.before.activation.date": "before_activation",
    "error.msg.loan.transaction.cannot.be.before.disbursement.date": "before_activation",
    "error.msg.loan.disbursal.cannot.be.before.approval.date": "before_activation",
}
"""Fineract's own refusals, as the reasons that allow another value date (DESIGN rule 7)."""


class ClosedDays:
    """What one worker has read of the tenant's days; each thing once, and only when it matters."""

    def __init__(self, client: FineractClient) -> None:
        self._client = client
        self._read: dict[str, Any] = {}

    @property
    def asked(self) -> int:
        """How many things were asked for so far."""
        return len(self._read)

    def reason(self, posting: Posting, facts: AccountFacts) -> str:
        """Why Fineract would refuse the value date; empty when nothing is known against it.

        Raises:
            OutsideUnreachable: Fineract does not answer.
        """
        day = date.fromisoformat(posting.value_date)
        if facts.opened_on is not None and day < facts.opened_on:
            return "before_activation"
        if posting.account_kind == "loan":
            if day.weekday() not in self._working_days():
                return "non_working_day"
            if self._is_holiday(day, facts.office_id):
                return "holiday"
        return "period_closed" if self._is_closed(day, posting, facts) else ""

    def closings(self) -> dict[int, date]:
        """Up to which day the books of each office are closed."""
        rows = self._once("glclosures", lambda: self._list("glclosures"))
        found: dict[int, date] = {}
        for row in rows:
            office_id, day = as_integer(row.get("officeId")), as_date(row.get("closingDate"))
            if office_id is not None and day is not None and row.get("deleted") is not True:
                found[office_id] = max(day, found.get(office_id, day))
        return found

    def _working_days(self) -> frozenset[int]:
        """Weekdays, Monday 0; all of them where the others are allowed too."""
        if self._is_allowed(ALLOW_NON_WORKING):
            return frozenset(range(7))
        answer = self._once("workingdays", lambda: self._object("workingdays"))
        _, _, days = as_text(answer.get("recurrence")).partition("BYDAY=")
        named = days.partition(";")[0].split(",") if days else _WEEKDAYS
        return frozenset(_WEEKDAYS.index(name) for name in named if name in _WEEKDAYS)

    def _is_holiday(self, day: date, office_id: int | None) -> bool:
        if office_id is None or self._is_allowed(ALLOW_HOLIDAY):
            return False
        key = f"holidays of {office_id}"
        rows = self._once(key, lambda: self._list("holidays", {"officeId": office_id}))
        return any(
            first <= day <= last
            for row in rows
            if as_integer(as_object(row.get("status")).get("id")) == _ACTIVE_HOLIDAY
            and (first := as_date(row.get("fromDate"))) is not None
            and (last := as_date(row.get("toDate"))) is not None
        )

    def _is_closed(self, day: date, posting: Posting, facts: AccountFacts) -> bool:
        closings = {office: until for office, until in self.closings().items() if day <= until}
        if not closings:
            return False
        return self._office(facts) in closings and self._keeps_books(posting, facts)

    def _office(self, facts: AccountFacts) -> int | None:
        """The loan's own, or the client's: a savings account does not tell it."""
        if facts.office_id is not None or facts.client_id is None:
            return facts.office_id
        path = f"clients/{facts.client_id}"
        return as_integer(self._once(path, lambda: self._object(path)).get("officeId"))

    def _keeps_books(self, posting: Posting, facts: AccountFacts) -> bool:
        plural = "loanproducts" if posting.account_kind == "loan" else "savingsproducts"
        path = f"{plural}/{facts.product_id}"
        rule = as_object(self._once(path, lambda: self._object(path)).get("accountingRule"))
        return as_integer(rule.get("id")) not in (None, _NO_ACCOUNTING)

    def _is_allowed(self, name: str) -> bool:
        path = f"configurations/name/{name}"
        return self._once(path, lambda: self._object(path)).get("enabled") is True

    def _once(self, key: str, read: Callable[[], Any]) -> Any:
        if key not in self._read:
            self._read[key] = read()
        return self._read[key]

    def _list(self, path: str, parameters: dict[str, str | int] | None = None) -> list[Any]:
        return list(as_list(self._answer(path, parameters)))

    def _object(self, path: str) -> dict[str, Any]:
        return dict(as_object(self._answer(path, None)))

    def _answer(self, path: str, parameters: dict[str, str | int] | None) -> object:
        """The answer; nothing where this user may not read it."""
        reply = self._client.ask(path, parameters)
        return None if reply.status == 403 else successful(reply, path).json()
