"""Enumerations as the API writes them: id, code, value and what follows from them.

The answers are shared and never changed.
"""

from __future__ import annotations

from functools import cache

from mmrecon.sandbox.values import Json


def option(number: int | None, family: str, options: dict[int, tuple[str, str]]) -> Json:
    """An option by its number, with its code under the family's."""
    tail, value = options[int(number or 0)]
    return {"id": int(number or 0), "code": f"{family}.{tail}", "value": value}


def flagged(base: Json, names: dict[str, bool]) -> Json:
    """An option with its truth values."""
    return {**base, **names}


CLIENT_STATUS = {
    0: ("invalid", "Invalid"),
    100: ("pending", "Pending"),
    300: ("active", "Active"),
    303: ("transfer.in.progress", "Transfer in progress"),
    304: ("transfer.on.hold", "Transfer on hold"),
    600: ("closed", "Closed"),
    700: ("rejected", "Rejected"),
    800: ("withdraw", "Withdrawn"),
}
SAVINGS_STATUS = {
    100: ("submitted.and.pending.approval", "Submitted and pending approval"),
    200: ("approved", "Approved"),
    300: ("active", "Active"),
    303: ("transfer.in.progress", "Transfer in progress"),
    304: ("transfer.on.hold", "Transfer on hold"),
    400: ("withdrawn.by.applicant", "Withdrawn by applicant"),
    500: ("rejected", "Rejected"),
    600: ("closed", "Closed"),
    700: ("pre.mature.closure", "Premature Closed"),
    800: ("matured", "Matured"),
}
SAVINGS_SUB_STATUS = {
    0: ("none", "None"),
    100: ("inactive", "Inactive"),
    200: ("dormant", "Dormant"),
    300: ("escheat", "Escheat"),
    400: ("block", "Block"),
    500: ("blockCredit", "BlockCredit"),
    600: ("blockDebit", "BlockDebit"),
}
DEPOSIT_TYPE = {100: ("savingsDeposit", "Savings")}
COMPOUNDING = {
    1: ("daily", "Daily"),
    4: ("monthly", "Monthly"),
    5: ("quarterly", "Quarterly"),
    6: ("biannual", "Semi-Annual"),
    7: ("annual", "Annual"),
}
POSTING = {
    1: ("daily", "Daily"),
    4: ("monthly", "Monthly"),
    5: ("quarterly", "Quarterly"),
    6: ("biannual", "BiAnnual"),
    7: ("annual", "Annually"),
}
CALCULATION = {
    1: ("dailybalance", "Daily Balance"),
    2: ("averagedailybalance", "Average Daily Balance"),
}
DAYS_IN_YEAR = {360: ("days360", "360 Days"), 365: ("days365", "365 Days")}
SAVINGS_TRANSACTION = {
    1: ("deposit", "Deposit"),
    2: ("withdrawal", "Withdrawal"),
    3: ("interestPosting", "Interest posting"),
    4: ("withdrawalFee", "Withdrawal fee"),
    5: ("annualFee", "Annual fee"),
    12: ("initiateTransfer", "Initiate Transfer"),
    13: ("approveTransfer", "Approve Transfer"),
    14: ("withdrawTransfer", "Withdraw Transfer"),
    15: ("rejectTransfer", "Reject Transfer"),
    20: ("onHold", "Amount on hold"),
    21: ("release", "Release Amount"),
}
SAVINGS_TRANSACTION_FLAGS = [
    "deposit",
    "dividendPayout",
    "withdrawal",
    "interestPosting",
    "feeDeduction",
    "initiateTransfer",
    "approveTransfer",
    "withdrawTransfer",
    "rejectTransfer",
    "overdraftInterest",
    "writtenoff",
    "overdraftFee",
    "withholdTax",
    "escheat",
    "amountHold",
    "amountRelease",
    "accrual",
]
SAVINGS_FLAG_OF = {
    1: "deposit",
    2: "withdrawal",
    3: "interestPosting",
    4: "feeDeduction",
    5: "feeDeduction",
    12: "initiateTransfer",
    13: "approveTransfer",
    14: "withdrawTransfer",
    15: "rejectTransfer",
    20: "amountHold",
    21: "amountRelease",
}
LOAN_STATUS = {
    100: ("submitted.and.pending.approval", "Submitted and pending approval"),
    200: ("approved", "Approved"),
    300: ("active", "Active"),
    303: ("transfer.in.progress", "Transfer in progress"),
    304: ("transfer.on.hold", "Transfer on hold"),
    400: ("withdrawn.by.client", "Withdrawn by applicant"),
    500: ("rejected", "Rejected"),
    600: ("closed.obligations.met", "Closed (obligations met)"),
    601: ("closed.written.off", "Closed (written off)"),
    602: ("closed.reschedule.outstanding.amount", "Closed (rescheduled)"),
    700: ("overpaid", "Overpaid"),
}
PERIOD = {
    0: ("days", "Days"),
    1: ("weeks", "Weeks"),
    2: ("months", "Months"),
    3: ("years", "Years"),
}
RATE_PERIOD = {2: ("months", "Per month"), 3: ("years", "Per year")}
AMORTIZATION = {
    0: ("equal.principal", "Equal principal payments"),
    1: ("equal.installments", "Equal installments"),
}
INTEREST = {0: ("declining.balance", "Declining Balance"), 1: ("flat", "Flat")}
INTEREST_PERIOD = {
    0: ("daily", "Daily"),
    1: ("same.as.repayment.period", "Same as repayment period"),
}
ACCOUNT_TYPE = {1: ("individual", "Individual"), 2: ("group", "Group"), 3: ("jlg", "JLG")}
LOAN_TRANSACTION = {
    1: ("disbursement", "Disbursement"),
    2: ("repayment", "Repayment"),
    5: ("repaymentAtDisbursement", "Repayment (at time of disbursement)"),
    6: ("writeOff", "Close (as written-off)"),
    8: ("recoveryRepayment", "Repayment (after write-off)"),
    10: ("accrual", "Accrual"),
    20: ("creditBalanceRefund", "Credit Balance Refund"),
    21: ("merchantIssuedRefund", "Merchant Issued Refund"),
    22: ("payoutRefund", "Payout Refund"),
    23: ("goodwillCredit", "Goodwill Credit"),
    28: ("downPayment", "Down Payment"),
}
LOAN_TRANSACTION_FLAGS = [
    "disbursement",
    "repaymentAtDisbursement",
    "repayment",
    "merchantIssuedRefund",
    "payoutRefund",
    "goodwillCredit",
    "chargeRefund",
    "contra",
    "waiveInterest",
    "waiveCharges",
    "accrual",
    "writeOff",
    "recoveryRepayment",
    "initiateTransfer",
    "approveTransfer",
    "withdrawTransfer",
    "rejectTransfer",
    "chargePayment",
    "refund",
    "refundForActiveLoans",
    "creditBalanceRefund",
    "chargeAdjustment",
    "chargeback",
    "chargeoff",
    "downPayment",
    "reAge",
    "reAmortize",
]
GL_TYPE = {
    1: ("asset", "ASSET"),
    2: ("liability", "LIABILITY"),
    3: ("equity", "EQUITY"),
    4: ("income", "INCOME"),
    5: ("expense", "EXPENSE"),
}
GL_USAGE = {1: ("detail", "DETAIL"), 2: ("header", "HEADER")}
ACCOUNTING_RULE = {
    1: ("none", "NONE"),
    2: ("cash", "CASH BASED"),
    3: ("accrual.periodic", "ACCRUAL PERIODIC"),
    4: ("accrual.upfront", "ACCRUAL UPFRONT"),
}


