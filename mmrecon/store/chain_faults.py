"""Statements that contradict themselves or their neighbours, and what was found wrong with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from mmrecon.model.issue import Issue
from mmrecon.model.line import ProofState
from mmrecon.store.schema import ISSUE, STATEMENT


@dataclass(frozen=True, slots=True)
class Contradicted:
    """One statement whose proof fails: the checks that failed, in words."""

    statement_id: int
    name: str
    failed: tuple[str, ...]


def contradicted_statements(connection: Connection, ids: Sequence[int]) -> list[Contradicted]:
    """Those of some statements that count and whose proof fails, oldest period first."""
    query = (
        select(STATEMENT.c.statement_id, STATEMENT.c.delivered_name, STATEMENT.c.proof_json)
        .where(
            STATEMENT.c.statement_id.in_(ids),
            STATEMENT.c.proof == ProofState.CONTRADICTED.value,
            STATEMENT.c.complete.is_(True),
            STATEMENT.c.current.is_(True),
        )
        .order_by(STATEMENT.c.period_from_utc_s, STATEMENT.c.statement_id)
    )
    return [
        Contradicted(statement_id, name, _failed(proof_json))
        for statement_id, name, proof_json in connection.execute(query)
    ]


def chain_faults(connection: Connection, statement_id: int) -> list[Issue]:
    """What its broken balance chain showed when it was read, in order."""
    query = (
        select(
            ISSUE.c.code, ISSUE.c.file, ISSUE.c.row, ISSUE.c.receipt, ISSUE.c.wallet,
            ISSUE.c.arguments_json,
        )
        .where(
            ISSUE.c.statement_id == statement_id,
            ISSUE.c.code.contains("chain"),
            ISSUE.c.closed_at_utc == "",
        )
        .order_by(ISSUE.c.issue_id)
    )  # fmt: skip
    return [
        Issue(*row[:5], arguments=json.loads(row.arguments_json))
        for row in connection.execute(query)
    ]


def _failed(proof_json: str) -> tuple[str, ...]:
    checks = json.loads(proof_json or "[]")
    return tuple(sentence for _, outcome, sentence in checks if outcome == "failed")
