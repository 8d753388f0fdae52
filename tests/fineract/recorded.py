"""Replies of a real Fineract, and postings that they answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmrecon.fineract.contract import Reply
from mmrecon.model.posting import Command, Posting, PostingState, Purpose, SentHow

_FOLDER = Path(__file__).parent / "replies"


def recorded(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{file}.json").read_text(encoding="utf-8"))
    return found


def reply_of(entry: dict[str, Any]) -> Reply:
    return Reply(entry["status"], entry["headers"], entry["text"])


def posting(command: str, account_id: int, **changes: Any) -> Posting:
    kind = "loan" if command.startswith("loan") else "savings"
    facts: dict[str, Any] = {
        "posting_id": 1, "batch_id": "B1", "batch_row": 1, "wallet_id": 1, "source": "line-1",
        "line_id": 1, "item_id": None, "purpose": Purpose.POST, "leg": 1, "attempt": 1, "resend": 0,
        "command": Command(command), "account_kind": kind, "account_id": account_id,
        "account_no": f"{account_id:09d}", "client_id": 9, "amount_minor": 150_050,
        "posted_minor": 150_050, "currency": "KES", "value_date": "2026-11-23",
        "payment_type_id": 62, "receipt": "SGL1X2Y3Z4", "idempotency_key": "k" * 50,
        "external_id": "mm-1" if kind == "loan" else "", "shadow": False,
        "state": PostingState.SENDING, "transaction_id": "",
        "approved_at_utc": "2026-11-24T06:00:00+00:00", "sent_at_utc": "", "reason": "",
        "envelope": "e1", "sent_how": SentHow.CLOSED,
    }  # fmt: skip
    return Posting(**(facts | changes))