@cache
def client_status(number: int | None) -> Json:
    """A client's status."""
    return option(number, "clientStatusType", CLIENT_STATUS)


@cache
def savings_status(number: int) -> Json:
    """A savings account's status with its truth values."""
    names = {
        "submittedAndPendingApproval": 100,
        "approved": 200,
        "rejected": 500,
        "withdrawnByApplicant": 400,
        "active": 300,
        "closed": 600,
        "prematureClosed": 700,
        "transferInProgress": 303,
        "transferOnHold": 304,
        "matured": 800,
    }
    base = option(number, "savingsAccountStatusType", SAVINGS_STATUS)
    return flagged(base, {name: number == value for name, value in names.items()})


@cache
def savings_sub_status(number: int | None) -> Json:
    """A savings account's sub-status with its truth values."""
    base = option(number, "SavingsAccountSubStatusEnum", SAVINGS_SUB_STATUS)
    names = {tail: value == (number or 0) for value, (tail, _) in SAVINGS_SUB_STATUS.items()}
    return flagged(base, names)


@cache
def savings_transaction(number: int) -> Json:
    """The kind of a savings transaction with its truth values."""
    base = option(number, "savingsAccountTransactionType", SAVINGS_TRANSACTION)
    mine = SAVINGS_FLAG_OF.get(number)
    return flagged(base, {name: name == mine for name in SAVINGS_TRANSACTION_FLAGS})


@cache
def loan_status(number: int) -> Json:
    """A loan's status with its truth values."""
    names = {
        "pendingApproval": number == 100,
        "waitingForDisbursal": number == 200,
        "active": number == 300,
        "closedObligationsMet": number == 600,
        "closedWrittenOff": number == 601,
        "closedRescheduled": number == 602,
        "closed": number in (600, 601, 602),
        "overpaid": number == 700,
    }
    return flagged(option(number, "loanStatusType", LOAN_STATUS), names)


@cache
def loan_transaction(number: int) -> Json:
    """The kind of a loan transaction with its truth values."""
    base = option(number, "loanTransactionType", LOAN_TRANSACTION)
    mine = LOAN_TRANSACTION[number][0]
    return flagged(base, {name: name == mine for name in LOAN_TRANSACTION_FLAGS})


@cache
def entry_type(number: int) -> Json:
    """Debit or credit; the misspelt code is Fineract's own."""
    if number == 1:
        return {"id": 1, "code": "journalEntryType.credit", "value": "CREDIT"}
    return {"id": 2, "code": "journalEntrytType.debit", "value": "DEBIT"}
