"""A site of mmrecon: its configuration, its people with real keys, and what they sign."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from mmrecon.errors import ExitCode
from mmrecon.model.approval import Batch, BatchKind, Role, new_batch_id
from mmrecon.model.keys import line_source, loan_source, request_source
from mmrecon.model.progress import Silent
from mmrecon.pipeline.approving import approve, pending, prepare, prepare_pending
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.ledger_in import refresh_ledger
from mmrecon.pipeline.people import enrol_person, invite_person, revoke_person, unlock_signer
from mmrecon.pipeline.run import Run
from mmrecon.store.batches import RowPlace
from mmrecon.store.database import transaction
from mmrecon.store.postings import next_attempts
from mmrecon.store.schema import ITEM, LINE, WALLET
from mmrecon.wiring import open_run
from tests.campaign.institution import Institution
from tests.campaign.work import COLLECTIONS, PAYOUTS, Leg, Line

ASHA, BENO, CARO = "Asha Test", "Beno Test", "Caro Test"
"""The first prepares; the others approve, the last until she is revoked."""
_WALLETS: Final = {COLLECTIONS: "paybill", PAYOUTS: "payouts"}
REPOSITORY: Final = Path(__file__).parents[2]
_OFFICE: Final = "Head Office"

_CONFIG: Final = """
[institution]
name = "Example SACCO"

[state]
folder = "state"

[fineract]
base_url = "{base_url}"
zone = "{zone}"
username = "{username}"
password_variable = ""
password_file = "fineract-password"
read_timeout_s = {read_timeout_s}

