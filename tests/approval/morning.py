"""A small morning to decide on: two wallets, a handful of lines, invented people."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from mmrecon.approval.content import CountFrame, FileShown, WalletShown, WorkbookContent
from mmrecon.approval.proposals import OpenWork, WalletPart, propose
from mmrecon.model.account import AccountFrame, ClientFrame
from mmrecon.model.item import ItemFrame
from mmrecon.model.line import LineFrame
from mmrecon.model.line_state import LineStateFrame
from mmrecon.model.match import Leg, MatchFrame

TODAY = date(2026, 3, 3)
NOON_UTC_S = int(datetime(2026, 3, 2, 20, 59, 59, tzinfo=UTC).timestamp())
WORKBOOK_ID = "W20260303-abcd"

WALLETS = (
    WalletPart(1, "mpesa-main", "mpesa", "600000", "KES", "Africa/Nairobi", 7),
    WalletPart(2, "mtn-uganda", "mtn", "MTN001", "UGX", "Africa/Kampala", None),
)

CLIENTS = ClientFrame.build(
    {
        "client_id": [1, 2, 3],
        "client_name": ["Amina Otieno", "Brian Kato", "Chandra Mwangi"],
        "client_status": ["active"] * 3,
    }
)

ACCOUNTS = AccountFrame.build(
    {
        "client_id": [1, 1, 2, 3],
        "account_kind": ["savings", "loan", "savings", "savings"],
        "account_id": [11, 12, 21, 31],
        "account_no": ["000000011", "000000012", "000000021", "000000031"],
        "product_name": ["Regular savings", "Business loan", "Regular savings", "Regular savings"],
        "account_status": ["active", "active", "active", "closed"],
        "currency": ["KES", "KES", "UGX", "KES"],
        "balance_minor": [500_000, None, 90_000, 0],
        "outstanding_minor": [None, 1_200_000, None, None],
        "due_now_minor": [None, 120_000, None, None],
    }
)


def leg(number: int, kind: str, account_id: int, amount_minor: int, command: str = "") -> Leg:
    """One leg to an account of this morning."""
    account = ACCOUNTS[(ACCOUNTS["account_id"] == account_id)].iloc[0]
    given = command or ("savings_deposit" if kind == "savings" else "loan_repayment")
    return Leg(
        number, given, kind, account_id, account["account_no"], int(account["client_id"]),
        amount_minor, amount_minor,
    )  # fmt: skip


def line(line_id: int, amount_minor: int, **facts: Any) -> dict[str, Any]:
    """One line's facts."""
    return {
        "line_id": line_id, "wallet_id": 1, "receipt": f"RCP{line_id:07d}",
        "line_class": "collection", "sign": 1, "amount_minor": amount_minor, "currency": "KES",
        "n": 1, "completed_at_utc_s": NOON_UTC_S + line_id, "value_date": "2026-03-02",
        "party_phone": "254700000011", "party_name": "AMINA OTIENO", "reference": "000000011",
        "repeats": 1, "first_statement_id": 1, "first_row": line_id, **facts,
    }  # fmt: skip


def match(
    line_id: int, state: str, tier: str, legs: tuple[Leg, ...] = (), **facts: Any
) -> dict[str, Any]:
    """One line's match."""
    return {
        "line_id": line_id, "state": state, "tier": tier,
        "legs_json": json.dumps([asdict(one) for one in legs]) if legs else "",
        "client_id": legs[0].client_id if legs else None, "item_id": None, **facts,
    }  # fmt: skip


