"""Statement files of invented people, cell by cell, newest first as the portals write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import xlsxwriter
import xlwt


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


A_HEADER = _names(
    "Receipt No.|Completion Time|Initiation Time|Details|Transaction Status|Paid In|"
    "Withdrawn|Balance|Balance Confirmed|Reason Type|Other Party Info|"
    "Linked Transaction ID|A/C No.|Currency"
)
B_HEADER = _names(
    "Receipt No|Completion Time|Details|Transaction Status|Paid In (KSHs)|"
    "Withdrawn (KSHs)|Balance (KSHs)"
)
MTN_HEADER = _names(
    "Id|External id|Date|Status|Type|Provider category|From|From name|From handler name|"
    "To|To name|To handler name|To message|Initiated by|Initiated by|On behalf of|"
    "On behalf of|Approved by|From / Fee|Currency|From / External fee|Currency|To / Fee|"
    "Currency|To / External fee|Currency|From / Refunded fee|Currency|To / Refunded fee|"
    "Currency|From / Taxes|Currency|To / Taxes|Currency|From / Refunded taxes|Currency|"
    "To / Refunded taxes|Currency|Discount|Currency|From / Promotion|Currency|"
    "To / Promotion|Currency|Coupon|Currency|Amount|Currency|Balance|Currency|"
    "External amount|Currency|External FX rate|External service provider"
)

Cells = list[str]


@dataclass(frozen=True)
class Event:
    """Something that moved a wallet, as a portal prints it; `moved` is in minor units."""

    receipt: str
    time: str
    moved: int
    reason: str
    party: str = ""
    reference: str = ""
    linked: str = ""
    status: str = "Completed"
    fee: int = 0
    tax: int = 0

    @property
    def balance_moves(self) -> int:
        return self.moved - self.fee - self.tax if self.status in {"Completed", "Successful"} else 0


DAY = (
    Event(
        "UAV0EXAM01",
        "08:01:02",
        150_000,
        "Pay Utility",
        "25470****001 - ALICE **** EXAMPLE",
        "000123",
    ),
    Event("UAV0EXAM01", "08:01:02", -500, "Pay Bill Charge", "SP"),
    Event(
        "UAV0EXAM02",
        "08:15:40",
        20_050,
        "Pay Bill Online",
        "254700000002 - BRIAN EXAMPLE",
        "LN 0042",
    ),
    Event(
        "UAV0EXAM03",
        "09:00:00",
        70_000,
        "Pay Utility with OD via STK",
        "2547******003 - CAROL EXAMPLE",
        "loan",
    ),
    Event(
        "UAV0EXAM04",
        "09:00:00",
        30_000,
        "Standing Order Pay Bill",
        "070****004 - DAVID **** EXAMPLE",
        "0000124",
    ),
    Event(
        "UAV0EXAM05",
        "09:30:10",
        99_900,
        "Merchant Pay Utility Received",
        "123456 - EXAMPLE SHOP",
        "000125",
    ),
    Event(
        "UAV0EXAM06",
        "10:00:00",
        -250_000,
        "Business Payment to Customer",
        "254700000006 - FRANK EXAMPLE",
    ),
    Event("UAV0EXAM06", "10:00:00", -1_100, "Fee For B2C Payment", "SP"),
    Event(
        "UAV0EXAM07",
        "10:05:00",
        45_000,
        "Pay Utility",
        "25470****007 - GRACE **** EXAMPLE",
        "",
        status="Failed",
    ),
    Event(
        "UAV0EXAM08",
        "11:20:30",
        -20_050,
        "Pay Utility Reversal",
        "254700000002 - BRIAN EXAMPLE",
        "",
        "UAV0EXAM02",
    ),
    Event(
        "UAV0EXAM09",
        "12:00:00",
        -50_000,
        "Utility Account to Organization Settlement Account",
        "990501 - EXAMPLE SACCO",
    ),
    Event(
        "UAV0EXAM10",
        "12:30:00",
        -10_000,
        "Agency Withdrawal of funds to Bank",
        "000111 - EXAMPLE BANK",
    ),
    Event(
        "UAV0EXAM11", "13:00:00", 77_700, "Something New", "25470****011 - HENRY **** EXAMPLE", "9"
    ),
    Event(
        "UAV0EXAM12",
        "23:59:59",
        12_345,
        "Pay Utility",
        "25470****012 - IRENE  **** EXAMPLE",
        "000126",
    ),
)
"""A day of a paybill with every class that layout A is known to show."""

MTN_DAY = (
    Event(
        "10000000001",
        "08:01:02",
        20_000,
        "Payment",
        "FRI:256770000001/MSISDN",
        "000123",
        status="Successful",
    ),
    Event(
        "10000000002",
        "08:10:00",
        15_000,
        "Transfer",
        "FRI:256770000002/MSISDN",
        "school",
        status="Successful",
        fee=150,
    ),
    Event(
        "10000000003",
        "09:00:00",
        -50_000,
        "Transfer",
        "FRI:256770000003/MSISDN",
        "",
        status="Successful",
        fee=500,
        tax=250,
    ),
    Event(
        "10000000004", "09:30:00", 7_000, "Payment", "FRI:256770000004/MSISDN", "x", status="Failed"
    ),
    Event(
        "10000000005",
        "10:00:00",
        -100_000,
        "Float Transfer",
        "FRI:900001/MM",
        "",
        status="Successful",
    ),
    Event(
        "10000000006",
        "11:00:00",
        -20_000,
        "Reversal",
        "FRI:256770000001/MSISDN",
        "",
        status="Successful",
    ),
    Event(
        "10000000007",
        "12:00:00",
        5_000,
        "Adjustment",
        "ID:example.sp/USER",
        "",
        status="Successful",
    ),
)


def money(minor: int) -> str:
    return f"{minor / 100:.2f}" if minor >= 0 else f"-{-minor / 100:.2f}"


def balances(events: Sequence[Event], opening: int) -> list[int]:
    after, found = opening, []
    for event in events:
        after += event.balance_moves
        found.append(after)
    return found


def a_details(event: Event) -> str:
    if event.party in ("", "SP"):
        return event.reason
    account = f" Acc. {event.reference}" if event.reference else ""
    verb = "from" if event.moved > 0 else "to"
    return f"{event.reason} {verb} {event.party}{account}"


def a_rows(
    events: Sequence[Event], *, opening: int = 100_000, date: str = "31-01-2026"
) -> list[Cells]:
    rows = []
    for event, balance in zip(events, balances(events, opening), strict=True):
        moment = f"{date} {event.time}"
        rows.append(
            [
                event.receipt, moment, moment, a_details(event), event.status,
                money(event.moved) if event.moved > 0 else "",
                money(event.moved) if event.moved < 0 else "",
                money(balance), "true", event.reason, event.party, event.linked, event.reference,
                "KES",
            ]
        )  # fmt: skip
    return rows[::-1]


def a_preamble(
    events: Sequence[Event],
    *,
    opening: int = 100_000,
    date: str = "31-01-2026",
    account: str = "990501",
    sub_account: str = "Utility Account",
    reported: str = "01-02-2026 00:10:00",
) -> list[Cells]:
    final = [event for event in events if event.status == "Completed"]
    paid_in = sum(event.moved for event in final if event.moved > 0)
    paid_out = sum(event.moved for event in final if event.moved < 0)
    closing = opening + paid_in + paid_out
    return [
        ["Account Holder:", "EXAMPLE SACCO"],
        ["Short Code:", account],
        ["Account:", sub_account],
        ["Time Period:", "From", f"{date} 00:00:00", "To", f"{date} 23:59:59"],
        ["Operator:", "example", "Organization:", "EXAMPLE SACCO", "Date of Report:", reported],
        [
            "Opening Balance:",
            money(opening),
            "Closing Balance:",
            money(closing),
            "Available Balance:",
            money(closing),
            "Total Paid In:",
            money(paid_in),
            "Total Withdrawn:",
            money(paid_out),
        ],
    ]


def a_file(
    events: Sequence[Event] = DAY,
    *,
    opening: int = 100_000,
    date: str = "31-01-2026",
    account: str = "990501",
    sub_account: str = "Utility Account",
    reported: str = "01-02-2026 00:10:00",
) -> list[Cells]:
    above = a_preamble(
        events,
        opening=opening,
        date=date,
        account=account,
        sub_account=sub_account,
        reported=reported,
    )
    return [*above, list(A_HEADER), *a_rows(events, opening=opening, date=date)]


B_TYPES = {
    "Pay Utility": "Pay Bill",
    "Pay Utility with OD via STK": "Pay Bill",
    "Standing Order Pay Bill": "Pay Bill",
}


def b_money(minor: int) -> str:
    return f"{minor / 100:,.2f}" if minor >= 0 else f"-{-minor / 100:,.2f}"


def b_file(
    events: Sequence[Event] = DAY, *, opening: int = 100_000, date: str = "31/01/2026"
) -> list[Cells]:
    rows = []
    for event, balance in zip(events, balances(events, opening), strict=True):
        reason = B_TYPES.get(event.reason, event.reason)
        details = reason
        if event.party not in ("", "SP"):
            verb = "from" if event.moved > 0 else "to"
            account = f" Acc. {event.reference}" if event.moved > 0 else ""
            details = f"{reason} {verb} {event.party}{account}"
        rows.append(
            [
                event.receipt, f"{date} {event.time}", details, event.status,
                b_money(max(event.moved, 0)), b_money(min(event.moved, 0)), b_money(balance),
            ]
        )  # fmt: skip
    return [list(B_HEADER), *rows[::-1]]


def mtn_file(
    events: Sequence[Event] = MTN_DAY,
    *,
    opening: int = 500_000,
    date: str = "2026-01-31",
    currency: str = "UGX",
) -> list[Cells]:
    rows = []
    for event, balance in zip(events, balances(events, opening), strict=True):
        cells = dict.fromkeys(range(len(MTN_HEADER)), "")
        own = {"id": "FRI:900777/MM", "name": "EXAMPLE SACCO"}
        name = "ALICE EXAMPLE ALICE EXAMPLE"
        incoming = event.moved > 0
        cells |= {
            0: event.receipt,
            1: "",
            2: f"{date} {event.time}",
            3: event.status,
            4: event.reason,
            6: event.party if incoming else own["id"],
            7: name if incoming else own["name"],
            9: own["id"] if incoming else event.party,
            10: own["name"] if incoming else name,
            12: event.reference,
            46: str(event.moved),
            47: currency,
            48: str(balance),
            49: currency,
        }
        if event.fee:
            cells |= {(22 if incoming else 18): str(event.fee), (23 if incoming else 19): currency}
        if event.tax:
            cells |= {(32 if incoming else 30): str(event.tax), (33 if incoming else 31): currency}
        rows.append([cells[at] for at in range(len(MTN_HEADER))])
    return [list(MTN_HEADER), *rows[::-1]]


def as_csv(records: Iterable[Cells], *, delimiter: str = ",", line_end: str = "\r\n") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows(records)
    return out.getvalue().encode()


def as_xlsx(records: Sequence[Cells], *, sheet: str = "Statements") -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as workbook:
        page = workbook.add_worksheet(sheet)
        for at, record in enumerate(records):
            for place, cell in enumerate(record):
                page.write_string(at, place, cell)
    return out.getvalue()


def as_xls(records: Sequence[Cells], *, sheet: str = "transaction") -> bytes:
    workbook = xlwt.Workbook()
    page = workbook.add_sheet(sheet)
    for at, record in enumerate(records):
        for place, cell in enumerate(record):
            if cell:
                page.write(at, place, cell)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()
