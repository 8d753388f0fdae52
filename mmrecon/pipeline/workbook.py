"""`workbook`: everything that waits for a person, in one file, kept as it was issued."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from mmrecon.approval.content import CountFrame, FileShown, HeldShown, WalletShown, WorkbookContent
from mmrecon.approval.proposals import OpenWork, WalletPart, propose
from mmrecon.approval.workbook_out import write
from mmrecon.errors import ExitCode
from mmrecon.fetch.archive import put
from mmrecon.model.catalogue import sentence_of
from mmrecon.model.clock import local_date
from mmrecon.model.frame import concat
from mmrecon.model.issue import Issue
from mmrecon.model.proof import Light
from mmrecon.model.proposal import ANSWERABLE, Sheet
from mmrecon.pipeline.found_links import issues_of
from mmrecon.pipeline.open_work import ledger_snapshot, open_work, wallet_parts
from mmrecon.pipeline.run import Run
from mmrecon.proof.coverage import days_touched
from mmrecon.secret import make_private
from mmrecon.store.database import reading, transaction
from mmrecon.store.found_links import found_transactions
from mmrecon.store.holds import end_due, held_money
from mmrecon.store.journal import Entry, append
from mmrecon.store.line_table import LineFilter, line_table
from mmrecon.store.proofs import StoredProof, last_day, newest_proofs, statement_periods
from mmrecon.store.workbooks import StoredWorkbook, insert_workbook, shown_files

EXPIRES_AFTER: Final = timedelta(days=7)
DAYS_SHOWN: Final = 7
"""Lines that want no answer are shown for so many days up to a wallet's newest."""


@dataclass(frozen=True, slots=True)
class WrittenWorkbook:
    """A workbook that was written. `rows` is a ProposalFrame; `issues` stand among its warnings."""

    workbook_id: str
    path: Path
    rows: pd.DataFrame
    issues: Sequence[Issue]

    @property
    def waiting(self) -> int:
        """How many rows wait for an answer."""
        return int(self.rows["sheet"].isin([sheet.value for sheet in ANSWERABLE]).sum())

    def exit_code(self) -> ExitCode:
        """People have work as long as a row waits for them."""
        return ExitCode.PEOPLE_HAVE_WORK if self.waiting else ExitCode.DONE


def write_workbook(run: Run, out: Path | None = None) -> WrittenWorkbook:
    """Write the workbook of everything that is open, whole or not at all.

    Raises:
        UsageError: there is no snapshot of the ledger yet.
    """
    now = run.now_utc()
    workbook_id = f"W{now:%Y%m%d}-{secrets.token_hex(3)}"
    run.progress.start("workbook", 0)
    _end_holds(run)
    with reading(run.engine) as connection:
        work = open_work(run, connection, ledger_snapshot(run, connection))
        content, issues = _content(run, connection, work, workbook_id)
    path = out or run.state_folder / "workbooks" / f"mmrecon-{now:%Y%m%d}-{workbook_id}.xlsx"
    draft = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in path.parent.glob(".mmrecon-*.part"):
        abandoned.unlink()  # a run that was killed; this one holds the lock
    make_private(draft)
    try:
        issued = write(draft, content)
        _keep(run, content, draft, path, issued)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    run.progress.finish()
    return WrittenWorkbook(workbook_id, path, content.proposals, issues)


def _end_holds(run: Run) -> None:
    """What was held until today is a row like any other again."""
    today = run.now_utc().astimezone(ZoneInfo(run.settings.zone)).date().isoformat()
    with transaction(run.engine) as connection:
        ended = end_due(connection, today)
        if ended:
            entry = Entry("holds_ended", {"holds": ended, "day": today})
            append(connection, [entry], at_utc=run.at_utc(), run_id=run.run_id)


def _keep(
    run: Run, content: WorkbookContent, draft: Path, path: Path, issued: pd.DataFrame
) -> None:
    """The workbook is known before it lies where people find it."""
    archived = put(run.state_folder, draft.read_bytes())
    stored = StoredWorkbook(
        workbook_id=content.workbook_id,
        written_at_utc=run.at_utc(),
        run_id=run.run_id,
        path=str(path),
        sha256=archived.sha256,
        expires_on=content.expires_on.isoformat(),
    )
    payload = {
        "workbook_id": content.workbook_id,
        "sha256": archived.sha256,
        "rows": len(issued),
    }
    with transaction(run.engine) as connection:
        insert_workbook(connection, stored, issued)
        entry = Entry("workbook_written", payload)
        append(connection, [entry], at_utc=stored.written_at_utc, run_id=run.run_id)


