"""A site with invented people: real keys, a real store, a clock the test moves."""

from __future__ import annotations

import base64
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from mmrecon.config import (
    FineractServer,
    Institution,
    PaymentType,
    PeopleRules,
    Settings,
    StateFolder,
    WalletSettings,
)
from mmrecon.errors import UsageError
from mmrecon.fineract.client import FineractClient
from mmrecon.model.approval import Batch, BatchKind, Role
from mmrecon.model.keys import line_source
from mmrecon.model.progress import Silent
from mmrecon.pipeline.approving import approve, prepare, prepare_pending
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.people import enrol_person, invite_person, unlock_signer
from mmrecon.pipeline.run import Run
from mmrecon.store.batches import RowPlace
from mmrecon.store.database import open_database, transaction
from mmrecon.store.schema import LINE, WALLET

ASHA, BENO, CARO, DAVI = "Asha Test", "Beno Test", "Caro Test", "Davi Test"
START = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


@dataclass
class Desk:
    """Everything a story needs; `run` is made anew for each setting of the clock."""

    folder: Path
    engine: Engine
    settings: Settings
    now_utc: datetime = START
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        def nothing() -> FineractClient:
            raise UsageError("no Fineract in this test")

        self.now_utc += timedelta(seconds=1)
        now_utc = self.now_utc
        config_path = self.folder / "config.toml"
        return Run(
            self.settings, config_path, self.engine, lambda: now_utc, "run-1", Silent(), nothing
        )

    def set(self, **changes: Any) -> None:
        """Change the configuration, as an edit of config.toml would."""
        self.settings = self.settings.model_copy(update=changes)

    def set_wallet(self, **changes: Any) -> None:
        wallet = self.settings.wallets[0].model_copy(update=changes)
        self.set(wallets=(wallet, *self.settings.wallets[1:]))

    def invite(self, name: str, *roles: Role, founder: bool = False) -> str:
        return invite_person(self.run, name, roles, founder=founder, days=7).code

    def enrol(self, name: str, code: str) -> str:
        return enrol_person(self.run, name, code, secret(name)).fingerprint

    def found(self) -> None:
        """Both founders enrol."""
        for name in (ASHA, BENO):
            self.enrol(name, self.invite(name, founder=True))

    def open(self) -> None:
        """Founders enrolled, configuration approved: a site that may post.

        Done once for each place; afterwards the folder is put back as it was then.
        """
        as_opened = self.folder.with_name(f"{self.folder.name} as opened")
        if as_opened.exists():
            self.engine.dispose()
            shutil.rmtree(self.folder)
            shutil.copytree(as_opened, self.folder)
        else:
            self.found()
            self.approve_pending()
            self.engine.dispose()
            shutil.copytree(self.folder, as_opened)
        self.engine = open_database(self.folder / "state")
        self.now_utc += timedelta(minutes=1)

    def approve_pending(self) -> None:
        for batch_id in prepare_pending(self.run, ASHA, secret(ASHA)).batch_ids:
            self.approve(batch_id, BENO)

    def join(self, name: str, *roles: Role) -> str:
        fingerprint = self.enrol(name, self.invite(name, *roles))
        self.approve_pending()
        return fingerprint

    def approve(self, batch_id: str, name: str, rejected: dict[int, str] | None = None) -> Any:
        return approve(self.run, batch_id, name, secret(name), rejected or {})

    def prepare(
        self,
        name: str,
        rows: list[dict[str, Any]],
        kind: BatchKind = BatchKind.POSTINGS,
        batch_id: str = "postings-1",
    ) -> str:
        signer = unlock_signer(self.run, name, secret(name))
        totals = {"KES": sum(row["amount_minor"] for row in rows)}
        places = [RowPlace(row["_line_id"]) for row in rows]
        facts = [{key: row[key] for key in row if key != "_line_id"} for row in rows]
        with transaction(self.engine) as connection:
            draft = Draft(Batch(batch_id, kind, facts, totals), places)
            prepare(connection, self.run, signer, [draft])
        return batch_id


def secret(name: str) -> str:
    return f"{name}: four quite unlikely words"


def make_desk(folder: Path) -> Desk:
    settings = Settings(
        institution=Institution(name="Example Sacco"),
        state=StateFolder(folder=folder / "state"),
        fineract=FineractServer(
            base_url="https://fineract.example/api", zone="Africa/Nairobi", username="mmrecon"
        ),
        people=PeopleRules(),
        wallets=(
            WalletSettings(
                name="pay", provider="mpesa_ke", account="600001", currency="KES",
                zone="Africa/Nairobi", country="KE", live_from=date(2026, 11, 1),
                payment_type=PaymentType(id=3, name="M-PESA"),
            ),
        ),
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_database(folder / "state")
    plant_lines(engine)
    return Desk(folder, engine, settings)


def plant_lines(engine: Engine) -> None:
    """A wallet with five collection lines of 1,000.00 each."""
    with engine.begin() as connection:
        wallet = {"wallet_id": 1, "provider": "mpesa_ke", "account": "600001", "currency": "KES"}
        connection.execute(insert(WALLET), wallet)
        for line_id in range(1, 6):
            connection.execute(
                insert(LINE),
                {
                    "line_id": line_id, "wallet_id": 1, "receipt": f"TST{line_id}", "sign": 1,
                    "amount_minor": 100_000, "currency": "KES", "n": 1, "generation": 0,
                    "repeats": 1, "completed_at_utc_s": 0, "first_statement_id": 1,
                    "first_row": line_id,
                },
            )  # fmt: skip


def row(line_id: int, leg: int = 1, amount_minor: int = 100_000, **changes: Any) -> dict[str, Any]:
    """A leg of a planted line, as a batch row; `_line_id` is its index in the store."""
    source = line_source("mpesa_ke", "600001", "", f"TST{line_id}", 1, 100_000, 1, 0)
    facts: dict[str, Any] = {
        "act": "post", "decision": "approve", "wallet": ["mpesa_ke", "600001"],
        "tenant": "default",
        "server": {
            "base_url": "https://fineract.example/api", "office_name": "Head Office",
            "office_opened_on": "2009-01-01",
        },
        "source": source, "purpose": "post", "leg": leg, "attempt": 1,
        "command": "savings_deposit", "account_kind": "savings", "account_id": 40 + line_id,
        "account_no": f"00000004{line_id}", "client_id": 9, "amount_minor": amount_minor,
        "posted_minor": amount_minor, "currency": "KES", "value_date": "2026-11-23",
        "payment_type_id": 3, "receipt": f"TST{line_id}", "line": source, "reason": "",
        "until": "", "transaction_id": "", "paper_reference": "", "_line_id": line_id,
    }  # fmt: skip
    return facts | changes


def flip(signature: str) -> str:
    """A signature with one bit changed."""
    raw = bytearray(base64.b64decode(signature))
    raw[0] ^= 1
    return base64.b64encode(bytes(raw)).decode()
