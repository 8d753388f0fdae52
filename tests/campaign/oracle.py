"""What must hold at the end, read from the ledger and the store; nothing of posting counts for it.

Every line's money is in the ledger once, or in front of a person as not posted.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from mmrecon.errors import SafetyRefusal
from mmrecon.model.found import ASKING
from mmrecon.model.progress import Silent
from mmrecon.pipeline.posting import verify
from mmrecon.store import journal
from mmrecon.store.database import reading
from mmrecon.store.schema import POSTING
from mmrecon.wiring import open_run
from tests.campaign.counter import ByHand
from tests.campaign.institution import Entry
from tests.campaign.ledger import Key, Ledger
from tests.campaign.site import Site
from tests.campaign.work import TYPE_OF_COMMAND, Line

OPEN: Final = frozenset(
    {"approved", "sending", "unknown", "deferred", "pending_in_core", "undoing"}
)
_STANDS: Final = frozenset({"posted", "verified"})
_IN_THE_BOOKS: Final = frozenset({"same", "typed", "other_field"})
"""Forms of a teller's that stand in the wallet's own GL account, whatever account she paid into."""
_JUST_BEFORE_S: Final = 5.0
"""Who typed a receipt so shortly before mmrecon sent it came too late to be seen."""


@dataclass
class Verdict:
    """What was found; each trouble in words for whoever looks for its cause."""

    postings: int = 0
    taken_back: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether everything holds."""
        return not (self.lost or self.doubled or self.open or self.wrong)


