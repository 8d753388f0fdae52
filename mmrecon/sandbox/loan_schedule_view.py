"""Repayment schedules as the API writes them."""

from __future__ import annotations

from datetime import date
from typing import Any

from mmrecon.sandbox.clock import today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.values import Json, compact, date_parts, iso, number


def repayment_schedule(session: Session, row: Row, currency: Json) -> Json:
    """The schedule of a loan with what was paid of it."""
    sql = "select * from m_loan_repayment_schedule where loan_id = ? order by installment"
    rows = session.all(sql, (row["id"],))
    principal = row["principal_disbursed_derived"] or row["principal_amount"]
    start = row["disbursedon_date"] or row["expected_disbursedon_date"]
    business_date = iso(today(session))
    balance, periods = principal, [_disbursement_period(start, principal)]
    for one in rows:
        balance -= one["principal_amount"]
        periods.append(_period(one, balance, business_date))
    interest = sum(one["interest_amount"] for one in rows)
    paid_principal = sum(one["principal_completed_derived"] for one in rows)
    paid = paid_principal + sum(one["interest_completed_derived"] for one in rows)
    days = (date.fromisoformat(rows[-1]["duedate"]) - date.fromisoformat(start)).days if rows else 0
    return {
        "currency": currency,
        "loanTermInDays": days,
        "totalPrincipalDisbursed": number(principal),
        "totalPrincipalExpected": number(sum(one["principal_amount"] for one in rows)),
        "totalPrincipalPaid": number(paid_principal),
        "totalInterestCharged": number(interest),
        "totalFeeChargesCharged": 0,
        "totalPenaltyChargesCharged": 0,
        "totalWaived": 0,
        "totalWrittenOff": 0,
        "totalRepaymentExpected": number(principal + interest),
        "totalRepayment": number(paid),
        "totalPaidInAdvance": number(
            sum(one["total_paid_in_advance_derived"] or 0 for one in rows)
        ),
        "totalPaidLate": number(sum(one["total_paid_late_derived"] or 0 for one in rows)),
        "totalOutstanding": number(principal + interest - paid),
        "totalCredits": 0,
        "periods": periods,
    }


def _disbursement_period(start: str, principal: int) -> Json:
    return {
        "dueDate": date_parts(start),
        "principalDisbursed": number(principal),
        "principalLoanBalanceOutstanding": number(principal),
        "feeChargesDue": 0,
        "feeChargesPaid": 0,
        "totalOriginalDueForPeriod": 0,
        "totalDueForPeriod": 0,
        "totalPaidForPeriod": 0,
        "totalActualCostOfLoanForPeriod": 0,
        "totalCredits": 0,
        "downPaymentPeriod": False,
    }


def _period(one: Row, balance: int, business_date: str) -> Json:
    principal, interest = one["principal_amount"], one["interest_amount"]
    principal_paid, interest_paid = (
        one["principal_completed_derived"],
        one["interest_completed_derived"],
    )
    due, paid = principal + interest, principal_paid + interest_paid
    starts, ends = date.fromisoformat(one["fromdate"]), date.fromisoformat(one["duedate"])
    period: dict[str, Any] = {
        "period": one["installment"],
        "fromDate": date_parts(one["fromdate"]),
        "dueDate": date_parts(one["duedate"]),
        "obligationsMetOnDate": date_parts(one["obligations_met_on_date"]),
        "complete": bool(one["completed_derived"]),
        "daysInPeriod": (ends - starts).days,
        "principalOriginalDue": number(principal),
        "principalDue": number(principal),
        "principalPaid": number(principal_paid),
        "principalWrittenOff": 0,
        "principalOutstanding": number(principal - principal_paid),
        "principalLoanBalanceOutstanding": number(balance),
        "interestOriginalDue": number(interest),
        "interestDue": number(interest),
        "interestPaid": number(interest_paid),
        "interestWaived": 0,
        "interestWrittenOff": 0,
        "interestOutstanding": number(interest - interest_paid),
    }
    for kind in ("feeCharges", "penaltyCharges"):
        period |= {f"{kind}{n}": 0 for n in ["Due", "Paid", "Waived", "WrittenOff", "Outstanding"]}
    late = one["duedate"] < business_date and due > paid
    period |= {
        "totalOriginalDueForPeriod": number(due),
        "totalDueForPeriod": number(due),
        "totalPaidForPeriod": number(paid),
        "totalPaidInAdvanceForPeriod": number(one["total_paid_in_advance_derived"] or 0),
        "totalPaidLateForPeriod": number(one["total_paid_late_derived"] or 0),
        "totalWaivedForPeriod": 0,
        "totalWrittenOffForPeriod": 0,
        "totalOutstandingForPeriod": number(due - paid),
        "totalOverdue": number(due - paid) if late else None,
        "totalActualCostOfLoanForPeriod": number(interest),
        "totalInstallmentAmountForPeriod": number(due),
        "totalCredits": 0,
        "downPaymentPeriod": False,
    }
    return compact(period)