def candidate(
    kind: str, account_id: int, speaks_for: tuple[str, ...] = (), against: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One candidate as matching lists it."""
    account = ACCOUNTS[(ACCOUNTS["account_id"] == account_id)].iloc[0]
    return {
        "account_kind": kind, "account_id": account_id, "account_no": account["account_no"],
        "client_id": int(account["client_id"]), "for": speaks_for, "against": against,
    }  # fmt: skip


LINES = (
    line(1, 150_000),
    line(2, 200_000, reference="=HYPERLINK(1)", party_name="+BRIAN", party_phone="+254700000012"),
    line(3, 300_000, reference="000000012"),
    line(4, 80_000, reference="-12 @ school"),
    line(5, 70_000, reference=""),
    line(6, 50_000, wallet_id=2, currency="UGX", reference="000000021"),
    line(7, 2_300, line_class="charge", sign=-1, reference=""),
    line(8, 250_000, line_class="payout", sign=-1, reference="WR-1"),
    line(9, 60_000, line_class="reversal", sign=-1, reference="", linked_receipt="RCP0000001"),
)
MATCHES = (
    match(1, "ready", "A1", (leg(1, "savings", 11, 150_000),)),
    match(2, "ready", "A1", (leg(1, "savings", 11, 200_000),)),
    match(3, "ready", "A3", (leg(1, "loan", 12, 120_000), leg(2, "savings", 11, 180_000))),
    match(
        4,
        "review",
        "B",
        (leg(1, "savings", 11, 80_000),),
        vetoes="payer_is_another_client",
        candidates_json=json.dumps(
            [candidate("savings", 11, (), ("account_closed",)), candidate("loan", 12)]
        ),
    ),
    match(5, "suspense", "E"),
    match(6, "ready", "A1", (leg(1, "savings", 21, 50_000),)),
    match(7, "no_posting", ""),
    match(8, "ready", "P", (leg(1, "savings", 11, 250_000, "savings_withdrawal"),), item_id=1),
    match(9, "review", ""),
)
ITEMS = ItemFrame.build(
    {
        "item_id": [1], "item_key": ['["withdrawal_request","Head Office","WR-1"]'],
        "kind": ["withdrawal_request"], "client_id": [1], "account_kind": ["savings"],
        "account_id": [11], "account_no": ["000000011"], "amount_minor": [250_000],
        "posted_minor": [250_000], "currency": ["KES"], "state": ["open"], "left_minor": [250_000],
    }
)  # fmt: skip


def work(
    *, states: dict[int, str] | None = None, left: dict[int, int] | None = None,
    notes: dict[int, str] | None = None, found: dict[int, str] | None = None,
    rejections: dict[int, str] | None = None,
    takes_back: dict[int, str] | None = None, sent_back: dict[int, str] | None = None,
    matches: tuple[dict[str, Any], ...] = MATCHES, lines: tuple[dict[str, Any], ...] = LINES,
) -> OpenWork:  # fmt: skip
    """The morning's open work, with some states, amounts left, matches or lines different."""
    line_frame = LineFrame.build(pd.DataFrame([{"conflict": False, **facts} for facts in lines]))
    match_frame = MatchFrame.build(
        pd.DataFrame(list(matches)).fillna({"vetoes": "", "candidates_json": ""})
    )
    state_of = {facts["line_id"]: facts["state"] for facts in matches} | (states or {})
    left_of = {facts["line_id"]: facts["amount_minor"] for facts in lines} | (left or {})
    return OpenWork(
        lines=line_frame,
        matches=match_frame,
        states=LineStateFrame.build({"line_id": list(state_of), "state": list(state_of.values())}),
        left_minor=pd.Series(left_of, dtype="int64"),
        items=ITEMS,
        clients=CLIENTS,
        accounts=ACCOUNTS,
        notes=pd.Series(notes or {}, dtype="str"),
        found=pd.Series(found or {}, dtype="str"),
        originals=pd.Series({9: "RCP0000001, posted to savings:000000011"}, dtype="str"),
        wallets=WALLETS,
        today=TODAY,
        takes_back=pd.Series({9: "RCP0000001"} if takes_back is None else takes_back, dtype="str"),
        rejections=pd.Series(rejections or {}, dtype="str"),
        sent_back=pd.Series(sent_back or {}, dtype="str"),
    )


def content(
    proposals: pd.DataFrame | None = None, workbook_id: str = WORKBOOK_ID
) -> WorkbookContent:
    """The workbook of this morning."""
    counts = CountFrame.build(
        {
            "wallet": ["mpesa-main", "mpesa-main"], "currency": ["KES", "KES"],
            "line_class": ["collection", "charge"], "state": ["ready", "no_posting"],
            "lines": [3, 1], "amount_minor": [650_000, 2_300],
        }
    )  # fmt: skip
    return WorkbookContent(
        workbook_id=workbook_id,
        institution="Umoja & Sons SACCO",
        written_at_local=datetime(2026, 3, 3, 6, 30, tzinfo=UTC),
        expires_on=date(2026, 3, 10),
        proposals=propose(work()) if proposals is None else proposals,
        counts=counts,
        wallets=(
            WalletShown(
                "mpesa-main", "KES", "2026-03-02", "balanced with listed items",
                "opening + movements = closing",
                (FileShown("ORG_600000.csv", "2026-03-02", "proved"),),
            ),
            WalletShown("mtn-uganda", "UGX", "2026-03-02", "balanced", "all checks held"),
        ),
        warnings=("mtn-uganda has no payment type: nothing of it can be posted.",),
    )  # fmt: skip
