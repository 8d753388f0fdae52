"""Loans, schedules and loan transactions as the API writes them."""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox import payment_details
from mmrecon.sandbox.clock import today
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.enums import ACCOUNT_TYPE, PERIOD, loan_status, loan_transaction, option
from mmrecon.sandbox.loan_products import loan_terms
from mmrecon.sandbox.organisation import account_currency
from mmrecon.sandbox.timeline import person
from mmrecon.sandbox.values import Json, compact, date_parts, iso, number

LOAN_COLUMNS = (
    "l.*, p.name as product_name, p.accounting_type, c.account_no as client_no, "
    "c.display_name as client_name, c.external_id as client_external_id, "
    "g.display_name as group_name, coalesce(c.office_id, g.office_id) as office_id"
)
LOAN_SOURCE = (
    "m_loan l join m_product_loan p on p.id = l.product_id "
    "left join m_client c on c.id = l.client_id left join m_group g on g.id = l.group_id"
)
TRANSACTION_COLUMNS = (
    "t.*, o.name as office_name, l.external_id as loan_external_id, l.currency_code, "
    "l.currency_digits, l.currency_multiplesof, l.net_disbursal_amount, " + payment_details.SELECTED
)
TRANSACTION_SOURCE = (
    "m_loan_transaction t join m_loan l on l.id = t.loan_id "
    "left join m_office o on o.id = t.office_id " + payment_details.JOINED
)
SUMS = {21: "MerchantRefund", 22: "PayoutRefund", 23: "GoodwillCredit", 2: "RepaymentTransaction"}
ZERO_PARTS = ("feeChargesPortion", "penaltyChargesPortion")


def overdue(session: Session, loan_id: int) -> Row | None:
    """What should have been paid before today: principal, interest, since when."""
    sql = """
        select sum(principal_amount - principal_completed_derived) as principal,
          sum(interest_amount - interest_completed_derived) as interest, min(duedate) as since
        from m_loan_repayment_schedule
        where loan_id = ? and duedate < ? and not completed_derived
    """
    return session.one(sql, (loan_id, iso(today(session))))


def _timeline(session: Session, row: Row) -> Json:
    line: Json = {}
    for step in ("submitted", "rejected", "withdrawn", "approved"):
        if row[f"{step}on_date"] is not None:
            line[f"{step}OnDate"] = date_parts(row[f"{step}on_date"])
            line |= person(session, f"{step}By", row[f"{step}on_userid"])
    line["expectedDisbursementDate"] = date_parts(row["expected_disbursedon_date"])
    if row["disbursedon_date"] is not None:
        line["actualDisbursementDate"] = date_parts(row["disbursedon_date"])
        line |= person(session, "disbursedBy", row["disbursedon_userid"])
    line |= {
        "closedOnDate": date_parts(row["closedon_date"]),
        "actualMaturityDate": date_parts(row["maturedon_date"] or row["expected_maturedon_date"]),
        "expectedMaturityDate": date_parts(row["expected_maturedon_date"]),
        "writeOffOnDate": date_parts(row["writtenoffon_date"]),
    }
    return compact(line)


def summary(row: Row, currency: Json, late: Row | None) -> Json:
    """The sums of a loan that was disbursed."""
    principal_late = (late["principal"] if late else None) or 0
    interest_late = (late["interest"] if late else None) or 0
    sums: Json = {
        "currency": currency,
        "principalDisbursed": number(row["principal_disbursed_derived"]),
        "principalAdjustments": 0,
        "principalPaid": number(row["principal_repaid_derived"]),
        "principalWrittenOff": number(row["principal_writtenoff_derived"]),
        "principalOutstanding": number(row["principal_outstanding_derived"]),
        "principalOverdue": number(principal_late),
        "interestCharged": number(row["interest_charged_derived"]),
        "interestPaid": number(row["interest_repaid_derived"]),
        "interestWaived": number(row["interest_waived_derived"]),
        "interestWrittenOff": number(row["interest_writtenoff_derived"]),
        "interestOutstanding": number(row["interest_outstanding_derived"]),
        "interestOverdue": number(interest_late),
    }
    for kind, change in (("feeCharges", "fee"), ("penaltyCharges", "penalty")):
        names = ["Charged", "Paid", "Waived", "WrittenOff", "Outstanding", "Overdue"]
        sums |= {f"{kind}{name}": 0 for name in names} | {f"{change}Adjustments": 0}
    sums |= {
        "feeChargesDueAtDisbursementCharged": 0,
        "totalExpectedRepayment": number(row["total_expected_repayment_derived"]),
        "totalRepayment": number(row["total_repayment_derived"]),
        "totalExpectedCostOfLoan": number(row["total_expected_costofloan_derived"]),
        "totalCostOfLoan": number(row["total_costofloan_derived"]),
        "totalWaived": number(row["total_waived_derived"]),
        "totalWrittenOff": number(row["total_writtenoff_derived"]),
        "totalOutstanding": number(row["total_outstanding_derived"]),
        "totalOverdue": number(principal_late + interest_late),
        "totalRecovered": number(row["total_recovered_derived"] or 0),
        "overdueSinceDate": date_parts(late["since"]) if late else None,
    }
    return compact(sums)


