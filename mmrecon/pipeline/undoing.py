"""Look at what taking postings back would do, and sign it as its preparer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from mmrecon.errors import UsageError
from mmrecon.model.approval import Batch, BatchKind, BatchState, new_batch_id
from mmrecon.model.posting import Posting, PostingState
from mmrecon.model.undo import Consequence, undo_row
from mmrecon.pipeline.approved_postings import sendable_postings, servers_named
from mmrecon.pipeline.approving import prepare
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.people import unlock_signer
from mmrecon.pipeline.refusals import journalled
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.story import twice_words
from mmrecon.pipeline.undo_nothing import nothing_posted
from mmrecon.pipeline.undo_sending import refuse_other_server
from mmrecon.posting.plan import line_of
from mmrecon.posting.undo_consequences import Looked, Seen, account_name, look_at
from mmrecon.posting.undo_reads import needs_checker, read_all
from mmrecon.store import undos
from mmrecon.store.batches import RowPlace
from mmrecon.store.claims import standing_twice
from mmrecon.store.database import reading, transaction
from mmrecon.store.undos import Correction, Named

_STANDING: Final = frozenset({PostingState.POSTED, PostingState.VERIFIED})
_HASH_AT_LEAST: Final = 6


@dataclass(frozen=True, slots=True)
class What:
    """What somebody wants to take back: exactly one of a receipt, a batch and a file."""

    receipt: str = ""
    batch_id: str = ""
    file: str = ""
    wallet: str = ""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What would be taken back, leg by leg in that order, and what stands against the rest.

    `beside` says what stands in Fineract with the same receipts and is not taken back by it.
    """

    legs: Sequence[Looked]
    reason: str
    beside: Sequence[str] = ()

    @property
    def possible(self) -> list[Looked]:
        """Legs of lines against which nothing stands."""
        return [one for one in self.legs if one.possible]


def look(run: Run, what: What, reason: str) -> Undoing:
    """Read from Fineract, now, what taking postings back would do; nothing is changed.

    Raises:
        UsageError: nothing of that name is posted, it is not clear what is meant, or no reason.
        SafetyRefusal: a posting is not as two people signed it, or this is another server.
        OutsideUnreachable: Fineract is not there.
    """
    if not reason.strip():
        raise UsageError("a correction has a reason", hint="Add --reason TEXT.")
    with journalled(run), reading(run.engine) as connection:
        named, elsewhere = _named(connection, what)
        if not named:
            raise nothing_posted(run, what.receipt)
        postings = undos.live_legs(connection, [one.line_id for one in named])
        standing = [posting for posting in postings if posting.state in _STANDING]
        sendable_postings(connection, run, standing)
        servers = servers_named(connection, standing)
        against = _against(connection, postings, elsewhere)
        beside = list(_beside(connection, standing))
    client = run.connect()
    try:
        with journalled(run):
            refuse_other_server(client, servers)
        readable = [
            one for line in _by_line(standing) for one in line if line_of(one) not in against
        ]
        loose = needs_checker(client, {posting.command for posting in readable})
        seen = read_all(client, readable)
    finally:
        client.close()
    checked = [
        _at_checker(one) if one.posting.command in loose else one for one in _looked(readable, seen)
    ]
    blocked = [leg for line in _by_line(postings) for leg in against.get(line_of(line[0]), ())]
    return Undoing([*_whole(checked), *blocked], reason.strip(), beside)


def prepare_undo(run: Run, wanted: Undoing, name: str, passphrase: str) -> str:
    """Sign, as its preparer, what can be taken back; gives the batch that another person approves.

    Raises:
        UsageError: nothing of it can be taken back, or somebody asked for it in the meantime.
        SafetyRefusal: wrong person, role or passphrase.
    """
    if not wanted.possible:
        raise UsageError(
            "nothing of this can be taken back",
            hint="The reasons, and what to do about each, stand above.",
            code="undo_nothing",
        )
    with journalled(run, name):
        signer = unlock_signer(run, name, passphrase)
        with transaction(run.engine) as connection:
            draft = draft_of(connection, run, wanted)
            prepare(connection, run, signer, [draft])
    return draft.batch.batch_id


def draft_of(connection: Connection, run: Run, wanted: Undoing) -> Draft:
    """The correction of what can be taken back, about to be signed.

    Raises:
        UsageError: somebody asked for it in the meantime.
    """
    postings = [one.posting for one in wanted.possible]
    asked = undos.corrections(connection)
    if _waiting(connection, asked, postings):
        raise UsageError("somebody asked for this correction in the meantime", hint="Look again.")
    attempts = Counter(one.leg for one in asked)
    originals = undos.rows_of(connection, postings)
    rows = [
        undo_row(
            one.posting,
            originals[one.posting.batch_id, one.posting.batch_row],
            wanted.reason,
            attempts[one.posting.source, one.posting.leg] + 1,
            one.consequences,
        )
        for one in wanted.possible
    ]
    totals: Counter[str] = Counter()
    for posting in postings:
        totals[posting.currency] += posting.amount_minor
    kind = BatchKind.CORRECTIONS
    batch = Batch(new_batch_id(kind, run.now_utc()), kind, rows, dict(totals))
    return Draft(batch, [RowPlace(posting.line_id, posting.item_id) for posting in postings])


