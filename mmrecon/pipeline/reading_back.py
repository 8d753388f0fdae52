"""“Already posted” answers against Fineract itself: the transaction is there, and large enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from mmrecon.approval.accepted import Accepted, Decided, Refused
from mmrecon.errors import OutsideUnreachable, UsageError
from mmrecon.fineract.client import FineractClient
from mmrecon.fineract.contract_reads import Transaction
from mmrecon.model.approval import Decision
from mmrecon.model.issue import Issue
from mmrecon.model.money import to_text
from mmrecon.pipeline.run import Run
from mmrecon.posting.look_up import read_transaction
from mmrecon.store.database import reading
from mmrecon.store.occupied import is_own_transaction, linked_of_transaction


def read_back(run: Run, decided: Decided) -> Decided:
    """The same decisions, each link with the amount that Fineract tells; wrong ones are refused.

    No transaction is open while Fineract is asked. One that cannot be asked costs these answers
    only.
    """
    links = [one for one in decided.accepted if one.decision is Decision.ALREADY_POSTED]
    if not links:
        return decided
    kept: dict[str, Accepted] = {}
    refused: list[Refused] = []
    claimed: Counter[tuple[str, str]] = Counter()
    for answer, found in zip(links, _read_all(run, links), strict=True):  # few: a person typed each
        issue = _fault(run, answer, found, claimed)
        if issue is not None:
            refused.append(Refused(answer.row_id, _placed(decided, answer, issue)))
        elif isinstance(found, Transaction):
            claimed[_key(answer)] += answer.left_minor
            kept[answer.row_id] = replace(answer, transaction_minor=found.amount_minor)
    accepted = [
        kept.get(one.row_id, one)
        for one in decided.accepted
        if one.decision is not Decision.ALREADY_POSTED or one.row_id in kept
    ]
    return replace(decided, accepted=accepted, refused=[*decided.refused, *refused])


def _read_all(run: Run, links: list[Accepted]) -> Iterator[Transaction | Issue | None]:
    """Each link's transaction, None where there is none, an issue from the first silence on."""
    silence: Issue | None = None
    with ExitStack() as opened:
        client: FineractClient | None = None
        for answer in links:
            if silence is None:
                try:
                    client = client or opened.enter_context(_client(run))
                    yield _read(client, answer)
                    continue
                except (OutsideUnreachable, UsageError) as error:
                    silence = Issue("answer_not_read_back", arguments={"why": str(error)})
            yield silence


@contextmanager
def _client(run: Run) -> Iterator[FineractClient]:
    client = run.connect()
    try:
        yield client
    finally:
        client.close()


def _read(client: FineractClient, answer: Accepted) -> Transaction | None:
    assert answer.target is not None
    kind, account_id = answer.target.account_kind, answer.target.account_id
    return read_transaction(client, kind, account_id, answer.transaction_id, answer.currency)


def _fault(
    run: Run,
    answer: Accepted,
    found: Transaction | Issue | None,
    claimed: Counter[tuple[str, str]],
) -> Issue | None:
    """What is wrong with a link; `claimed` is what other answers of this workbook take."""
    if isinstance(found, Issue):
        return found
    code, arguments = "", _named(answer)
    if found is None:
        code = "answer_transaction_missing"
    elif found.reversed:
        code = "answer_transaction_reversed"
    elif found.sign != answer.sign:
        code = "answer_transaction_direction"
    else:
        with reading(run.engine) as connection:
            own = is_own_transaction(connection, *_key(answer))
            taken_minor = linked_of_transaction(connection, *_key(answer)) + claimed[_key(answer)]
        left_minor = found.amount_minor - taken_minor
        arguments |= {"left": to_text(max(left_minor, 0), answer.currency)}
        arguments |= {"needed": to_text(answer.left_minor, answer.currency)}
        code = "answer_transaction_too_small" if left_minor < answer.left_minor else ""
        code = "answer_transaction_own" if own else code
    return Issue(code, arguments=arguments) if code else None


def _key(answer: Accepted) -> tuple[str, str]:
    kind = answer.target.account_kind if answer.target else ""
    return kind, answer.transaction_id


def _named(answer: Accepted) -> dict[str, str | int]:
    target = answer.target
    account = f"{target.account_kind}:{target.account_no}" if target else ""
    return {"transaction_id": answer.transaction_id, "account": account}


def _placed(decided: Decided, answer: Accepted, issue: Issue) -> Issue:
    """The issue with the sheet and row that the answer stands in."""
    typed = decided.answers[answer.row_id]
    return replace(issue, file=typed.sheet, row=typed.row, receipt=answer.receipt)
