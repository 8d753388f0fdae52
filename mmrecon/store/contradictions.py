"""Which wallet-days contradict themselves: by a statement, or by their newest proof (DESIGN 2)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from mmrecon.model.line import ProofState
from mmrecon.model.override import Contradiction, FailedCheck, FailedDay
from mmrecon.model.proof import CONTRADICTIONS
from mmrecon.store.schema import FILE, LINE, PROOF_DAY, SIGHTING, STATEMENT

_CHUNK: Final = 500
_FAILED: Final = "failed"

WalletDay = tuple[int, str]
"""A wallet's id and an ISO date."""


def contradicted_days(connection: Connection) -> dict[WalletDay, Contradiction]:
    """Every contradicted wallet-day with what stands against it."""
    statements: dict[WalletDay, list[FailedCheck]] = {}
    for row in connection.execute(_statements()):
        statements.setdefault((row.wallet_id, row.day), []).extend(_failed_checks(row))
    proofs: dict[WalletDay, list[FailedDay]] = {}
    for row in connection.execute(_proofs()):
        proofs.setdefault((row.wallet_id, row.day), []).extend(_failed_days(row))
    return {
        day: Contradiction(
            tuple(sorted(statements.get(day, ()))), tuple(sorted(proofs.get(day, ())))
        )
        for day in statements.keys() | proofs.keys()
    }


def days_of_lines(connection: Connection, line_ids: Collection[int]) -> dict[int, WalletDay]:
    """The wallet-day of each line."""
    wanted = sorted(line_ids)
    query = select(LINE.c.line_id, LINE.c.wallet_id, LINE.c.value_date)
    return {
        row.line_id: (row.wallet_id, row.value_date)
        for start in range(0, len(wanted), _CHUNK)
        for row in connection.execute(
            query.where(LINE.c.line_id.in_(wanted[start : start + _CHUNK]))
        )
    }


def _failed_checks(row: Any) -> list[FailedCheck]:
    checks = json.loads(row.proof_json or "[]")
    told = [(name, words) for name, outcome, words in checks if outcome == _FAILED]
    return [
        FailedCheck(row.sha256, row.member, name, row.delivered_name, words)
        for name, words in told or [("contradicted", "")]
    ]


def _failed_days(row: Any) -> list[FailedDay]:
    differences = json.loads(row.table_json or "{}").get("differences", ())
    return [
        FailedDay(row.sub_account, found["code"], found["amount_minor"])
        for found in differences
        if found["code"] in CONTRADICTIONS
    ]


def _statements() -> Select[Any]:
    return (
        select(
            LINE.c.wallet_id, LINE.c.value_date.label("day"), STATEMENT.c.statement_id,
            STATEMENT.c.member, STATEMENT.c.delivered_name, STATEMENT.c.proof_json, FILE.c.sha256,
        )
        .join(SIGHTING, SIGHTING.c.line_id == LINE.c.line_id)
        .join(STATEMENT, STATEMENT.c.statement_id == SIGHTING.c.statement_id)
        .join(FILE, FILE.c.file_id == STATEMENT.c.file_id)
        .where(
            STATEMENT.c.complete.is_(True),
            STATEMENT.c.current.is_(True),
            STATEMENT.c.proof == ProofState.CONTRADICTED.value,
        )
        .distinct()
    )  # fmt: skip


def _proofs() -> Select[Any]:
    newest = select(func.max(PROOF_DAY.c.proof_day_id)).group_by(
        PROOF_DAY.c.wallet_id, PROOF_DAY.c.sub_account, PROOF_DAY.c.day
    )
    return select(
        PROOF_DAY.c.wallet_id, PROOF_DAY.c.day, PROOF_DAY.c.sub_account, PROOF_DAY.c.table_json
    ).where(
        PROOF_DAY.c.proof_day_id.in_(newest), PROOF_DAY.c.proof == ProofState.CONTRADICTED.value
    )
