"""Where every run and shilling stands; changes nothing and takes no lock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from mmrecon.approval.wording import sentence, step
from mmrecon.config import WalletSettings
from mmrecon.errors import ExitCode, worst
from mmrecon.model.catalogue import by_code, next_step_of, sentence_of
from mmrecon.model.clock import iso_utc, local_date, local_time
from mmrecon.model.issue import Issue
from mmrecon.model.line import ProofState
from mmrecon.model.line_state import RANK, LineState
from mmrecon.model.posting import PostingState
from mmrecon.model.proof import Coverage, StatementPeriod
from mmrecon.pipeline.expecting import missing_statements
from mmrecon.pipeline.found_links import sums
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.showing import wallets_by_id
from mmrecon.pipeline.unapproved import unapproved_configuration
from mmrecon.proof.coverage import covered, days_touched, read_up_to
from mmrecon.store import standing as store
from mmrecon.store.chain_faults import chain_faults, contradicted_statements
from mmrecon.store.database import reading
from mmrecon.store.files import SetAside, set_aside
from mmrecon.store.found_links import FoundTransaction, found_transactions
from mmrecon.store.holds import held_money
from mmrecon.store.proofs import StoredProof, newest_proofs, statement_periods, wallet_ids
from mmrecon.store.refused_rows import refused_by_file

CALENDAR_DAYS: Final = 21
_RUNS: Final = 8
_WORK: Final = (LineState.READY, LineState.REVIEW, LineState.SUSPENSE, LineState.SUBMITTED)


def status(run: Run) -> dict[str, Any]:
    """The whole state of a site as plain values: wallets, batches, unknowns, runs."""
    since_utc = iso_utc(run.now_utc() - timedelta(days=CALENDAR_DAYS))
    with reading(run.engine) as connection:
        known = wallet_ids(connection)
        states = store.lines_by_state(connection).to_dict("records")
        return {
            "zone": run.settings.zone,
            "wallets": [
                _wallet(run, connection, wallet, known.get((wallet.provider, wallet.account)))
                for wallet in run.settings.wallets
            ],
            "lines": [_named(row, wallets_by_id(run.settings, known)) for row in states],
            "held_until": [
                _named(asdict(each), wallets_by_id(run.settings, known))
                for each in held_money(connection)
            ],
            "batches_waiting": [
                asdict(batch) | {"totals": json.loads(batch.totals_json or "{}")}
                for batch in store.waiting_batches(connection)
            ],
            "links_unsigned": _links(found_transactions(connection)),
            "missing": [_told(issue) for issue in missing_statements(run, connection)],
            "open_unknowns": [asdict(each) for each in store.open_unknowns(connection)],
            "quarantined": [
                _aside(one) for one in set_aside(connection) if one.read_at_utc >= since_utc
            ],
            "refused_rows": [
                _named(asdict(each), wallets_by_id(run.settings, known))
                for each in refused_by_file(connection, since_utc=since_utc)
            ],
            "ledger_snapshot_at_utc": store.newest_snapshot_at(connection),
            "runs": [asdict(each) for each in store.recent_runs(connection, _RUNS)],
            "last_quiet_tick_at_utc": store.last_quiet_tick_at(connection),
            "configuration": [_told(issue) for issue in unapproved_configuration(run)],
        }


def exit_code(document: dict[str, Any]) -> ExitCode:
    """6 for what the administrator must see, 1 for people's ordinary work, else 0."""
    words = {day["word"] for wallet in document["wallets"] for day in wallet["calendar"]}
    told = [*document["configuration"], *document["missing"]]
    codes = [by_code()[one["code"]].severity.exit_code() for one in told]
    unclear = [one for one in document["open_unknowns"] if one["state"] != PostingState.DEFERRED]
    bad_input = document["quarantined"] or document["refused_rows"] or "contradicted" in words
    if unclear or bad_input:
        codes.append(ExitCode.NEEDS_ATTENTION)
    waits = document["batches_waiting"] or document["links_unsigned"]["lines"]
    if waits or any(row["state"] in _WORK for row in document["lines"]):
        codes.append(ExitCode.PEOPLE_HAVE_WORK)
    return worst(codes)


def _told(issue: Issue) -> dict[str, str]:
    return {
        "code": issue.code, "message": sentence_of(issue), "next_step": next_step_of(issue),
    }  # fmt: skip


def _aside(one: SetAside) -> dict[str, str]:
    """A file that was set aside, and what can be done about it."""
    arguments = json.loads(one.reason_json or "{}")
    return {
        "file": one.name, "reason": one.reason_code, "sha256": one.sha256,
        "read_at_utc": one.read_at_utc, "message": sentence(one.reason_code, arguments),
        "next_step": step(one.reason_code, arguments),
    }  # fmt: skip


