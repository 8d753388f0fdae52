"""`post` and `verify`: what is approved goes to Fineract exactly once, and is read back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from mmrecon.config import WalletSettings
from mmrecon.errors import ExitCode, OutsideUnreachable, SafetyRefusal, worst
from mmrecon.fineract.client import FineractClient
from mmrecon.model.catalogue import severity_of
from mmrecon.model.issue import Issue
from mmrecon.model.posting import Posting, PostingState
from mmrecon.pipeline.approved_postings import Sendable, sendable_postings, servers_named
from mmrecon.pipeline.approved_undos import undos_wait
from mmrecon.pipeline.one_poster import held_wallets, poster_lease
from mmrecon.pipeline.overrides import Contradicted, contradicted
from mmrecon.pipeline.posting_issues import issue_of, issue_of_link, issues_of_states
from mmrecon.pipeline.reading_anew import must_read, read_before, read_once_more, servers_before
from mmrecon.pipeline.receipts_twice import receipts_twice
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.unapproved import unapproved_configuration
from mmrecon.pipeline.undo_sending import TakenBack, take_back_approved
from mmrecon.posting.context import PostingContext
from mmrecon.posting.journal_search import search_journal
from mmrecon.posting.plan import make_plan
from mmrecon.posting.preflight import (
    Finding,
    Preflight,
    business_date,
    compare_server,
    read_fingerprint,
    run_preflight,
)
from mmrecon.posting.settle import Withdrawal, withdraw
from mmrecon.posting.verify import Read, verify_postings
from mmrecon.posting.verify_links import verify_links
from mmrecon.posting.workers import recover, send_all
from mmrecon.store.contradictions import WalletDay, days_of_lines
from mmrecon.store.database import reading
from mmrecon.store.links import linked_transactions
from mmrecon.store.posting_lines import lines_of
from mmrecon.store.posting_reads import postings_in, postings_of
from mmrecon.store.proofs import wallet_ids

_UNSENT: Final = (PostingState.APPROVED, PostingState.DEFERRED)
_OPEN: Final = (PostingState.SENDING, PostingState.UNKNOWN, PostingState.PENDING_IN_CORE)
_READABLE: Final = (PostingState.POSTED, PostingState.VERIFIED)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a run of `post` left behind: its postings as they are now, and what is not right.

    `trouble`: Fineract went away for too long, or does not let the user post.
    """

    postings: Sequence[Posting]
    issues: Sequence[Issue]
    recovered: int = 0
    preflight: Preflight | None = None
    interrupted: bool = False
    trouble: OutsideUnreachable | None = None

    def exit_code(self) -> ExitCode:
        """By the gravest issue, or the trouble."""
        codes = [severity_of(issue).exit_code() for issue in self.issues]
        return worst([*codes, *([self.trouble.exit_code] if self.trouble is not None else [])])


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` read back."""

    reads: Sequence[Read]
    issues: Sequence[Issue] = field(default_factory=tuple)

    def exit_code(self) -> ExitCode:
        """By the gravest issue."""
        return worst(severity_of(issue).exit_code() for issue in self.issues)


@dataclass(frozen=True, slots=True)
class Seams:
    """What a test may put in place of real waiting, real kills and real signals."""

    wait: Callable[[float], None] | None = None
    point: Callable[[str], None] | None = None
    stop: threading.Event = field(default_factory=threading.Event)


def post(run: Run, seams: Seams | None = None, *, other_stopped: bool = False) -> Posted:
    """Take back what is to be taken back, recover what is open, then send what is approved.

    A store that was put back reads Fineract first. `other_stopped`: somebody made sure that another
    mmrecon, whose postings were seen, posts no more.

    A Fineract that goes away meanwhile is waited for, up to `posting.give_up_after_s`; then that is
    the `trouble` of the result, and the next run goes on from here.

    Raises:
        SafetyRefusal: a signature, the configuration, a row or the server is not what people
            approved; nothing new was sent, the refusal is in the journal.
        OutsideUnreachable: Fineract is not there when the run begins.
    """
    seams = seams or Seams()
    if other_stopped:
        read_once_more(run)
    with reading(run.engine) as connection:
        before = postings_in(connection, (*_UNSENT, *_OPEN))
        undos = undos_wait(connection)
    if not before and not undos and not must_read(run):
        return Posted((), unapproved_configuration(run))
    context = posting_context(run, seams)
    client = run.connect()
    try:
        with poster_lease(run, context.stop):
            taken = TakenBack()
            if undos and not must_read(run):
                taken = take_back_approved(run, context, client)
            return _with(taken, _post(run, context, client, before))
    finally:
        client.close()


def verify(run: Run, seams: Seams | None = None) -> Verified:
    """Read back everything that was posted, on the server that its rows name.

    Raises:
        SafetyRefusal: this is another server than the rows were approved for.
        OutsideUnreachable: Fineract is not there.
    """
    with reading(run.engine) as connection:
        postings = postings_in(connection, _READABLE, shadow=False)
        links = linked_transactions(connection)
    if not postings and not links:
        return Verified(())
    context = posting_context(run, seams or Seams())
    client = run.connect()
    try:
        with journalled(run):
            _refuse(_other_servers(run, client, postings))
        run.progress.start("verifying", len(postings))
        reads = verify_postings(context, client, _READABLE)
        read_links = verify_links(context, client)
        today = business_date(client, run.settings, run.now_utc())
        twice = receipts_twice(run, context, client, _wallets(run), reads, today)
    finally:
        client.close()
    issues = [issue_of(read) for read in reads if read.code not in {"", "receipt_twice"}]
    issues += [*twice, *(issue_of_link(read) for read in read_links if read.code)]
    return Verified(reads, issues)


def posting_context(run: Run, seams: Seams) -> PostingContext:
    """What the posting stage is given of a run."""
    told = threading.Lock()

    def advance(steps: int) -> None:
        with told:
            run.progress.advance(steps)

    context = PostingContext(
        engine=run.engine,
        clock=run.clock,
        run_id=run.run_id,
        limits=run.settings.posting,
        tolerance_minor={
            wallet_id: wallet.matching.overpayment_tolerance_minor
            for wallet_id, wallet in _wallets(run).items()
        },
        stop=seams.stop,
        wait=seams.wait,
        advance=advance,
        say=run.progress.say,
    )
    return replace(context, point=seams.point) if seams.point is not None else context


def _with(taken: TakenBack, posted: Posted) -> Posted:
    """What was sent, and before it what was taken back."""
    return replace(
        posted,
        postings=[*taken.postings, *posted.postings],
        issues=[*taken.issues, *posted.issues],
        trouble=posted.trouble or taken.trouble,
    )


def _post(
    run: Run, context: PostingContext, client: FineractClient, before: Sequence[Posting]
) -> Posted:
    with journalled(run), _open_ones_read_at_least(run, context, client, before):
        with reading(run.engine) as connection:
            sendable = sendable_postings(connection, run, before)
            days = contradicted(connection, run)
        if all(posting.shadow for posting in before) and not must_read(run):
            return Posted(before, tuple(issues_of_states(before)))
        commands = {posting.command for posting in before}
        wallets = _wallets(run)
        used = {posting.wallet_id for posting in before}
        touched = [wallet for number, wallet in wallets.items() if number in used]
        preflight = run_preflight(client, run.settings, run.now_utc(), commands, touched)
        servers = [*sendable.servers, *servers_before(run)]
        _refuse([*preflight.differences(), *compare_server(preflight.fingerprint, servers)])
    trouble, recovered, issues = None, 0, list[Issue]()
    try:
        issues = read_before(run, context, client, wallets, preflight.business_date)
        recovered = recover(context, client)
        withdraw(context, sendable.withdrawals)
        if not context.stop.is_set():
            issues += _send(run, context, client, (sendable, days), preflight)
    except OutsideUnreachable as error:
        trouble = error
    with reading(run.engine) as connection:
        after = postings_of(connection, {posting.posting_id for posting in before})
    return Posted(
        postings=after,
        issues=(*issues, *issues_of_states(after)),
        recovered=recovered,
        preflight=preflight,
        interrupted=context.stop.is_set(),
        trouble=trouble,
    )


@contextmanager
def _open_ones_read_at_least(
    run: Run, context: PostingContext, client: FineractClient, before: Sequence[Posting]
) -> Iterator[None]:
    """On a refusal, what is open is looked up, if this is the server it was sent to.

    The refusal goes on; a Fineract that does not answer now changes nothing.
    """
    try:
        yield
    except SafetyRefusal:
        sent = [posting for posting in before if posting.state in _OPEN]
        with suppress(OutsideUnreachable):
            if sent and not _other_servers(run, client, sent):
                recover(context, client, only_read=True)
        raise


def _other_servers(run: Run, client: FineractClient, postings: Sequence[Posting]) -> list[Finding]:
    with reading(run.engine) as connection:
        named = servers_named(connection, postings)
    return compare_server(read_fingerprint(client), named)


def _refuse(differences: Sequence[Finding]) -> None:
    if differences:
        listed = "\n".join(f"  {found.check}: {found.seen}" for found in differences)
        raise SafetyRefusal(
            f"Fineract is not as it must be before anything is sent:\n{listed}",
            hint="; ".join(found.remedy for found in differences if found.remedy),
            code="preflight_differs",
        )


def _send(
    run: Run,
    context: PostingContext,
    client: FineractClient,
    approved: tuple[Sendable, Contradicted],
    preflight: Preflight,
) -> list[Issue]:
    due, issues = _due(run, *approved, preflight)
    wallets = _wallets(run)
    searched = search_journal(context, client, wallets, due, preflight.business_date.isoformat())
    issues += [Issue("journal_not_searched", wallet=name) for name in searched.unseen_wallets]
    held, others = held_wallets(run, wallets, searched.marks)
    issues += others
    withdraw(context, [one for one in searched.withdrawals if one.posting.wallet_id not in held])
    with reading(run.engine) as connection:
        now = postings_of(connection, {posting.posting_id for posting in due})
        now = [p for p in now if p.state in _UNSENT and p.wallet_id not in held]
        lines = lines_of(connection, {p.line_id for p in now if p.line_id is not None})
    completed_at = {line_id: line.completed_at_utc_s for line_id, line in lines.items()}
    plan = make_plan(now, completed_at, run.settings.posting, preflight.loose)
    withdraw(context, [_too_long(posting, plan.too_long) for posting in plan.too_long])
    run.progress.start("posting", plan.count())
    send_all(context, client.another, plan)
    run.progress.finish()
    return [*issues, *_held_up(run, context, now)]


def _held_up(run: Run, context: PostingContext, due: Sequence[Posting]) -> list[Issue]:
    """What was due, and still waits because something on its account is unknown."""
    with reading(run.engine) as connection:
        now = postings_of(connection, {posting.posting_id for posting in due})
    count = sum(posting.state is PostingState.APPROVED for posting in now)
    if not count or context.stop.is_set():
        return []
    return [Issue("posting_held_up", arguments={"count": count})]


def _due(
    run: Run, sendable: Sendable, days: Contradicted, preflight: Preflight
) -> tuple[list[Posting], list[Issue]]:
    """What goes today: not of a contradicted day, not of a day that Fineract has not reached."""
    postings = sendable.postings
    line_ids = {posting.line_id for posting in postings if posting.line_id is not None}
    with reading(run.engine) as connection:
        day_of = days_of_lines(connection, line_ids)
    today = preflight.business_date.isoformat()
    due = [
        posting
        for posting in postings
        if day_of.get(posting.line_id or 0) not in days.held and posting.value_date <= today
    ]
    counted = Counter(day_of[p.line_id] for p in postings if p.line_id in day_of)
    issues = _issues_of_days(run, counted, days)
    early = sum(p.value_date > today and p.state is PostingState.APPROVED for p in postings)
    if early:
        issues.append(Issue("posting_deferred", arguments={"count": early}))
    return due, issues


def _issues_of_days(run: Run, counted: Mapping[WalletDay, int], days: Contradicted) -> list[Issue]:
    """What is held because its day is contradicted, and what two people let go."""
    names = {wallet_id: wallet.name for wallet_id, wallet in _wallets(run).items()}
    issues = []
    for (wallet_id, day), count in sorted(counted.items()):
        override = days.released.get((wallet_id, day))
        arguments: dict[str, str | int] = {"day": day, "count": count}
        wallet = names.get(wallet_id, "")
        if (wallet_id, day) in days.held:
            issues.append(Issue("day_contradicted", wallet=wallet, arguments=arguments))
        elif override is not None:
            arguments |= {"batch_id": override.batch_id}
            issues.append(Issue("day_overridden", wallet=wallet, arguments=arguments))
    return issues


def _too_long(posting: Posting, legs: Sequence[Posting]) -> Withdrawal:
    count = sum(leg.line_id == posting.line_id for leg in legs)
    return Withdrawal(posting, "too_many_legs", {"legs": count})


def _wallets(run: Run) -> dict[int, WalletSettings]:
    """Configured wallets that the store knows, by the store's wallet_id."""
    configured = {(wallet.provider, wallet.account): wallet for wallet in run.settings.wallets}
    with reading(run.engine) as connection:
        known = wallet_ids(connection)
    return {known[key]: wallet for key, wallet in configured.items() if key in known}
