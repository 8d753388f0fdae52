"""One day of three wallets: statement files, withdrawal requests, and the truth about each line.

The same day gives the same bytes everywhere.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from mmrecon.sandbox import demo_mtn, demo_paybill, demo_payouts
from mmrecon.sandbox.demo_files import write_layout_a, write_layout_b, write_mtn
from mmrecon.sandbox.demo_institution import Institution
from mmrecon.sandbox.demo_lines import Entry, balances
from mmrecon.sandbox.demo_seed import TellerDeposit
from mmrecon.sandbox.demo_wallets import MTN, PAYBILL, PAYOUTS, DemoWallet

_REQUEST_COLUMNS: Final = (
    "request_id", "account_no", "phone", "amount", "currency", "requested_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WalletDay:
    """The rows of one wallet, in order of time."""

    wallet: DemoWallet
    opening_minor: int
    entries: tuple[Entry, ...]

    @property
    def closing_minor(self) -> int:
        """The balance after the last row."""
        return balances(list(self.entries), self.opening_minor)[-1]


@dataclass(frozen=True, slots=True)
class DemoDay:
    """Everything that happened."""

    day: date
    wallets: tuple[WalletDay, ...]
    requests: tuple[demo_payouts.Request, ...]
    teller: TellerDeposit


@dataclass(frozen=True, slots=True)
class WrittenDay:
    """Where it was written; `statements` by the wallet's name."""

    statements: dict[str, Path]
    requests: Path
    truth: Path


def build_day(institution: Institution) -> DemoDay:
    """The day of an institution."""
    paybill = demo_paybill.paybill_day(institution)
    payouts = demo_payouts.payout_day(institution)
    wallets = (
        WalletDay(PAYBILL, demo_paybill.OPENING_MINOR, paybill.entries),
        WalletDay(PAYOUTS, demo_payouts.OPENING_MINOR, payouts.entries),
        WalletDay(MTN, demo_mtn.OPENING_MINOR, demo_mtn.mtn_day(institution)),
    )
    return DemoDay(institution.day, wallets, payouts.requests, paybill.teller)


def write_day(made: DemoDay, folder: Path) -> WrittenDay:
    """Write the files: `<wallet>/<statement>`, `withdrawal_requests.csv`, `truth.json`."""
    writers = {
        PAYBILL.name: write_layout_a,
        PAYOUTS.name: write_layout_b,
        MTN.name: write_mtn,
    }
    statements = {}
    for part in made.wallets:
        name = part.wallet.name
        (folder / name).mkdir(parents=True, exist_ok=True)
        write = writers[name]
        statements[name] = write(folder / name, made.day, part.entries, part.opening_minor)
    requests = folder / "withdrawal_requests.csv"
    requests.write_text(_requests(made), encoding="utf-8", newline="")
    truth = folder / "truth.json"
    document = truth_of(made, {name: path.name for name, path in statements.items()})
    truth.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return WrittenDay(statements, requests, truth)


def _requests(made: DemoDay) -> str:
    requested_on = made.day - timedelta(days=1)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(_REQUEST_COLUMNS)
    for request in made.requests:
        amount = f"{request.amount_minor // 100}.{request.amount_minor % 100:02}"
        writer.writerow(
            [
                request.request_id, request.account_no, request.client.phone, amount,
                PAYOUTS.currency, requested_on.isoformat(),
            ]
        )  # fmt: skip
    return written.getvalue()


def truth_of(made: DemoDay, files: dict[str, str]) -> dict[str, Any]:
    """What is right: sums of each wallet, and class, states, tier and legs of each line.

    A fee in a column is a charge line of its own, as a reader must see it.
    """
    return {
        "day": made.day.isoformat(),
        "wallets": [_sums(part, files[part.wallet.name]) for part in made.wallets],
        "lines": [
            line
            for part in made.wallets
            for entry in part.entries
            for line in _lines(part.wallet, entry)
        ],
        "booked_by_teller": made.teller.receipt,
    }


def _sums(part: WalletDay, file: str) -> dict[str, Any]:
    moved = [entry for entry in part.entries if entry.moves]
    return {
        "wallet": part.wallet.name,
        "file": file,
        "rows": len(part.entries),
        "currency": part.wallet.currency,
        "opening_minor": part.opening_minor,
        "closing_minor": part.closing_minor,
        "in_minor": sum(entry.amount_minor for entry in moved if entry.amount_minor > 0),
        "out_minor": -sum(entry.amount_minor for entry in moved if entry.amount_minor < 0),
        "fees_minor": sum(entry.fee_minor for entry in moved),
        "classes": _classes(part.wallet, part.entries),
        "refused_rows": sum(entry.is_damaged for entry in part.entries),
    }


def _classes(wallet: DemoWallet, entries: Sequence[Entry]) -> dict[str, int]:
    """Lines by class; a refused row is no line."""
    lines = [line for entry in entries for line in _lines(wallet, entry)]
    counted = Counter(line["class"] for line in lines if line["states"] != ["refused_row"])
    return dict(sorted(counted.items()))


def _lines(wallet: DemoWallet, entry: Entry) -> list[dict[str, Any]]:
    line: dict[str, Any] = {
        "wallet": wallet.name,
        "receipt": entry.receipt,
        "class": entry.line_class,
        "sign": 1 if entry.amount_minor > 0 else -1,
        "amount_minor": abs(entry.amount_minor),
        "completed_at": entry.at.isoformat(),
        **asdict(entry.expected),
    }
    line["states"] = list(entry.expected.states)
    line["legs"] = [list(leg) for leg in entry.expected.legs]
    if not entry.fee_minor or entry.is_damaged:
        return [line]
    charge = {"class": "charge", "sign": -1, "amount_minor": entry.fee_minor}
    fee = {"story": "no posting", "states": ["no_posting"], "tier": "", "legs": []}
    return [line, {**line, **charge, **fee}]
