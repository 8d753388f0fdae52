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
from mmrecon.model.posting import Posting, PostingEnd, PostingState, Slip
from mmrecon.pipeline.approved_postings import (
    OPEN,
    UNSENT,
    approved_postings,
    servers_named,
)
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
from mmrecon.posting.portions import PORTION_POSTINGS, portions
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
from mmrecon.store.database import reading, touching_little
from mmrecon.store.links import linked_transactions
from mmrecon.store.posting_lines import lines_of
from mmrecon.store.posting_reads import (
    batches_with,
    count_in,
    ends_of,
    postings_in,
    postings_of,
)
from mmrecon.store.proofs import wallet_ids

_READABLE: Final = (PostingState.POSTED, PostingState.VERIFIED)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a run of `post` left behind: its postings as they are now, and what is not right.

    `trouble`: Fineract went away for too long, or does not let the user post.
    """

    postings: Sequence[PostingEnd]
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
    """What a test may put in place of real waiting, real kills, real signals and real amounts."""

    wait: Callable[[float], None] | None = None
    point: Callable[[str], None] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    portion_postings: int = PORTION_POSTINGS


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
        waiting = batches_with(connection, (*UNSENT, *OPEN))
        undos = undos_wait(connection)
    if not waiting and not undos and not must_read(run):
        return Posted((), unapproved_configuration(run))
    context = posting_context(run, seams)
    client = run.connect()
    try:
        with poster_lease(run, context.stop), touching_little(run.engine):
            taken = TakenBack()
            if undos and not must_read(run):
                taken = take_back_approved(run, context, client)
            return _with(taken, _post(run, context, client))
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
        portion_postings=seams.portion_postings,
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


def _post(run: Run, context: PostingContext, client: FineractClient) -> Posted:
    with journalled(run), _open_ones_read_at_least(run, context, client):
        with reading(run.engine) as connection:
            approved = approved_postings(connection, run)
            days = contradicted(connection, run)
            if approved.only_shadow and not must_read(run):
                before = ends_of(connection, approved.posting_ids)
                return Posted(before, tuple(issues_of_states(before)))
        wallets = _wallets(run)
        touched = [wallet for number, wallet in wallets.items() if number in approved.wallet_ids]
        preflight = run_preflight(client, run.settings, run.now_utc(), approved.commands, touched)
        servers = [*approved.servers, *servers_before(run)]
        _refuse([*preflight.differences(), *compare_server(preflight.fingerprint, servers)])
    trouble, recovered, issues = None, 0, list[Issue]()
    try:
        issues = read_before(run, context, client, wallets, preflight.business_date)
        issues += _unread_days(preflight)
        recovered = recover(context, client)
        withdraw(context, approved.withdrawals)
        if not context.stop.is_set():
            issues += _send(run, context, client, (approved.slips, days), preflight)
    except OutsideUnreachable as error:
        trouble = error
    with reading(run.engine) as connection:
        after = ends_of(connection, approved.posting_ids)
    return Posted(
        postings=after,
        issues=(*issues, *issues_of_states(after)),
        recovered=recovered,
        preflight=preflight,
        interrupted=context.stop.is_set(),
        trouble=trouble,
    )


def _unread_days(preflight: Preflight) -> list[Issue]:
    """That value dates on closed days are not seen before they are tried."""
    needs = ", ".join(preflight.unread_days)
    return [Issue("days_not_read", arguments={"permissions": needs})] if needs else []


@contextmanager
def _open_ones_read_at_least(
    run: Run, context: PostingContext, client: FineractClient
) -> Iterator[None]:
    """On a refusal, what is open is looked up, if this is the server it was sent to.

    The refusal goes on; a Fineract that does not answer now changes nothing.
    """
    try:
        yield
    except SafetyRefusal:
        with reading(run.engine) as connection:
            sent = postings_in(connection, OPEN)
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
    approved: tuple[Sequence[Slip], Contradicted],
    preflight: Preflight,
) -> list[Issue]:
    due, issues = _due(run, *approved, preflight)
    wallets = _wallets(run)
    searched = search_journal(context, client, wallets, due, preflight.business_date.isoformat())
    issues += [Issue("journal_not_searched", wallet=name) for name in searched.unseen_wallets]
    held, others = held_wallets(run, wallets, searched.marks)
    withdraw(context, [one for one in searched.withdrawals if one.posting.wallet_id not in held])
    due = [slip for slip in due if slip.wallet_id not in held]
    with reading(run.engine) as connection:
        count = count_in(connection, [slip.posting_id for slip in due], UNSENT)
    run.progress.start("posting", count)
    for portion in portions(due, context.portion_postings):
        if not context.stop.is_set():
            _send_portion(run, context, client, portion, preflight)
    run.progress.finish()
    return [*issues, *others, *_held_up(run, context, due)]


def _send_portion(
    run: Run,
    context: PostingContext,
    client: FineractClient,
    portion: Sequence[int],
    preflight: Preflight,
) -> None:
    """Plan and send postings that share no account with any other portion."""
    with reading(run.engine) as connection:
        now = [one for one in postings_of(connection, portion) if one.state in UNSENT]
        lines = lines_of(connection, {one.line_id for one in now if one.line_id is not None})
    completed_at = {line_id: line.completed_at_utc_s for line_id, line in lines.items()}
    plan = make_plan(now, completed_at, run.settings.posting, preflight.loose)
    withdraw(context, [_too_long(posting, plan.too_long) for posting in plan.too_long])
    send_all(context, client.another, plan)


def _held_up(run: Run, context: PostingContext, due: Sequence[Slip]) -> list[Issue]:
    """What was due, and still waits because something on its account is unknown."""
    with reading(run.engine) as connection:
        posting_ids = [slip.posting_id for slip in due]
        count = count_in(connection, posting_ids, (PostingState.APPROVED,))
    if not count or context.stop.is_set():
        return []
    return [Issue("posting_held_up", arguments={"count": count})]


def _due(
    run: Run, slips: Sequence[Slip], days: Contradicted, preflight: Preflight
) -> tuple[list[Slip], list[Issue]]:
    """What goes today: not of a contradicted day, not of a day that Fineract has not reached."""
    line_ids = {slip.line_id for slip in slips if slip.line_id is not None}
    with reading(run.engine) as connection:
        day_of = days_of_lines(connection, line_ids)
    today = preflight.business_date.isoformat()
    due = [
        slip
        for slip in slips
        if day_of.get(slip.line_id or 0) not in days.held and slip.value_date <= today
    ]
    counted = Counter(day_of[slip.line_id] for slip in slips if slip.line_id in day_of)
    issues = _issues_of_days(run, counted, days)
    early = sum(slip.value_date > today and slip.state is PostingState.APPROVED for slip in slips)
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