def _content(
    run: Run, connection: Connection, work: OpenWork, workbook_id: str
) -> tuple[WorkbookContent, list[Issue]]:
    wallets = wallet_parts(run, connection)
    first_days = {wallet.wallet_id: _first_day(connection, wallet) for wallet in wallets}
    proposals = _recent(propose(work), first_days)
    issues = [*_issues(wallets, proposals), *issues_of(found_transactions(connection))]
    zone = wallets[0].zone if wallets else "UTC"
    local = run.now_utc().astimezone(ZoneInfo(zone))
    content = WorkbookContent(
        workbook_id=workbook_id,
        institution=run.settings.institution.name,
        written_at_local=local,
        expires_on=local.date() + EXPIRES_AFTER,
        proposals=proposals,
        counts=_counts(connection, wallets, first_days),
        wallets=[
            _wallet(connection, one, first_days[one.wallet_id], _yesterday(run, one))
            for one in wallets
        ],
        warnings=[sentence_of(issue) for issue in issues],
        held=_held(connection, wallets),
    )
    return content, issues


def _held(connection: Connection, wallets: Sequence[WalletPart]) -> list[HeldShown]:
    names = {wallet.wallet_id: wallet.name for wallet in wallets}
    return [
        HeldShown(one.until, names[one.wallet_id], one.currency, one.lines, one.amount_minor)
        for one in held_money(connection)
        if one.wallet_id in names
    ]


def _yesterday(run: Run, wallet: WalletPart) -> str:
    """The newest whole day of the wallet."""
    return str(local_date(run.now_utc(), wallet.zone) - timedelta(days=1))


def _first_day(connection: Connection, wallet: WalletPart) -> str:
    newest = last_day(connection, wallet.wallet_id)
    if not newest:
        return ""
    return (date.fromisoformat(newest) - timedelta(days=DAYS_SHOWN - 1)).isoformat()


def _recent(proposals: pd.DataFrame, first_days: dict[int, str]) -> pd.DataFrame:
    """Every row that waits for an answer; the others of the last days only."""
    waiting = proposals["sheet"].isin([sheet.value for sheet in ANSWERABLE])
    first = proposals["wallet_id"].map(first_days)
    return proposals[waiting | (proposals["value_date"] >= first)].reset_index(drop=True)


def _issues(wallets: Sequence[WalletPart], proposals: pd.DataFrame) -> list[Issue]:
    """Wallets of which nothing can be posted although something is ready."""
    ready = set(proposals.loc[proposals["sheet"] == Sheet.TO_APPROVE.value, "wallet"])
    return [
        Issue("workbook_payment_type_missing", wallet=wallet.name)
        for wallet in wallets
        if wallet.payment_type_id is None and wallet.name in ready
    ]


def _counts(
    connection: Connection, wallets: Sequence[WalletPart], first_days: dict[int, str]
) -> pd.DataFrame:
    frames = []
    for wallet in wallets:
        wanted = LineFilter(wallet_id=wallet.wallet_id, first=first_days[wallet.wallet_id])
        table = line_table(connection, wanted)
        sums = (
            table.groupby(["currency", "line_class", "state"])["amount_minor"]
            .agg(lines="size", amount_minor="sum")
            .reset_index()
        )
        frames.append(CountFrame.build(sums.assign(wallet=wallet.name)))
    return concat(CountFrame, frames)


def _newest(proofs: Sequence[StoredProof], read: str, yesterday: str) -> tuple[str, str]:
    """The light of the newest day that could be there by now, and a sentence about it.

    `read` is the newest day with a statement. A day before it says nothing of the newest one: what
    is not proved, or has no statement, says so.
    """
    day = max([proof.day for proof in proofs], default="")
    own = [proof for proof in proofs if proof.day == day]
    worst = next((one for word in _WORST for one in own if one.light == word), None)
    told = f"{day}: {worst.light}, statements {worst.proof}" if worst else ""
    if read < yesterday:
        return Light.NO_STATEMENT.value, "; ".join(filter(None, [f"none of {yesterday} yet", told]))
    if worst is None or day < read:
        return "", "; ".join(filter(None, ["`mmrecon prove` runs after posting", told]))
    return worst.light, f"{day}: statements {worst.proof}"


_WORST: Final = (
    Light.NOT_BALANCED.value, Light.NO_STATEMENT.value, Light.WITH_ITEMS.value,
    Light.BALANCED.value,
)  # fmt: skip


def _wallet(
    connection: Connection, wallet: WalletPart, first_day: str, yesterday: str
) -> WalletShown:
    """A wallet's newest day in a word and a sentence, and its files of the days shown."""
    last = last_day(connection, wallet.wallet_id)
    periods = statement_periods(connection, wallet.wallet_id)
    read = max(map(str, days_touched(periods, wallet.zone)), default="")
    light, said = _newest(newest_proofs(connection, wallet.wallet_id, first_day), read, yesterday)
    return WalletShown(
        name=wallet.name,
        currency=wallet.currency,
        days=f"{first_day} to {last}" if last else "no lines yet",
        light=light,
        proof=said,
        files=[
            FileShown(shown.name, _period(shown.from_utc_s, shown.to_utc_s, wallet), shown.proof)
            for shown in shown_files(connection, wallet.wallet_id, first_day)
        ],
    )


def _period(from_utc_s: int | None, to_utc_s: int | None, wallet: WalletPart) -> str:
    zone = ZoneInfo(wallet.zone)
    ends = [
        datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M")
        for moment in (from_utc_s, to_utc_s)
        if moment is not None
    ]
    return " to ".join(ends)
