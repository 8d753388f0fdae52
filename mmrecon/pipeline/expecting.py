"""Statements that should be there by now and are not: said at the hour that is configured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from mmrecon.config import WalletSettings
from mmrecon.errors import ExitCode, worst
from mmrecon.model.catalogue import severity_of
from mmrecon.model.issue import Issue
from mmrecon.pipeline.run import Run
from mmrecon.proof.coverage import missing_days
from mmrecon.store import statements as store
from mmrecon.store.database import reading, transaction
from mmrecon.store.noted import is_noted
from mmrecon.store.proofs import statement_periods, wallet_ids

LOOKED_BACK_DAYS: Final = 21


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing, one issue per wallet."""

    issues: tuple[Issue, ...]

    def exit_code(self) -> ExitCode:
        """6 when a statement is missing."""
        return worst(severity_of(issue).exit_code() for issue in self.issues)


def missing(run: Run) -> Missing:
    """Every wallet's statements that are late by now."""
    with reading(run.engine) as connection:
        return Missing(tuple(missing_statements(run, connection)))


def newly_missing(run: Run) -> Missing:
    """Only what no run has said yet; it is noted, so that it is said once."""
    with transaction(run.engine) as connection:
        new = [one for one in missing_statements(run, connection) if not is_noted(connection, one)]
        noted = [(issue, None, None) for issue in new]
        store.insert_issues(connection, noted, run_id=run.run_id, at_utc=run.at_utc())
    return Missing(tuple(new))


def missing_statements(run: Run, connection: Connection) -> list[Issue]:
    """One issue for each wallet of which a statement is late by now."""
    known = wallet_ids(connection)
    found = (
        _missing(run, connection, wallet, known.get((wallet.provider, wallet.account)))
        for wallet in run.settings.wallets
    )
    return [issue for issue in found if issue is not None]


def _missing(
    run: Run, connection: Connection, wallet: WalletSettings, wallet_id: int | None
) -> Issue | None:
    """The issue of one wallet; None where nothing is expected or missing."""
    if wallet.expected_by is None:
        return None
    now = run.now_utc().astimezone(ZoneInfo(wallet.zone))
    first: date = max(wallet.live_from, now.date() - timedelta(days=LOOKED_BACK_DAYS))
    periods = [] if wallet_id is None else statement_periods(connection, wallet_id)
    days = missing_days(periods, first, now, wallet.expected_by, wallet.days_off)
    if not days:
        return None
    arguments: dict[str, str | int] = {
        "days": len(days),
        "listed": ", ".join(map(str, days[-5:])),
        "hour": f"{wallet.expected_by:%H:%M}",
    }
    return Issue("statement_missing", wallet=wallet.name, arguments=arguments)