class Oracle:
    """Judges a site's store against its ledger."""

    def __init__(
        self, site: Site, ledger: Ledger, lines: Sequence[Line], by_hand: Sequence[ByHand]
    ) -> None:
        self._site = site
        self._ledger = ledger
        self._lines = lines
        self._by_hand = {typed.line.number: typed for typed in by_hand}
        self._postings = _grouped(site.rows("select * from posting order by attempt"), "line_id")
        self._reasons = _grouped(
            site.rows("select * from review_reason where not cleared"), "line_id"
        )
        self._links = _grouped(site.rows("select * from link where not withdrawn"), "line_id")
        self._verdict = Verdict()

    def judge(self) -> Verdict:
        """Everything that must hold."""
        ours: dict[str, list[Entry]] = defaultdict(list)
        claimed = self._claimed()
        for entry in self._ledger.entries:
            key = (entry.kind, str(entry.transaction_id))
            if not entry.reversed and (not entry.by_hand or key in claimed):
                ours[claimed.get(key, entry.receipt)].append(entry)
        known = {line.receipt for line in self._lines}
        self._verdict.doubled += [f"{receipt}: never approved" for receipt in ours.keys() - known]
        told = self._verify()
        for line in self._lines:
            self._judge_line(line, ours[line.receipt], told)
        self._verdict.postings = sum(len(line.legs) for line in self._lines)
        undone = "select count(*) undone from posting where state = 'undone'"
        self._verdict.taken_back = self._site.rows(undone)[0]["undone"]
        self._judge_balances()
        self._judge_store()
        return self._verdict

    def _judge_line(self, line: Line, ours: Sequence[Entry], told: Mapping[int, set[str]]) -> None:
        verdict, postings = self._verdict, self._postings[line.number]
        if sum(entry.minor for entry in ours) > line.minor or _repeats(ours):
            verdict.doubled.append(f"{line.receipt}: {ours}")
        standing = [posting for posting in postings if posting["state"] in _STANDS]
        missing = Counter(map(_of_posting, standing)) - Counter(map(_of_entry, ours))
        if missing:
            verdict.lost.append(f"{line.receipt}: said to be posted and is not: {missing}")
        still = [posting for posting in postings if posting["state"] in OPEN]
        verdict.open += [f"{line.receipt}: {posting['state']}" for posting in still]
        surplus = Counter(map(_of_entry, ours)) - Counter(map(_of_posting, standing))
        if surplus and not still and not self._says_it_is_there(line):
            verdict.doubled.append(f"{line.receipt}: in the ledger, said not to be: {surplus}")
        if not still and not self._is_whole(line, ours):
            verdict.lost.append(f"{line.receipt}: neither posted nor in front of a person")
        self._judge_by_hand(line, ours, standing, told)

    def _claimed(self) -> dict[tuple[str, str], str]:
        """Transactions that postings say are theirs (a look-up may find a teller's), by receipt."""
        return {
            (posting["account_kind"], posting["transaction_id"]): posting["receipt"]
            for postings in self._postings.values()
            for posting in postings
            if posting["state"] in _STANDS
        }

    def _says_it_is_there(self, line: Line) -> bool:
        reasons = {reason["code"] for reason in self._reasons[line.number]}
        return bool(reasons & ASKING) or bool(self._links[line.number])

    def _is_whole(self, line: Line, ours: Sequence[Entry]) -> bool:
        """All legs are there, or the line waits for a person, or a link accounts for it."""
        if self._reasons[line.number] or self._links[line.number]:
            return not ours or sum(entry.minor for entry in ours) == line.minor
        return sum(entry.minor for entry in ours) == line.minor

    def _judge_by_hand(
        self,
        line: Line,
        ours: Sequence[Entry],
        standing: Sequence[Mapping[str, Any]],
        told: Mapping[int, set[str]],
    ) -> None:
        """What a teller typed before was seen; what she typed after is reported."""
        typed = self._by_hand.get(line.number)
        if typed is None or typed.transaction_id is None or not ours:
            return
        kind, number = typed.leg.account.kind, typed.transaction_id
        others = [entry for entry in ours if (entry.kind, entry.transaction_id) != (kind, number)]
        if not others:
            return  # a look-up took the teller's for its own: the money is there once
        begun = [at_s for posting in standing if (at_s := self._sent[posting["posting_id"]])]
        late = begun and min(begun) - typed.done_at_s > _JUST_BEFORE_S
        same_account = [p for p in standing if p["account_id"] == typed.leg.account.account_id]
        visible = same_account or typed.form in _IN_THE_BOOKS
        if late and visible and any(e.kind == kind and e.transaction_id > number for e in others):
            self._verdict.doubled.append(f"{line.receipt}: sent after a teller typed it: {typed}")
        seen = {code for posting in standing for code in told.get(posting["posting_id"], ())}
        if typed.form != "no_receipt" and same_account and "receipt_twice" not in seen:
            self._verdict.doubled.append(f"{line.receipt}: typed by a teller, unreported: {typed}")

    def _verify(self) -> dict[int, set[str]]:
        """What reading back says, by posting; and when each was begun to be sent first."""
        opened = open_run(self._site.config, command="verify", progress=Silent(), lock=True)
        with opened as (run, ended):
            verified = verify(run)
            ended.append(verified.exit_code())
        told: dict[int, set[str]] = defaultdict(set)
        for read in verified.reads:
            if read.code:
                told[read.posting.posting_id].add(read.code)
                if read.code != "receipt_twice":
                    self._verdict.lost.append(f"{read.posting.receipt}: {read.code}")
        self._sent = self._first_sent()
        return told

    def _first_sent(self) -> dict[int, float]:
        sent: dict[int, float] = defaultdict(float)
        query = "select * from journal where event = 'posting_state' order by sequence desc"
        for row in self._site.rows(query):
            payload = json.loads(row["payload_json"])
            if payload["to"] == "sending":
                sent[payload["posting_id"]] = datetime.fromisoformat(row["at_utc"]).timestamp()
        return sent

    def _judge_balances(self) -> None:
        """What the server says is on each account is the sum of what stands there."""
        sums: Counter[Key] = Counter()
        for entry in self._ledger.entries:
            if not entry.reversed:
                key = (entry.kind, entry.account_id)
                sums[key] += entry.minor if entry.type_id == 1 else -entry.minor
        for (kind, account_id), minor in self._ledger.balances.items():
            if sums[kind, account_id] != minor:
                said = f"{kind} {account_id}: {minor}, its payments make {sums[kind, account_id]}"
                self._verdict.wrong.append(said)

    def _judge_store(self) -> None:
        """The chain holds, no key twice, nothing is occupied over its amount."""
        opened = open_run(self._site.config, command="judge", progress=Silent(), lock=False)
        with opened as (run, _), reading(run.engine) as connection:
            keys = select(func.count(), func.count(POSTING.c.idempotency_key.distinct()))
            count, distinct = connection.execute(keys.select_from(POSTING)).one()
            try:
                journal.verify(connection)
            except SafetyRefusal as broken:
                self._verdict.wrong.append(str(broken))
        if count != distinct:
            self._verdict.wrong.append(f"{count} postings have {distinct} keys")
        self._verdict.wrong += [f"line over its amount: {row}" for row in self._over()]

    def _over(self) -> Iterator[Mapping[str, Any]]:
        live = "state not in ('refused', 'withdrawn', 'undone', 'reversed_outside')"
        yield from self._site.rows(
            f"select l.receipt, l.amount_minor, (select coalesce(sum(amount_minor), 0) "
            f"from posting p where p.line_id = l.line_id and {live}) + "
            "(select coalesce(sum(amount_minor), 0) from link k where k.line_id = l.line_id "
            "and not k.withdrawn) occupied from line l where occupied > l.amount_minor"
        )


def _repeats(entries: Sequence[Entry]) -> bool:
    """Two legs of a line never go to one account."""
    return len({(entry.kind, entry.account_id) for entry in entries}) < len(entries)


def _of_posting(posting: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        posting["account_kind"], posting["account_id"], TYPE_OF_COMMAND[posting["command"]],
        posting["posted_minor"], posting["value_date"],
    )  # fmt: skip


def _of_entry(entry: Entry) -> tuple[Any, ...]:
    return entry.kind, entry.account_id, entry.type_id, entry.minor, entry.day


def _grouped(rows: Sequence[dict[str, Any]], name: str) -> dict[int, list[dict[str, Any]]]:
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row[name]].append(row)
    return groups
