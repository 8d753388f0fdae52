"""A small site, put straight into the store: one wallet, one day, every kind of story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert

from mmrecon.config import Settings, parse_settings
from mmrecon.errors import UsageError
from mmrecon.fineract.client import FineractClient
from mmrecon.model.progress import Silent
from mmrecon.pipeline.run import Run
from mmrecon.store.schema import (
    BATCH,
    BATCH_ROW,
    ENROLMENT,
    EXCHANGE,
    FILE,
    LINE,
    MATCH,
    POSTING,
    RUN,
    SIGHTING,
    SIGNATURE,
    STATEMENT,
    WALLET,
)

DAY = "2026-03-02"
MIDNIGHT_S = int(datetime(2026, 3, 1, 21, tzinfo=UTC).timestamp())
"""00:00 of DAY in Nairobi."""
NOW = datetime(2026, 3, 3, 6, tzinfo=UTC)


def settings(folder: Path, *, base_url: str = "", gl_account_ids: tuple[int, ...] = ()) -> Settings:
    document: dict[str, Any] = {
        "institution": {"name": "Invented SACCO"},
        "state": {"folder": str(folder)},
        "wallets": [
            {
                "name": "paybill", "provider": "mpesa", "account": "600111", "currency": "KES",
                "zone": "Africa/Nairobi", "country": "KE", "live_from": "2026-01-01",
                "payment_type": {"id": 62, "name": "M-PESA"}, "gl_account_ids": gl_account_ids,
            }
        ],
    }  # fmt: skip
    if base_url:
        document["fineract"] = {
            "base_url": base_url, "zone": "Africa/Nairobi", "username": "mmrecon",
        }  # fmt: skip
    return parse_settings(document, source="test", base=folder)


def no_fineract() -> FineractClient:
    raise UsageError("no Fineract is configured")


def run_of(
    engine: Engine, chosen: Settings, connect: Callable[[], FineractClient] = no_fineract
) -> Run:
    config = chosen.state.folder / "config.toml"
    return Run(chosen, config, engine, lambda: NOW, "run-1", Silent(), connect)


@dataclass
class Site:
    """Writes facts into a store; amounts are KES minor units."""

    connection: Connection
    lines: int = 0
    balance_minor: int = 500_000

    def start(self) -> None:
        self.connection.execute(
            insert(WALLET),
            {
                "wallet_id": 1, "provider": "mpesa", "account": "600111", "name": "paybill",
                "currency": "KES", "zone": "Africa/Nairobi", "live_from": "2026-01-01",
            },
        )  # fmt: skip
        self.connection.execute(insert(FILE), {"file_id": 1, "sha256": "ab", "size_bytes": 1})

    def line(
        self, receipt: str, amount_minor: int, state: str, *, sign: int = 1,
        line_class: str = "collection", **more: Any,
    ) -> int:  # fmt: skip
        """A line with its sighting and its match in force; gives its id."""
        self.lines += 1
        self.balance_minor += sign * amount_minor
        moment = MIDNIGHT_S + 3600 * self.lines
        facts = {
            "line_id": self.lines, "wallet_id": 1, "receipt": receipt, "line_class": line_class,
            "sign": sign, "amount_minor": amount_minor, "currency": "KES", "n": 1, "generation": 0,
            "completed_at_utc_s": moment, "value_date": DAY, "balance_minor": self.balance_minor,
            "party_phone": "254700000001", "party_name": "ALICE EXAMPLE", "reference": "000000123",
            "repeats": 1, "first_statement_id": 1, "first_row": self.lines + 6,
        }  # fmt: skip
        match_facts = more.pop("match", {})
        self.connection.execute(insert(LINE), facts | more)
        self.connection.execute(
            insert(SIGHTING),
            {
                "statement_id": 1, "row": self.lines + 6, "line_id": self.lines, "is_first": True,
                "completed_at_utc_s": moment, "cells_digest": 1,
            },
        )  # fmt: skip
        self.connection.execute(
            insert(MATCH), {"line_id": self.lines, "state": state} | match_facts
        )
        return self.lines

    def statement(self, **more: Any) -> None:
        """The day's statement, proved by its own figures."""
        facts = {
            "statement_id": 1, "file_id": 1, "wallet_id": 1, "delivered_name": "day.csv",
            "outcome": "read", "layout": "mpesa_a", "period_from_utc_s": MIDNIGHT_S,
            "period_to_utc_s": MIDNIGHT_S + 86_399, "opening_minor": 500_000,
            "closing_minor": self.balance_minor, "data_rows": self.lines, "new_lines": self.lines,
            "repeat_lines": 0, "refused_rows": 0, "skipped_rows": 0, "in_minor": 0, "out_minor": 0,
            "fees_minor": 0, "proof": "proved", "read_at_utc": "2026-03-03T03:00:00+00:00",
            "complete": True, "current": True,
        }  # fmt: skip
        self.connection.execute(insert(STATEMENT), facts | more)

    def batch(self, *line_ids: int, state: str = "approved", kind: str = "postings") -> None:
        self.connection.execute(
            insert(BATCH),
            {
                "batch_id": "b-1", "kind": kind, "state": state, "row_count": len(line_ids),
                "totals_json": '{"KES":150000}', "prepared_by": "Asha",
                "prepared_at_utc": "2026-03-03T05:00:00+00:00",
            },
        )  # fmt: skip
        self.connection.execute(
            insert(BATCH_ROW),
            [
                {"batch_id": "b-1", "row_number": number, "row_json": "{}", "line_id": line_id}
                for number, line_id in enumerate(line_ids, 1)
            ],
        )
        for name, act in (("Asha", "prepare"), ("Brian", "approve"))[
            : 1 if state == "prepared" else 2
        ]:
            enrolment = {"fingerprint": f"f-{name}", "name": name, "roles_json": "[]"}
            self.connection.execute(insert(ENROLMENT), enrolment)
            self.connection.execute(
                insert(SIGNATURE),
                {
                    "batch_id": "b-1", "act": act, "fingerprint": f"f-{name}",
                    "signed_at_utc": "2026-03-03T05:30:00+00:00",
                },
            )  # fmt: skip

    def posting(self, line_id: int, amount_minor: int, state: str, **more: Any) -> None:
        """A posting on savings 123 with one exchange."""
        number = more.pop("number", line_id)
        facts = {
            "posting_id": number, "batch_id": "b-1", "batch_row": number, "wallet_id": 1,
            "source": f"s{line_id}", "line_id": line_id, "purpose": "post", "leg": number,
            "attempt": 1, "resend": 0, "command": "savings_deposit", "account_kind": "savings",
            "account_id": 366, "account_no": "000000123", "amount_minor": amount_minor,
            "posted_minor": amount_minor, "currency": "KES", "value_date": DAY,
            "payment_type_id": 62, "receipt": f"RCPT{line_id}", "idempotency_key": f"key{number}",
            "state": state, "transaction_id": str(649 + number),
            "approved_at_utc": "2026-03-03T05:30:00+00:00",
        }  # fmt: skip
        self.connection.execute(insert(POSTING), facts | more)
        self.connection.execute(
            insert(EXCHANGE),
            {
                "posting_id": number, "sent_at_utc": "2026-03-03T05:40:00+00:00", "status": 200,
                "meaning": "posted",
            },
        )  # fmt: skip

    def past_run(self, run_id: str, command: str, exit_code: int | None) -> None:
        self.connection.execute(
            insert(RUN),
            {
                "run_id": run_id, "command": command, "exit_code": exit_code,
                "started_at_utc": "2026-03-03T03:00:00+00:00",
            },
        )  # fmt: skip


def a_whole_day(connection: Connection) -> Site:
    """A deposit posted, a line in review, a charge, a payout in suspense, in a proved day."""
    site = Site(connection)
    site.start()
    match = {
        "tier": "A1", "rule": "account_number", "suggestions": "savings:000000123",
        "legs": "savings:000000123=150000", "legs_json": "[]", "candidates_json": "[]",
    }  # fmt: skip
    first = site.line("RCPT1", 150_000, "ready", match=match)
    site.line("RCPT2", 20_000, "review", reference="=1+1", party_phone="+254700000002")
    site.line("RCPT1", 2_500, "no_posting", sign=-1, line_class="charge", reference="")
    site.line("RCPT4", 70_000, "suspense", sign=-1, line_class="payout")
    site.statement()
    site.batch(first)
    site.posting(first, 150_000, "verified")
    site.past_run("20260303T030000-nightly-1", "nightly", 1)
    site.past_run("20260303T020000-post-1", "post", None)
    return site