def _beside(connection: Connection, standing: Sequence[Posting]) -> Iterator[str]:
    """Transactions with these receipts that `verify` saw beside what would be taken back."""
    by_line = {one.line_id: one for one in standing if one.line_id is not None}
    for twice in standing_twice(connection, by_line):
        posting = by_line[twice.line_id]
        yield f"{posting.receipt}: {twice_words(twice, posting.receipt, posting.currency)}"


def _named(connection: Connection, what: What) -> tuple[list[Named], dict[int, str]]:
    """Lines that are meant, and those of them that another file shows too."""
    given = [text for text in (what.receipt, what.batch_id, what.file) if text]
    if len(given) != 1:
        raise UsageError(
            "it is not clear what to take back", hint="Give a RECEIPT, --batch ID or --file NAME."
        )
    elsewhere: dict[int, str] = {}
    if what.receipt:
        named = _one_line(undos.lines_of_receipt(connection, what.receipt.upper()), what)
    elif what.batch_id:
        named = undos.lines_of_batch(connection, what.batch_id)
    else:
        file_id = _file(connection, what.file)
        named = undos.lines_of_file(connection, file_id)
        elsewhere = undos.also_in(connection, [one.line_id for one in named], file_id)
    if not named and not what.receipt:
        raise UsageError(
            f"nothing of {given[0]} stands in Fineract by mmrecon",
            hint="`mmrecon explain RECEIPT` shows what became of a line.",
            code="undo_nothing",
        )
    return named, elsewhere


def _one_line(named: list[Named], what: What) -> list[Named]:
    found = [one for one in named if what.wallet in ("", one.wallet)]
    if len(found) > 1:
        wallets = ", ".join(sorted({one.wallet for one in found}))
        raise UsageError(
            f"{len(found)} posted lines have the receipt {what.receipt} (in {wallets})",
            hint="Say which: --wallet NAME, or --batch ID.",
            code="undo_ambiguous",
        )
    return found


def _file(connection: Connection, text: str) -> int:
    found = undos.files_named(connection, text)
    found = [one for one in found if one[2] == text or len(text) >= _HASH_AT_LEAST]
    if len(found) != 1:
        listed = ", ".join(f"{sha256[:12]} ({name})" for _, sha256, name in found)
        raise UsageError(
            f"several files are meant: {listed}" if found else f"there is no file {text}",
            hint="Give the beginning of its hash: `mmrecon status` lists files.",
            code="undo_ambiguous" if found else "no_such_file",
        )
    return found[0][0]


def _against(
    connection: Connection, postings: Sequence[Posting], elsewhere: Mapping[int, str]
) -> dict[str, list[Looked]]:
    """Lines that cannot be taken back whatever Fineract shows, by line, with all their legs."""
    waiting = _waiting(connection, undos.corrections(connection), postings)
    against = {}
    for legs in _by_line(postings):
        found = [_standing_against(leg, waiting, elsewhere) for leg in legs]
        if any(found):
            sibling = (Consequence("undo_sibling"),)
            against[line_of(legs[0])] = [
                Looked(leg, leg.transaction_id, tuple(own) or sibling)
                for leg, own in zip(legs, found, strict=True)
            ]
    return against


def _standing_against(
    leg: Posting, waiting: Mapping[int, str], elsewhere: Mapping[int, str]
) -> list[Consequence]:
    found = []
    if leg.posting_id in waiting:
        batch_id = waiting[leg.posting_id]
        found.append(Consequence("undo_waits_already", {"leg": leg.leg, "batch_id": batch_id}))
    elif leg.state not in _STANDING:
        state = leg.state.value
        found.append(Consequence("undo_not_settled", {"leg": leg.leg, "state": state}))
    if leg.line_id is not None and leg.line_id in elsewhere:
        found.append(Consequence("undo_also_in_file", {"file": elsewhere[leg.line_id]}))
    return found


def _waiting(
    connection: Connection, asked: Sequence[Correction], postings: Sequence[Posting]
) -> dict[int, str]:
    """Postings that a correction asks for already, by id, with that batch."""
    by_row = {(posting.batch_id, posting.batch_row): posting.posting_id for posting in postings}
    open_ones = [
        one
        for one in asked
        if one.state is not BatchState.REJECTED and not one.rejected and one.posting in by_row
    ]
    ended = undos.given_up(connection, [one.idempotency_key for one in open_ones])
    return {
        by_row[one.posting]: one.batch_id for one in open_ones if one.idempotency_key not in ended
    }


def _by_line(postings: Sequence[Posting]) -> Iterator[list[Posting]]:
    """Lines, newest first: what was posted last goes first."""
    lines: dict[str, list[Posting]] = {}
    for posting in sorted(postings, key=lambda one: -one.posting_id):
        lines.setdefault(line_of(posting), []).append(posting)
    yield from lines.values()


def _looked(readable: Sequence[Posting], seen: Seen) -> list[Looked]:
    return look_at(list(_by_line(readable)), seen)


def _at_checker(one: Looked) -> Looked:
    found = Consequence("undo_needs_checker", {"account": account_name(one.posting)})
    return replace(one, consequences=(*one.consequences, found))


def _whole(looked: Sequence[Looked]) -> list[Looked]:
    """All legs of a line or none, also where one waits for a checker inside Fineract."""
    stopped = {line_of(one.posting) for one in looked if not one.possible}
    sibling = Consequence("undo_sibling")
    return [
        replace(one, consequences=(*one.consequences, sibling))
        if one.possible and line_of(one.posting) in stopped
        else one
        for one in looked
    ]