def _totals_by_kind(session: Session, loan_id: int) -> Json:
    sql = """
        select transaction_type_enum, sum(case when not is_reversed then amount end) as live,
          sum(case when is_reversed and manually_adjusted_or_reversed then amount end) as undone
        from m_loan_transaction where loan_id = ? group by transaction_type_enum
    """
    found = {row[0]: row for row in session.all(sql, (loan_id,))}
    totals: Json = {}
    for kind, name in {**SUMS, 20: "CreditBalanceRefund", 26: "ChargeAdjustment"}.items():
        row = found.get(kind)
        totals[f"total{name}"] = number((row["live"] if row else None) or 0)
        totals[f"total{name}Reversed"] = number((row["undone"] if row else None) or 0)
    return {**totals, "totalChargeback": 0}


def loan(session: Session, row: Row, known: dict[str, Row]) -> Json:
    """A loan as lists show it; single reads add to it."""
    currency = account_currency(row, known)
    disbursed = row["loan_status_id"] >= 300 and row["disbursedon_date"] is not None
    late = overdue(session, row["id"]) if disbursed else None
    is_late = late is not None and late["since"] is not None and bool(late["principal"])
    shown = {
        "id": row["id"],
        "accountNo": row["account_no"],
        "externalId": row["external_id"],
        "status": loan_status(row["loan_status_id"]),
        "clientId": row["client_id"],
        "clientAccountNo": row["client_no"],
        "clientName": row["client_name"],
        "clientExternalId": row["client_external_id"],
        "clientOfficeId": row["office_id"] if row["client_id"] else None,
        "group": _group(row),
        "loanProductId": row["product_id"],
        "loanProductName": row["product_name"],
        "isLoanProductLinkedToFloatingRate": False,
        "loanType": option(row["loan_type_enum"], "accountType", ACCOUNT_TYPE),
        "currency": currency,
        "principal": number(row["principal_amount"]),
        "approvedPrincipal": number(row["approved_principal"]),
        "proposedPrincipal": number(row["principal_amount_proposed"]),
        "netDisbursalAmount": number(row["net_disbursal_amount"]),
        "termFrequency": row["term_frequency"],
        "termPeriodFrequencyType": option(
            row["term_period_frequency_enum"], "termFrequency.periodFrequencyType", PERIOD
        ),
        "numberOfRepayments": row["number_of_repayments"],
        **loan_terms(row),
        "isFloatingInterestRate": False,
        "syncDisbursementWithMeeting": False,
        "disallowExpectedDisbursements": False,
        "timeline": _timeline(session, row),
        "summary": summary(row, currency, late) if disbursed else None,
        "feeChargesAtDisbursementCharged": 0,
        "totalOverpaid": number(row["total_overpaid_derived"]),
        "loanProductCounter": row["loan_product_counter"],
        **_constants(late if is_late else None),
        "delinquent": _NOT_DELINQUENT,
    }
    return compact(shown)


_NOT_DELINQUENT = {
    "availableDisbursementAmount": 0,
    "pastDueDays": 0,
    "delinquentDays": 0,
    "delinquentAmount": 0,
    "lastPaymentAmount": 0,
    "lastRepaymentAmount": 0,
}
_SINGLE = {
    "collateral": [],
    "overdueCharges": [],
    "paidInAdvance": {"paidInAdvance": 0},
    "isRatesEnabled": False,
    "loanScheduleTypeOptions": [
        {"id": 1, "code": "CUMULATIVE", "value": "Cumulative"},
        {"id": 2, "code": "PROGRESSIVE", "value": "Progressive"},
    ],
    "loanScheduleProcessingTypeOptions": [
        {"id": 1, "code": "HORIZONTAL", "value": "Horizontal"},
        {"id": 2, "code": "VERTICAL", "value": "Vertical"},
    ],
}


def single_loan(session: Session, row: Row, known: dict[str, Row]) -> Json:
    """A loan as it is read alone."""
    shown = {**loan(session, row, known), **_SINGLE}
    if "summary" in shown:
        shown["summary"] |= _totals_by_kind(session, row["id"])
        shown["delinquent"] = _delinquent(session, row)
    return shown


def _delinquent(session: Session, row: Row) -> Json:
    late = overdue(session, row["id"])
    sql = """
        select min(duedate) from m_loan_repayment_schedule
        where loan_id = ? and not completed_derived
    """
    days = 0
    if late is not None and late["since"] is not None:
        days = (today(session) - date.fromisoformat(late["since"])).days
    owed = 0 if late is None else (late["principal"] or 0) + (late["interest"] or 0)
    last = """
        select transaction_date, amount from m_loan_transaction
        where loan_id = ? and transaction_type_enum = 2 and not is_reversed
        order by transaction_date desc, id desc
    """
    paid = session.one(last, (row["id"],))
    day, amount = (None, 0) if paid is None else (date_parts(paid[0]), number(paid[1]))
    return compact(
        {
            "availableDisbursementAmount": number(row["approved_principal"]),
            "pastDueDays": days,
            "nextPaymentDueDate": date_parts(session.value(sql, (row["id"],))),
            "delinquentDays": days,
            "delinquentDate": date_parts(late["since"]) if late is not None else None,
            "delinquentAmount": number(owed),
            "lastPaymentDate": day,
            "lastPaymentAmount": amount,
            "lastRepaymentDate": day,
            "lastRepaymentAmount": amount,
            "delinquencyPausePeriods": [],
        }
    )