def calendar(
    periods: Sequence[StatementPeriod],
    proofs: Sequence[StoredProof],
    last: date,
    zone: str,
) -> list[dict[str, str]]:
    """One word for each of the days that end with `last`, oldest first."""
    days = [last - timedelta(days=back) for back in range(CALENDAR_DAYS - 1, -1, -1)]
    return [{"day": str(day), "word": _word(day, periods, proofs, zone)} for day in days]


def _word(
    day: date, periods: Sequence[StatementPeriod], proofs: Sequence[StoredProof], zone: str
) -> str:
    """none, partial, full, contradicted, open or proved; the worst of the sub-accounts."""
    own = [period for period in periods if day in days_touched([period], zone)]
    proved = {proof.proof for proof in proofs if proof.day == str(day)}
    if ProofState.CONTRADICTED in proved | {period.proof for period in own}:
        return "contradicted"
    subs = {period.sub_account for period in own}
    parts = [covered([each for each in own if each.sub_account == sub], day, zone) for sub in subs]
    if not parts:
        return Coverage.NONE.value
    if any(part is not Coverage.FULL for part in parts):
        return Coverage.PARTIAL.value
    if ProofState.OPEN in proved:
        return ProofState.OPEN.value
    return ProofState.PROVED.value if proved else Coverage.FULL.value


def _wallet(
    run: Run, connection: Connection, wallet: WalletSettings, wallet_id: int | None
) -> dict[str, Any]:
    today = local_date(run.now_utc(), wallet.zone)
    document: dict[str, Any] = {
        "wallet": wallet.name, "mode": wallet.mode, "newest_statement": None, "read_up_to": "",
        "calendar": calendar([], [], today, wallet.zone), "last_light": "", "newest_day": "",
        "older_days": 0, "oldest_day": "", "contradicted": [],
    }  # fmt: skip
    if wallet_id is None:
        return document
    periods = [
        replace(period, sub_account=period.sub_account or wallet.sub_account)
        for period in statement_periods(connection, wallet_id)
    ]
    first = str(today - timedelta(days=CALENDAR_DAYS))
    proofs = newest_proofs(connection, wallet_id, first)
    newest = store.newest_statement(connection, wallet_id)
    last = read_up_to(periods)
    days = sorted(map(str, days_touched(periods, wallet.zone)))
    first_shown = document["calendar"][0]["day"]
    return document | {
        "newest_day": days[-1] if days else "",
        "older_days": sum(day < first_shown for day in days),
        "oldest_day": days[0] if days else "",
        "newest_statement": None if newest is None else asdict(newest),
        "read_up_to": "" if last is None else local_time(last, wallet.zone),
        "calendar": calendar(_recent(periods, today), proofs, today, wallet.zone),
        "contradicted": _contradicted(connection, _recent(periods, today)),
        "last_light": f"{proofs[-1].day}: {proofs[-1].light}" if proofs else "",
    }


def _contradicted(
    connection: Connection, periods: Sequence[StatementPeriod]
) -> list[dict[str, Any]]:
    """Statements of the calendar whose proof fails: why, and what their balances show."""
    ids = [period.statement_id for period in periods if period.proof == ProofState.CONTRADICTED]
    return [
        {
            "file": one.name, "failed": list(one.failed),
            "faults": [_told(issue) for issue in chain_faults(connection, one.statement_id)],
        }
        for one in contradicted_statements(connection, ids)
    ]  # fmt: skip


def _recent(periods: Sequence[StatementPeriod], today: date) -> list[StatementPeriod]:
    """Statements that may touch the calendar; the others are many after some years."""
    edge_s = (today - date(1970, 1, 1)).days * 86_400 - (CALENDAR_DAYS + 1) * 86_400
    return [each for each in periods if each.to_utc_s is not None and each.to_utc_s >= edge_s]


def _links(found: Sequence[FoundTransaction]) -> dict[str, Any]:
    return {"lines": len(found), "totals": sums(found)}


def _named(row: dict[Any, Any], wallets: dict[int, WalletSettings]) -> dict[str, Any]:
    wallet = wallets.get(row.pop("wallet_id"))
    return {"wallet": wallet.name if wallet else "(not configured)"} | {
        str(name): value for name, value in row.items()
    }


def by_urgency(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines by state, wallet by wallet, what is worst first."""
    return sorted(lines, key=lambda row: (row["wallet"], RANK[row["state"]]))
