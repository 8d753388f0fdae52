"""`doctor`: every check a site needs, each with its remedy. Nothing is changed anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from mmrecon.config import WalletSettings
from mmrecon.errors import ExitCode, MmreconError, UsageError, worst
from mmrecon.fineract.client import FineractClient
from mmrecon.model.clock import zoned_time
from mmrecon.model.posting import Command
from mmrecon.pipeline.approved_undos import undos_wait
from mmrecon.pipeline.configuration import approved_configurations, refuse_unapproved
from mmrecon.pipeline.people import load_roster
from mmrecon.pipeline.report_installing import reports_that_run
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.source_checks import check_source
from mmrecon.posting.preflight import Finding, check_permissions, run_preflight
from mmrecon.posting.site_checks import compare_zones, look_at_site
from mmrecon.store import journal
from mmrecon.store.anchor import Head, anchor_path
from mmrecon.store.database import reading
from mmrecon.store.instances import current

_ROOT: Final = 0
_NO_CONFIGURATION: Final = "no_configuration"
_WORK: Final = frozenset({"no_founders", _NO_CONFIGURATION})


@dataclass(frozen=True, slots=True)
class Examined:
    """Every check in order, and the gravest exit code of those that do not hold."""

    findings: Sequence[Finding]
    codes: Sequence[ExitCode]

    def exit_code(self) -> ExitCode:
        """0 when everything holds."""
        return worst(self.codes)


@dataclass(frozen=True, slots=True)
class _Check:
    """What one check gave; a known end of the program is a finding with that end's exit code."""

    findings: list[Finding]
    code: ExitCode = ExitCode.DONE


def examine(run: Run) -> Examined:
    """Look at everything; one check's trouble never stops another."""
    checks = [
        _attempt("journal", lambda: _journal(run)),
        _attempt("founders and people", lambda: _people(run)),
        _attempt("approved configuration", lambda: _configuration(run)),
        *(
            _attempt(
                f"source of {wallet.name}", partial(check_source, source, wallet, run.now_utc())
            )
            for wallet in run.settings.wallets
            for source in wallet.sources
        ),
        _attempt("wallets", lambda: _wallets(run.settings.wallets)),
        _attempt("Fineract", lambda: _fineract(run)),
    ]
    return Examined(
        [finding for check in checks for finding in check.findings],
        [check.code for check in checks],
    )


def _attempt(name: str, look: Callable[[], list[Finding]]) -> _Check:
    try:
        found = look()
    except MmreconError as error:
        unheld = [Finding(name, holds=False, seen=str(error), remedy=error.hint)]
        return _Check(unheld, _code_of(error))
    unheld = [finding for finding in found if not finding.holds]
    return _Check(found, ExitCode.NEEDS_ATTENTION if unheld else ExitCode.DONE)


def _code_of(error: MmreconError) -> ExitCode:
    """What people have not come to yet is their work; a wrong setting is the administrator's."""
    if error.code in _WORK:
        return ExitCode.PEOPLE_HAVE_WORK
    return ExitCode.NEEDS_ATTENTION if isinstance(error, UsageError) else error.exit_code


def _journal(run: Run) -> list[Finding]:
    with reading(run.engine) as connection:
        head = Head(*journal.verify(connection))
        instance = current(connection)
    seen = f"{head.sequence} entries, head {head.printed() if head.hash else 'none'}"
    if instance is not None and instance.must_read:
        seen += "; put back: the next `mmrecon post` reads Fineract before it sends"
    beside = anchor_path(run.state_folder).parent
    kept = os.access(beside, os.W_OK)
    return [
        Finding("journal", holds=True, seen=seen),
        Finding(
            "anchor beside the state folder",
            holds=kept,
            seen="kept" if kept else "this user may not write there",
            remedy=""
            if kept
            else f"Let the service user write to {beside}; until then an older "
            "database that is put back is noticed only by a printed head.",
        ),
    ]


def _people(run: Run) -> list[Finding]:
    with reading(run.engine) as connection:
        people = load_roster(connection, run.founders_path).people()
    by_root = run.founders_path.stat().st_uid == _ROOT
    return [
        Finding("people", holds=True, seen=f"{len(people)} with rights"),
        Finding(
            "owner of the founders file",
            holds=by_root,
            seen="root" if by_root else "the service user, who could replace it",
            remedy="" if by_root else f"sudo chown root:root {run.founders_path}",
        ),
    ]


def _configuration(run: Run) -> list[Finding]:
    with reading(run.engine) as connection:
        roster = load_roster(connection, run.founders_path)
        history = approved_configurations(connection, roster)
        if not history:
            raise UsageError(
                "none has been approved yet",
                hint="`mmrecon submit` shows and signs it; another person approves it with "
                "`mmrecon approve`.",
                code=_NO_CONFIGURATION,
            )
        approved = refuse_unapproved(history, run.settings)
    since = zoned_time(approved.approved_at_utc, run.settings.zone)
    return [Finding("approved configuration", holds=True, seen=f"since {since}")]


def _wallets(wallets: Sequence[WalletSettings]) -> list[Finding]:
    return [
        Finding(
            f"wallet {wallet.name}",
            holds=wallet.payment_type is not None and bool(wallet.gl_account_ids),
            seen=_lacks(wallet) or f"{wallet.mode}, live from {wallet.live_from}",
            remedy="Complete the wallet in config.toml and have it approved."
            if _lacks(wallet)
            else "",
        )
        for wallet in wallets
    ]


def _lacks(wallet: WalletSettings) -> str:
    if wallet.payment_type is None:
        return "no payment_type: nothing of it can be posted"
    if not wallet.gl_account_ids:
        return "no gl_account_ids: its books are not searched for money that is posted already"
    return ""


def _fineract(run: Run) -> list[Finding]:
    with closing(run.connect()) as client:
        preflight = run_preflight(client, run.settings, run.now_utc())
        assert run.settings.fineract is not None
        zone = run.settings.fineract.zone
        return [
            *preflight.findings,
            _undo_permissions(run, client),
            *compare_zones(zone, run.settings.wallets, run.now_utc()),
            *look_at_site(client, run.settings.wallets, preflight.loose),
            *_reports(run, client),
        ]


def _undo_permissions(run: Run, client: FineractClient) -> Finding:
    """They stop nothing until two people have signed that something is taken back."""
    with reading(run.engine) as connection:
        waits = undos_wait(connection)
    found = check_permissions(client, (), tuple(Command))
    remedy = found.remedy and f"{found.remedy} `mmrecon undo` needs them."
    return replace(
        found, check="permissions to take back", holds=found.holds or not waits, remedy=remedy
    )


def _reports(run: Run, client: FineractClient) -> list[Finding]:
    """Without them mmrecon works all the same, slower and seeing less."""
    return [
        Finding(
            f"report {name}",
            holds=True,
            seen="runs"
            if runs
            else "is not there: lists and GL accounts instead (`mmrecon ledger report install`)",
        )
        for name, runs in reports_that_run(run, client).items()
    ]