def _group(row: Row) -> Json | None:
    if row["group_id"] is None:
        return None
    return {"id": row["group_id"], "name": row["group_name"]}


def _constants(late: Row | None) -> Json:
    return {
        "multiDisburseLoan": False,
        "canDefineInstallmentAmount": False,
        "canUseForTopup": False,
        "isTopup": False,
        "fraud": False,
        "closureLoanId": 0,
        "inArrears": late is not None,
        "isNPA": False,
        "daysInMonthType": {"id": 1, "code": "DaysInMonthType.actual", "value": "Actual"},
        "daysInYearType": {"id": 1, "code": "DaysInYearType.actual", "value": "Actual"},
        "isInterestRecalculationEnabled": False,
        "createStandingInstructionAtDisbursement": False,
        "isVariableInstallmentsAllowed": False,
        "minimumGap": 0,
        "maximumGap": 0,
        "isEqualAmortization": False,
        "enableInstallmentLevelDelinquency": False,
        "chargedOff": False,
        "enableDownPayment": False,
        "enableAutoRepaymentForDownPayment": False,
        "loanScheduleType": {"id": 0, "code": "CUMULATIVE", "value": "Cumulative"},
        "loanScheduleProcessingType": {"id": 0, "code": "HORIZONTAL", "value": "Horizontal"},
    }


def loan_account_line(session: Session, row: Row, known: dict[str, Row]) -> Json:
    """A loan as the accounts of a client list it."""
    active = row["loan_status_id"] >= 300 and row["disbursedon_date"] is not None
    late = overdue(session, row["id"]) if active else None
    return compact(
        {
            "id": row["id"],
            "accountNo": row["account_no"],
            "externalId": row["external_id"],
            "productId": row["product_id"],
            "productName": row["product_name"],
            "shortProductName": row["short_name"],
            "status": loan_status(row["loan_status_id"]),
            "currency": account_currency(row, known),
            "loanType": option(row["loan_type_enum"], "accountType", ACCOUNT_TYPE),
            "loanCycle": row["loan_counter"],
            "timeline": _timeline(session, row),
            "inArrears": bool(late is not None and late["principal"]),
            "originalLoan": number(row["principal_amount"]) if active else None,
            "loanBalance": number(row["total_outstanding_derived"] or None) if active else None,
            "amountPaid": number(row["total_repayment_derived"] or None) if active else None,
        }
    )


def transaction(session: Session, row: Row, known: dict[str, Row]) -> Json:
    """A loan transaction as the API writes it."""
    kind = row["transaction_type_enum"]
    return compact(
        {
            "id": row["id"],
            "loanId": row["loan_id"],
            "externalLoanId": row["loan_external_id"],
            "officeId": row["office_id"],
            "officeName": row["office_name"],
            "type": loan_transaction(kind),
            "date": date_parts(row["transaction_date"]),
            "currency": account_currency(row, known),
            "paymentDetailData": payment_details.shown(row, row["id"]),
            "amount": number(row["amount"]),
            "netDisbursalAmount": number(row["net_disbursal_amount"]),
            "principalPortion": number(row["principal_portion_derived"] or 0),
            "interestPortion": number(row["interest_portion_derived"] or 0),
            **dict.fromkeys(ZERO_PARTS, 0),
            "overpaymentPortion": number(row["overpayment_portion_derived"] or 0),
            "unrecognizedIncomePortion": 0,
            "externalId": row["external_id"],
            "outstandingLoanBalance": number(row["outstanding_loan_balance_derived"] or 0),
            "submittedOnDate": date_parts(row["submitted_on_date"]),
            "manuallyReversed": bool(row["manually_adjusted_or_reversed"]),
            "loanChargePaidByList": [],
            "numberOfRepayments": 0,
            "reversalExternalId": row["reversal_external_id"],
            "reversedOnDate": date_parts(row["reversed_on_date"]),
            "transactionRelations": _relations(session, row),
        }
    )


def _relations(session: Session, row: Row) -> list[Json]:
    sql = "select * from m_loan_transaction_relation where from_loan_transaction_id = ?"
    return [
        compact(
            {
                "fromLoanTransaction": found["from_loan_transaction_id"],
                "toLoanTransaction": found["to_loan_transaction_id"],
                "relationType": "REPLAYED",
                "amount": number(row["amount"]),
                "paymentType": row["payment_type_name"],
            }
        )
        for found in session.all(sql, (row["id"],))
    ]
