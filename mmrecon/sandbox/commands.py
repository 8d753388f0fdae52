"""Running a command: its key, its transactions, its retries, its checker.

A command sent alone, or in a batch that does not enclose, has its key's row in one transaction, its
work in another and its result in two more; a process that dies in between leaves the same
half-done keys as a real server (fineract-api.md 2, measured.md d2).
"""

from __future__ import annotations

import sqlite3
import time
import uuid
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mmrecon.sandbox.call import Call, Command, Outcome, answered, raw_result
from mmrecon.sandbox.clock import now, setting
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.refusals import (
    INTEGRITY,
    ConflictError,
    ContainerError,
    RefusalError,
    conflict,
    integrity,
)
from mmrecon.sandbox.values import dumps, pretty

PAUSES = (1.0, 2.0)
LONGEST_KEY = 50


class Status(IntEnum):
    """What has become of a command."""

    PROCESSED = 1
    AWAITING = 2
    REJECTED = 3
    RUNNING = 4
    ERROR = 5


@dataclass(frozen=True)
class Reply:
    """An answer, ready to be sent."""

    status: int
    text: str
    from_cache: bool = False
    waits_for_checker: bool = False


class _RolledBackError(Exception):
    """A command was tried and taken back because somebody else must approve it."""


def find_by_key(session: Session, command: Command, key: str) -> Row | None:
    """The row of a key: action and entity are part of it, the account is not."""
    sql = """
        select * from m_portfolio_command_source
        where action_name = ? and entity_name = ? and idempotency_key = ?
    """
    return session.one(sql, (command.action, command.entity, key))


def run_single(call: Call, command: Command, key: str | None) -> Reply:
    """Run a command in transactions of its own.

    Raises:
        RefusalError: as the real server refuses.
    """
    admit(call, command)
    chosen = str(uuid.uuid4()) if key is None else key
    if key is not None:
        remembered = _remembered(call, command, chosen)
        if remembered is not None:
            return remembered
    with call.world.database.transaction() as session:
        command_id = insert_row(session, call, command, chosen)
    return carry_out(call, command, command_id)


def admit(call: Call, command: Command) -> None:
    """Refuse what is refused before a key is looked at: permission, malformed JSON."""
    call.user.require(command.permission)
    if call.text.strip():
        call.body()


def _remembered(call: Call, command: Command, key: str) -> Reply | None:
    for pause in (*PAUSES, None):
        row = find_by_key(call.session, command, key)
        if row is None or row["status"] != Status.RUNNING:
            return None if row is None else from_cache(row)
        if pause is not None:
            time.sleep(pause)
    return Reply(425, call.text, from_cache=True)


def from_cache(row: Row) -> Reply | None:
    """What a known key answers; none where the insert of its row will refuse it."""
    if row["status"] in (Status.PROCESSED, Status.ERROR):
        return Reply(row["result_status_code"], row["result"], from_cache=True)
    return None


def insert_row(
    session: Session,
    call: Call,
    command: Command,
    key: str,
    status: Status = Status.RUNNING,
) -> int:
    """Claim a key.

    Raises:
        RefusalError: 403 where the key is taken or too long.
    """
    if len(key) > LONGEST_KEY:
        raise integrity(INTEGRITY, "ERROR: value too long for type character varying(50)")
    subject = command.subject
    row = {
        "action_name": command.action,
        "entity_name": command.entity,
        "office_id": subject.office_id,
        "group_id": subject.group_id,
        "client_id": subject.client_id,
        "loan_id": subject.loan_id,
        "savings_account_id": subject.savings_id,
        "resource_id": subject.resource_id,
        "subresource_id": subject.sub_resource_id,
        "product_id": subject.product_id,
        "transaction_id": subject.name,
        "api_get_url": call.path,
        "command_as_json": call.text,
        "maker_id": call.user.user_id,
        "made_on_date_utc": now(),
        "status": status,
        "idempotency_key": key,
    }
    try:
        return session.insert("m_portfolio_command_source", row)
    except sqlite3.IntegrityError as taken:
        message = (
            "ERROR: duplicate key value violates unique constraint "
            '"unique_portfolio_command_source"\n  Detail: Key (action_name, entity_name, '
            f"idempotency_key)=({command.action}, {command.entity}, {key}) already exists."
        )
        raise integrity(INTEGRITY, message) from taken


