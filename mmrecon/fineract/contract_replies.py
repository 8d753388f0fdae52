"""What the answer to a posting means, decided from status, headers and body alone.

Sources: fineract-api.md 2, 3.2, 8, 11; fineract/measured.md d4; fineract/mariadb.md 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mmrecon.fineract.contract import (
    UNHEARD,
    BatchReply,
    Fault,
    JsonObject,
    Reply,
    as_integer,
    as_list,
    as_object,
    as_text,
)
from mmrecon.model.posting import Command, Posting


class Meaning(StrEnum):
    """What one answer says of one posting."""

    POSTED = "posted"
    PENDING = "pending_in_core"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"
    DEFERRED = "deferred"
    LOCKED = "locked"
    DUPLICATE = "duplicate_external_id"
    STUCK = "stuck_key"
    UNKNOWN = "unknown"
    OTHER_ACCOUNT = "other_account"
    NOT_SENT = "not_sent"
    LOGIN_REFUSED = "login_refused"
    NOT_AUTHORISED = "not_authorised"
    NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer, understood. `code` is Fineract's own; never a text with personal data."""

    meaning: Meaning
    status: int = UNHEARD
    code: str = ""
    transaction_id: str = ""
    from_cache: bool = False


DEFERRED_CODES: Final = frozenset(
    {
        "error.msg.savingsaccount.transaction.in.the.future",
        "error.msg.loan.transaction.cannot.be.a.future.date",
        "error.msg.loan.disbursal.cannot.be.a.future.date",
        "error.msg.sheduler.job.currently.running",
    }
)
"""Refused for now only: the same key goes again later (the spelling is Fineract's)."""

_NOT_AUTHORISED: Final = "error.msg.not.authorized"
_WRONG_MODE: Final = "error.msg.invalid.instance.type"
_LOAN_LOCKED: Final = "error.msg.loan.locked"
_TRANSACTION_FIELD: Final[dict[Command, str]] = {
    Command.SAVINGS_DEPOSIT: "resourceId",
    Command.SAVINGS_WITHDRAWAL: "resourceId",
    Command.LOAN_REPAYMENT: "resourceId",
    Command.LOAN_DISBURSEMENT: "subResourceId",
}
_ACCOUNT_FIELD: Final = {"savings": "savingsId", "loan": "loanId"}


def understand_posting(posting: Posting, reply: Reply) -> Heard:
    """What a reply to this one posting (an item's, or a single call's) says."""
    if reply.status == UNHEARD:
        lost = reply.fault is not Fault.NOT_SENT
        return Heard(Meaning.UNKNOWN if lost else Meaning.NOT_SENT, code=reply.fault.value)
    body = as_object(reply.json())
    if reply.status == 200:
        return _success(posting, reply, body)
    code = refusal_code(body)
    return Heard(_refusal(reply, body, code), reply.status, code, from_cache=_from_cache(reply))


def understand_batch(
    postings: Sequence[Posting], answer: BatchReply, *, enclosing: bool
) -> list[Heard]:
    """What the answer to a batch says of each posting; item n (from 1) is `postings[n - 1]`."""
    if answer.whole.status != 200:
        whole = understand_posting(postings[0], answer.whole)
        return [_of_whole_call(whole)] * len(postings)
    replies = answer.by_request()
    if not enclosing or all(replies.get(n, _NONE).status == 200 for n in _numbers(postings)):
        return [
            understand_posting(posting, replies.get(n, _NONE))
            for n, posting in enumerate(postings, 1)
        ]
    return _rolled_back(postings, replies)


def refusal_code(body: JsonObject) -> str:
    """Fineract's code: in `errors[0]` first, at the top second (fineract-api.md 11.1)."""
    first = next(iter(as_list(body.get("errors"))), body)
    name = "userMessageGlobalisationCode"
    return as_text(first.get(name)) or as_text(body.get(name))


_NONE: Final = Reply(UNHEARD)


def _numbers(postings: Sequence[Posting]) -> range:
    return range(1, len(postings) + 1)


def _success(posting: Posting, reply: Reply, body: JsonObject) -> Heard:
    transaction_id = as_integer(body.get(_TRANSACTION_FIELD[posting.command]))
    cached = _from_cache(reply)
    if transaction_id is None:
        pending = as_integer(body.get("commandId")) is not None
        return Heard(Meaning.PENDING if pending else Meaning.UNKNOWN, 200, from_cache=cached)
    account_id = as_integer(body.get(_ACCOUNT_FIELD[posting.account_kind]))
    if account_id is None:
        return Heard(Meaning.UNKNOWN, 200, from_cache=cached)
    right = account_id == posting.account_id
    meaning = Meaning.POSTED if right else Meaning.OTHER_ACCOUNT
    return Heard(meaning, 200, "", str(transaction_id), cached)


def _refusal(reply: Reply, body: JsonObject, code: str) -> Meaning:
    if reply.status == 401:
        return Meaning.LOGIN_REFUSED
    if reply.status == 501:
        return Meaning.NOT_SUPPORTED
    if reply.status == 425:
        return Meaning.STUCK
    if code == _LOAN_LOCKED:
        return Meaning.LOCKED
    if not code or reply.status in {409, 500, 502, 504}:
        return Meaning.UNKNOWN
    return _business(reply.status, code, shaped="errors" in body or "httpStatusCode" in body)


def _business(status: int, code: str, *, shaped: bool) -> Meaning:
    """A Fineract error body with a code; anything not certain is unknown."""
    if code == _NOT_AUTHORISED:
        return Meaning.NOT_AUTHORISED
    if code == _WRONG_MODE:
        return Meaning.NOT_SUPPORTED
    if code in DEFERRED_CODES:
        return Meaning.DEFERRED
    if "duplicate.externalId" in code or code.endswith("externalId.value.must.be.unique"):
        return Meaning.DUPLICATE
    if "data.integrity.issue" in code or ".duplicate" in code or code.endswith(".conflict"):
        return Meaning.UNKNOWN
    return Meaning.REFUSED if shaped and status in {400, 403, 404, 503} else Meaning.UNKNOWN


def _rolled_back(postings: Sequence[Posting], replies: dict[int, Reply]) -> list[Heard]:
    """An enclosing batch that was undone answers with its first failing item only (7)."""
    failing = [n for n in _numbers(postings) if n in replies and replies[n].status != 200]
    if len(replies) != 1 or len(failing) != 1:
        return [Heard(Meaning.UNKNOWN, 200)] * len(postings)
    number = failing[0]
    heard = understand_posting(postings[number - 1], replies[number])
    others = Heard(_beside(heard.meaning), heard.status, heard.code)
    return [heard if n == number else others for n in _numbers(postings)]


def _beside(failing: Meaning) -> Meaning:
    """What the failing item says of those that were rolled back with it."""
    if failing in {Meaning.REFUSED, Meaning.DEFERRED}:
        return Meaning.ROLLED_BACK
    if failing in {Meaning.NOT_AUTHORISED, Meaning.NOT_SUPPORTED, Meaning.LOCKED}:
        return failing
    return Meaning.UNKNOWN


def _of_whole_call(heard: Heard) -> Heard:
    """A call that was refused whole names no item: a business code there is not understood."""
    if heard.meaning in {Meaning.REFUSED, Meaning.DEFERRED, Meaning.DUPLICATE}:
        return Heard(Meaning.UNKNOWN, heard.status, heard.code)
    return heard


def _from_cache(reply: Reply) -> bool:
    return reply.headers.get("x-served-from-cache", "").lower() == "true"
