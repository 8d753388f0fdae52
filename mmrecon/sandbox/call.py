"""One request as its handler sees it, and the commands that change something."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mmrecon.sandbox.auth import User
from mmrecon.sandbox.database import Session
from mmrecon.sandbox.refusals import bad_json
from mmrecon.sandbox.values import Json, dumps, loads

if TYPE_CHECKING:
    from mmrecon.sandbox.locks import LockKey
    from mmrecon.sandbox.world import World


@dataclass(frozen=True)
class Subject:
    """What a command is about, as its audit row names it."""

    office_id: int | None = None
    group_id: int | None = None
    client_id: int | None = None
    loan_id: int | None = None
    savings_id: int | None = None
    resource_id: int | None = None
    sub_resource_id: int | None = None
    product_id: int | None = None
    name: str | None = None

    def locks(self) -> tuple[LockKey, ...]:
        """The rows that the command writes under an optimistic lock."""
        savings = () if self.savings_id is None else (("savings", self.savings_id),)
        loan = () if self.loan_id is None else (("loan", self.loan_id),)
        return savings + loan


@dataclass(frozen=True)
class Command:
    """Something to be done: action and entity name its handler and its permission."""

    action: str
    entity: str
    subject: Subject = field(default_factory=Subject)
    more_locks: tuple[LockKey, ...] = ()

    @property
    def locks(self) -> tuple[LockKey, ...]:
        """The rows that the command writes, in one order for everybody."""
        return tuple(sorted({*self.subject.locks(), *self.more_locks}))

    @property
    def permission(self) -> str:
        """The permission that giving the command needs."""
        return f"{self.action}_{self.entity}"


@dataclass
class Call:
    """A request: who, what, and the session it runs on."""

    world: World
    user: User
    method: str
    path: str
    query: Mapping[str, str]
    text: str
    subject: Subject = field(default_factory=Subject)
    command_id: int | None = None

    @property
    def session(self) -> Session:
        """The database session of this thread."""
        return self.world.database.session()

    def body(self) -> Json:
        """The body as a JSON object, decimals exact."""
        if not self.text.strip():
            raise bad_json()
        try:
            parsed = loads(self.text)
        except json.JSONDecodeError as fault:
            said = f"The JSON syntax provided in the body of the request is invalid: {fault.msg}."
            raise bad_json(said) from fault
        if not isinstance(parsed, dict):
            raise bad_json()
        return parsed

    def about(self, subject: Subject) -> Call:
        """The same request with its subject."""
        return replace(self, subject=subject)

    def number(self, name: str) -> int | None:
        """A query parameter that is a whole number; anything else counts as not given."""
        text = self.query.get(name, "")
        return int(text) if text.lstrip("-").isdigit() else None

    def flag(self, name: str) -> bool:
        """A query parameter that is a truth value."""
        return self.query.get(name, "").lower() == "true"


Outcome = dict[str, Any]
Handler = Callable[[Call], Outcome]

RESULT_FIELDS = (
    "commandId",
    "officeId",
    "groupId",
    "clientId",
    "loanId",
    "savingsId",
    "resourceId",
    "subResourceId",
    "transactionId",
    "changes",
    "creditBureauReportData",
    "resourceIdentifier",
    "productId",
    "gsimId",
    "glimId",
    "rollbackTransaction",
    "resourceExternalId",
    "subResourceExternalId",
)


def answered(outcome: Outcome) -> str:
    """The result of a command as it is answered: without what is null."""
    return dumps({name: value for name, value in outcome.items() if value is not None})


def raw_result(outcome: Outcome) -> str:
    """The result as it is stored before the answer is known: every field, most of them null."""
    full = {name: outcome.get(name) for name in RESULT_FIELDS}
    full["rollbackTransaction"] = False
    return dumps(full)


def decimal_as_written(value: object) -> str:
    """A number of a body as text, as ``changes`` repeats it."""
    return str(value) if isinstance(value, Decimal | int) else str(value or "")