[posting]
workers = 2
savings_batch_size = 10
loan_batch_size = 5
give_up_after_s = 20
"""
_WALLET: Final = """
[[wallets]]
name = "{name}"
provider = "mpesa_ke"
account = "{account}"
currency = "KES"
zone = "Africa/Nairobi"
country = "KE"
live_from = 2026-01-01
gl_account_ids = [{gl}]
payment_type = {{ id = {payment_type}, name = "{payment_name}" }}
"""


@dataclass(frozen=True)
class Server:
    """How mmrecon reaches Fineract."""

    base_url: str
    zone: str
    username: str
    password: str
    read_timeout_s: int


class Site:
    """One folder with everything that mmrecon keeps."""

    def __init__(self, folder: Path, institution: Institution, server: Server) -> None:
        self.folder = folder
        self.institution = institution
        self.server = server
        self.config = folder / "config.toml"
        self._office = institution.office()
        folder.mkdir(parents=True)
        self._write_configuration()
        with self.run("found") as run:
            for name in (ASHA, BENO):
                code = invite_person(run, name, (), founder=True, days=7).code
                enrol_person(run, name, code, secret(name))
            code = invite_person(run, CARO, (Role.APPROVER,), founder=False, days=7).code
            enrol_person(run, CARO, code, secret(CARO))
            self._plant_wallets(run)
            refresh_ledger(run)
        self.sign_pending()

    @property
    def database(self) -> Path:
        """The store's own file."""
        return self.folder / "state" / "mmrecon.db"

    @contextmanager
    def run(self, command: str) -> Iterator[Run]:
        """A run that holds the lock, as any command that writes."""
        with open_run(self.config, command=command, progress=Silent(), lock=True) as (run, ended):
            yield run
            ended.append(ExitCode.DONE)

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of the store."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, parameters)]

    def states(self) -> Counter[str]:
        """How many postings stand in each state."""
        return Counter(row["state"] for row in self.rows("select state from posting"))

    def sign_pending(self) -> int:
        """Both people sign what lacks their signatures: configuration, keys, found links."""
        with self.run("submit") as run:
            if pending(run).is_empty:
                return 0
            batch_ids = prepare_pending(run, ASHA, secret(ASHA)).batch_ids
            for batch_id in batch_ids:
                approve(run, batch_id, BENO, secret(BENO), {})
        return len(batch_ids)

    def configure(self, old: str, new: str) -> None:
        """Edit the configuration by hand."""
        text = self.config.read_text(encoding="utf-8")
        assert old in text, old
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def revoke(self, name: str) -> None:
        """Somebody's rights end at once."""
        with self.run("revoke") as run:
            revoke_person(run, name, BENO, secret(BENO), "has left")

    def approve(self, lines: Sequence[Line], approver: str, kind: BatchKind) -> int:
        """Two people sign postings of lines in one batch; gives how many rows were refused."""
        if not lines:
            return 0
        with self.run("approve") as run:
            signer = unlock_signer(run, ASHA, secret(ASHA))
            with transaction(run.engine) as connection:
                places = self._plant(connection, lines)
                draft = self._draft(connection, run, lines, places, kind)
                prepare(connection, run, signer, [draft])
            decided = approve(run, draft.batch.batch_id, approver, secret(approver), {})
        return len(decided.refused)

    def keep(self, name: str) -> None:
        """Copy the store's files aside, as somebody does who knows no better way."""
        folder = self.folder / name
        folder.mkdir()
        for file in self.database.parent.glob("mmrecon.db*"):
            shutil.copy(file, folder)
        if (self.folder / "anchor").exists():
            shutil.copy(self.folder / "anchor", folder)

    def back_up(self, name: str) -> None:
        """As the manual says."""
        self._command("backup", str(self.folder / f"{name}.backup"))

    def restore(self, name: str) -> None:
        """As the manual says."""
        self._command("restore", str(self.folder / f"{name}.backup"), "--replace")

    def has_rights(self, name: str) -> bool:
        """Whether nobody has revoked somebody's key."""
        query = "select 1 from enrolment where name = ? and revoked_at_utc = ''"
        return bool(self.rows(query, name))

    def put_back(self, name: str, *, anchor: bool) -> None:
        """Put a copy in the place of the store; with or without what stands beside it."""
        for file in self.database.parent.glob("mmrecon.db*"):
            file.unlink()
        for file in (self.folder / name).glob("mmrecon.db*"):
            shutil.copy(file, self.database.parent)
        if anchor and (self.folder / name / "anchor").exists():
            shutil.copy(self.folder / name / "anchor", self.folder)

    def _command(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "mmrecon", *arguments, "--config", str(self.config)]
        ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, (arguments, ended.stdout, ended.stderr)

    def _write_configuration(self) -> None:
        password = self.folder / "fineract-password"
        password.write_text(self.server.password + "\n", encoding="utf-8")
        password.chmod(0o600)
        server, institution = self.server, self.institution
        names = institution.payment_type_names()
        text = _CONFIG.format(
            base_url=server.base_url, zone=server.zone, username=server.username,
            read_timeout_s=server.read_timeout_s,
        )  # fmt: skip
        for account, name in _WALLETS.items():
            text += _WALLET.format(
                name=name, account=account, gl=institution.gl_account(account),
                payment_type=institution.payment_types[account], payment_name=names[account],
            )  # fmt: skip
        self.config.write_text(text, encoding="utf-8")

    def _plant_wallets(self, run: Run) -> None:
        shared = {"provider": "mpesa_ke", "currency": "KES", "zone": "Africa/Nairobi"}
        with transaction(run.engine) as connection:
            for number, (account, name) in enumerate(_WALLETS.items(), 1):
                own = {"wallet_id": number, "account": account, "name": name}
                connection.execute(insert(WALLET), own | shared)

    def _plant(self, connection: Connection, lines: Sequence[Line]) -> dict[int, RowPlace]:
        """Lines as an import leaves them, and the items that payouts settle; by line number."""
        known = set(connection.execute(select(LINE.c.line_id)).scalars())
        new = [line for line in lines if line.number not in known]
        if new:
            connection.execute(insert(LINE), [self._line(line) for line in new])
        items = _items(connection)
        asked = [line for line in lines if line.sign < 0 and _item_key(line) not in items]
        if asked:
            connection.execute(insert(ITEM), [self._item(line) for line in asked])
            items = _items(connection)
        return {
            line.number: RowPlace(line.number, items[_item_key(line)] if line.sign < 0 else None)
            for line in lines
        }

    def _line(self, line: Line) -> dict[str, Any]:
        completed = datetime.now(UTC) - timedelta(days=line.days_ago)
        return {
            "line_id": line.number, "wallet_id": list(_WALLETS).index(line.shortcode) + 1,
            "receipt": line.receipt, "sign": line.sign, "amount_minor": line.minor,
            "currency": "KES", "n": 1, "generation": 0, "repeats": 1,
            "line_class": "collection" if line.sign > 0 else "payout",
            "completed_at_utc_s": int(completed.timestamp()),
            "value_date": self.institution.day(line.days_ago),
            "first_statement_id": 1, "first_row": line.number,
        }  # fmt: skip

    def _item(self, line: Line) -> dict[str, Any]:
        leg = line.legs[0]
        return {
            "item_key": _item_key(line), "state": "open",
            "account_kind": leg.account.kind, "account_id": leg.account.account_id,
            "amount_minor": leg.minor, "posted_minor": leg.minor, "currency": "KES",
        }  # fmt: skip

    def _draft(
        self,
        connection: Connection,
        run: Run,
        lines: Sequence[Line],
        places: dict[int, RowPlace],
        kind: BatchKind,
    ) -> Draft:
        sources = {_source(line) for line in lines}
        attempts = next_attempts(connection, sources)
        facts: list[dict[str, Any]] = []
        rows: list[RowPlace] = []
        for line in lines:
            for number, leg in enumerate(line.legs, 1):
                attempt = attempts.get((_source(line), _purpose(line), number), 1)
                facts.append(self._facts(line, leg, number, attempt or 1))
                rows.append(places[line.number])
        totals = {"KES": sum(int(row["amount_minor"]) for row in facts)}
        batch = Batch(new_batch_id(kind, run.now_utc()), kind, facts, totals)
        return Draft(batch, rows)

    def _facts(self, line: Line, leg: Leg, number: int, attempt: int) -> dict[str, Any]:
        institution, (office, opened_on) = self.institution, self._office
        return {
            "act": "post", "decision": "approve", "wallet": ["mpesa_ke", line.shortcode],
            "tenant": "default", "source": _source(line), "purpose": _purpose(line),
            "leg": number, "attempt": attempt, "command": leg.command,
            "account_kind": leg.account.kind, "account_id": leg.account.account_id,
            "account_no": leg.account.account_no, "client_id": leg.account.client_id,
            "amount_minor": leg.minor, "posted_minor": leg.minor, "currency": "KES",
            "value_date": institution.day(line.days_ago),
            "payment_type_id": institution.payment_types[line.shortcode],
            "receipt": line.receipt, "line": _line_source(line), "reason": "", "until": "",
            "transaction_id": "", "paper_reference": "",
            "server": {
                "base_url": self.server.base_url, "office_name": office,
                "office_opened_on": opened_on,
            },
        }  # fmt: skip


def secret(name: str) -> str:
    """Somebody's passphrase."""
    return f"{name}: four quite unlikely words"


def _items(connection: Connection) -> dict[str, int]:
    """Items by key; approved loans came with the ledger's snapshot."""
    rows = connection.execute(select(ITEM.c.item_key, ITEM.c.item_id))
    return {row.item_key: row.item_id for row in rows}


def _line_source(line: Line) -> str:
    return line_source("mpesa_ke", line.shortcode, "", line.receipt, line.sign, line.minor, 1, 0)


def _item_key(line: Line) -> str:
    leg = line.legs[0]
    if leg.account.kind == "loan":
        return loan_source(leg.account.account_id, 1)
    return request_source(_OFFICE, line.receipt)


def _source(line: Line) -> str:
    return _line_source(line) if line.sign > 0 else _item_key(line)


def _purpose(line: Line) -> str:
    return "post" if line.sign > 0 else "pay"