def carry_out(call: Call, command: Command, command_id: int, *, approved: bool = False) -> Reply:
    """Run the handler of a claimed command, with the server's own attempts, and note the result."""
    try:
        outcome = _attempts(call, command, command_id, approved=approved)
    except RefusalError as refusal:
        note_error(call, command_id, refusal.status, pretty(refusal.body))
        raise
    except ContainerError as fault:
        note_error(call, command_id, fault.status, dumps({"Exception": fault.said}))
        raise
    except _RolledBackError:
        return _waiting(call, command_id)
    text = answered(outcome)
    if command.entity in ("ROLE", "USER"):
        call.world.users.forget()
    with call.world.database.transaction() as session:
        session.update("m_portfolio_command_source", command_id, _result(outcome))
    with call.world.database.transaction() as session:
        session.update("m_portfolio_command_source", command_id, {"result": text})
    return Reply(200, text)


def _result(outcome: Outcome) -> dict[str, Any]:
    columns = {
        "status": Status.PROCESSED,
        "result": raw_result(outcome),
        "result_status_code": 200,
        "resource_id": outcome.get("resourceId"),
        "subresource_id": outcome.get("subResourceId"),
        "resource_identifier": outcome.get("resourceIdentifier"),
        "office_id": outcome.get("officeId"),
        "client_id": outcome.get("clientId"),
        "group_id": outcome.get("groupId"),
        "loan_id": outcome.get("loanId"),
        "savings_account_id": outcome.get("savingsId"),
        "transaction_id": outcome.get("transactionId"),
    }
    return {name: value for name, value in columns.items() if value is not None}


def _attempts(call: Call, command: Command, command_id: int, *, approved: bool) -> Outcome:
    for pause in (*PAUSES, None):
        try:
            return _attempt(call, command, approved=approved)
        except ConflictError as lost:
            refusal = conflict("query")
            if pause is None:
                raise refusal from lost
            note_error(call, command_id, 409, pretty(refusal.body))
            time.sleep(pause)
    raise AssertionError


def _attempt(call: Call, command: Command, *, approved: bool) -> Outcome:
    world = call.world
    keys = command.locks
    versions = [world.locks.version(key) for key in keys]
    if world.service_seconds:
        time.sleep(world.service_seconds)
    owner = object()
    changed = False
    try:
        for key, version in zip(keys, versions, strict=True):
            world.locks.acquire(key, owner)
            if world.locks.version(key) != version:
                raise ConflictError(key[0])
        with world.database.transaction() as session:
            outcome = handle(call, command)
            if not approved and needs_checker(session, call, command):
                raise _RolledBackError
        changed = True
    finally:
        world.locks.release(owner, changed=changed)
    return outcome


def handle(call: Call, command: Command) -> Outcome:
    """Run the handler of a command inside the transaction that is open."""
    handler = call.world.router.handler(command.action, command.entity)
    return handler(call.about(command.subject))


def needs_checker(session: Session, call: Call, command: Command) -> bool:
    """Whether somebody else has to approve the command (fineract-api.md 8)."""
    if call.user.is_checker_of_all() or not setting(session, "maker-checker"):
        return False
    sql = "select can_maker_checker from m_permission where code = ?"
    return bool(session.value(sql, (command.permission,)))


def note_error(call: Call, command_id: int, status: int, text: str) -> None:
    """Remember a refusal under its key, in a transaction of its own."""
    with call.world.database.transaction() as session:
        columns = {"status": Status.ERROR, "result": text, "result_status_code": status}
        session.update("m_portfolio_command_source", command_id, columns)


def _waiting(call: Call, command_id: int) -> Reply:
    text = waiting_answer(command_id)
    with call.world.database.transaction() as session:
        columns = {"status": Status.AWAITING, "result": text, "result_status_code": 200}
        session.update("m_portfolio_command_source", command_id, columns)
    return Reply(200, text, waits_for_checker=True)


def waiting_answer(command_id: int | None) -> str:
    """What the maker is told while the command waits for its checker."""
    answer: dict[str, Any] = {
        "commandId": command_id,
        "rollbackTransaction": True,
        "resourceExternalId": {},
        "subResourceExternalId": {},
    }
    return dumps(answer)


def run_enclosed(call: Call, command: Command, key: str | None) -> Reply:
    """Run a command inside the transaction of an enclosing batch; a refusal leaves no trace.

    Raises:
        RefusalError: as the real server refuses.
    """
    admit(call, command)
    session = call.session
    chosen = str(uuid.uuid4()) if key is None else key
    row = None if key is None else find_by_key(session, command, chosen)
    if row is not None and row["status"] == Status.RUNNING:
        return Reply(425, call.text, from_cache=True)
    remembered = None if row is None else from_cache(row)
    if remembered is not None:
        return remembered
    outcome = handle(call, command)
    command_id = insert_row(session, call, command, chosen, Status.PROCESSED)
    if needs_checker(session, call, command):
        return Reply(200, waiting_answer(command_id), waits_for_checker=True)
    text = answered(outcome)
    columns = {**_result(outcome), "result": text}
    session.update("m_portfolio_command_source", command_id, columns)
    return Reply(200, text)
