"""One wallet, sub-account and day: the table of domain.md 1.7, its light, what it lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import pandas as pd

from mmrecon.errors import Defect
from mmrecon.model.line import LineClass, ProofState
from mmrecon.model.line_state import LineState
from mmrecon.model.proof import (
    Coverage,
    DayProof,
    Evidence,
    Listed,
    Movement,
    StatementPeriod,
    TwoWay,
)
from mmrecon.proof.balances import Chain, chain, movement_minor, printed
from mmrecon.proof.coverage import covered, day_bounds, days_touched
from mmrecon.proof.refused import refused_rows, rest_minor, unexplained, unread_money

RECEIPTS_SHOWN: Final = 20

CLIENT_CLASSES: Final = (LineClass.COLLECTION, LineClass.PAYOUT)
"""Classes whose money belongs to clients; the others are booked by hand or decided."""

CLOSED: Final = frozenset(
    {
        LineState.POSTED, LineState.VERIFIED, LineState.POSTED_ELSEWHERE, LineState.BEFORE_LIVE,
    }
)  # fmt: skip
"""States in which nothing is left to do for a line."""

_BY_CLASS: Final = {
    LineClass.CHARGE: "charges_to_book",
    LineClass.TRANSFER: "transfers_to_book",
    LineClass.SETTLEMENT: "settlement_to_book",
    LineClass.FUNDING: "funding_to_book",
    LineClass.REVERSAL: "reversals_to_decide",
    LineClass.UNKNOWN: "unknown_lines",
}
_BY_STATE: Final = {
    LineState.READY: "awaiting_decision",
    LineState.REVIEW: "awaiting_decision",
    LineState.SUSPENSE: "in_suspense",
    LineState.HELD: "held_back",
    LineState.SUBMITTED: "awaiting_approval",
    LineState.APPROVED: "awaiting_sending",
    LineState.DEFERRED: "awaiting_sending",
    LineState.SENDING: "fate_unknown",
    LineState.UNKNOWN: "fate_unknown",
    LineState.UNDOING: "fate_unknown",
    LineState.PENDING_IN_CORE: "fate_unknown",
    LineState.REFUSED: "awaiting_decision",
    LineState.WITHDRAWN: "awaiting_decision",
    LineState.UNDONE: "awaiting_decision",
    LineState.NOT_OURS: "closed_as_not_ours",
    LineState.CLOSED_BY_HAND: "closed_by_hand",
    LineState.REVERSED_OUTSIDE: "awaiting_decision",
}
_DECIDED: Final = frozenset(
    {LineState.HELD, LineState.SUBMITTED, LineState.NOT_OURS, LineState.CLOSED_BY_HAND}
)
"""States that only a person's answer gives, whatever class the line is of."""


POSTED_HERE: Final = "posted by mmrecon"
POSTED_BY_OTHERS: Final = "posted by others"
NOT_POSTED: Final = "not in Fineract"
_WHERE: Final = {
    LineState.POSTED: POSTED_HERE,
    LineState.VERIFIED: POSTED_HERE,
    LineState.POSTED_ELSEWHERE: POSTED_BY_OTHERS,
}


@dataclass(frozen=True, slots=True)
class WalletFacts:
    """What the proof must know of a wallet's configuration."""

    name: str
    currency: str
    zone: str
    sub_account: str
    live_from: str


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The proof of the calendar day before, and what the day after says of its balances."""

    before: DayProof | None = None
    after: Evidence = field(default_factory=Evidence)

    def join(self, evidence: Evidence) -> bool:
        """Whether both days' balances meet this one's: then no row of it is missing."""
        closed_before = None if self.before is None else self.before.evidence.closing_minor
        known = None not in {closed_before, self.after.opening_minor}
        return known and (closed_before, self.after.opening_minor) == (
            evidence.opening_minor, evidence.closing_minor,
        )  # fmt: skip


def prove_sub_account(
    wallet: WalletFacts,
    sub_account: str,
    lines: pd.DataFrame,
    periods: Sequence[StatementPeriod],
    two_ways: Mapping[str, TwoWay],
    why_no_fineract: str,
) -> list[DayProof]:
    """Proofs of every day that has lines or a statement, oldest first.

    `lines` is the sub-account's DayLineFrame; `two_ways` by ISO day, for the sub-account that
    carries them. A day without one says `why_no_fineract`, unless that is empty.
    """
    known = [period for period in periods if period.sub_account == sub_account]
    seen_there = {day for day, told in two_ways.items() if told.listed or told.differences}
    days = days_touched(known, wallet.zone)
    days |= set(map(date.fromisoformat, {*lines["value_date"], *seen_there}))
    by_day = dict(list(lines.groupby("value_date")))
    said = {
        day: _evidence(wallet, day, known, lines, by_day.get(str(day), lines.iloc[:0]))
        for day in sorted(days)
    }
    proofs: list[DayProof] = []
    for day, (evidence, chained) in said.items():
        day_lines = by_day.get(str(day), lines.iloc[:0])
        before = proofs[-1] if proofs and proofs[-1].day == str(day - timedelta(days=1)) else None
        near = Neighbours(before, said.get(day + timedelta(days=1), (Evidence(), Chain()))[0])
        proof = prove_day(wallet, sub_account, day, day_lines, evidence, chained, known, near)
        proofs.append(with_two_way(proof, wallet, two_ways.get(str(day)), why_no_fineract))
    return proofs


def prove_day(
    wallet: WalletFacts,
    sub_account: str,
    day: date,
    lines: pd.DataFrame,
    evidence: Evidence,
    chained: Chain,
    periods: Sequence[StatementPeriod],
    near: Neighbours,
) -> DayProof:
    """The statement's side of one day.

    Raises:
        Defect: a line is in no bucket, or in two.
    """
    touching = [period for period in periods if day in days_touched([period], wallet.zone)]
    coverage = covered(touching, day, wallet.zone)
    classes = movements(lines, "line_class")
    states = movements(lines, "state")
    _refuse_lost_lines(lines, classes, states)
    missed = _missed_minor(evidence, classes)
    refused = refused_rows(touching, missed)
    differences = _contradictions(touching, coverage, evidence, chained, missed, near.before)
    unread = unread_money(touching, missed, refused)
    proof_fails = bool(differences)
    differences = (*differences, *unread)
    proved = [period for period in touching if period.proof == ProofState.PROVED]
    told = evidence.source == "statement" and any(each.totals_printed for each in touching)
    complete = covered(proved, day, wallet.zone) is Coverage.FULL or (
        coverage is Coverage.FULL and (told or near.join(evidence))
    )
    proof = ProofState.CONTRADICTED if proof_fails else _state(touching, missed, refused)
    proof = ProofState.OPEN if proof is ProofState.PROVED and not complete else proof
    return DayProof(
        wallet=wallet.name,
        sub_account=sub_account,
        day=str(day),
        currency=wallet.currency,
        coverage=coverage,
        proof=proof,
        evidence=evidence,
        classes=(*classes, *unexplained(missed, refused)),
        states=states,
        clients=_clients(lines),
        listed=(*listed_lines(lines), *_listed_of_statement(touching, coverage, proof, missed)),
        differences=differences,
    )


def with_two_way(
    proof: DayProof, wallet: WalletFacts, two_way: TwoWay | None, why_no_fineract: str
) -> DayProof:
    """The proof together with what Fineract says of the day."""
    listed, differences = proof.listed, proof.differences
    if two_way is not None:
        listed, differences = listed + two_way.listed, differences + two_way.differences
    elif why_no_fineract and proof.day >= wallet.live_from:
        listed = (*listed, Listed("fineract_not_read", 1, 0, (), {"why": why_no_fineract}))
    return DayProof(
        proof.wallet, proof.sub_account, proof.day, proof.currency, proof.coverage, proof.proof,
        proof.evidence, proof.classes, proof.states, proof.clients, listed, differences, two_way,
    )  # fmt: skip


def movements(lines: pd.DataFrame, column: str) -> tuple[Movement, ...]:
    """Count and money of a DayLineFrame by a column; lines that never became final move nothing."""
    final = lines["line_class"] != LineClass.NON_FINAL
    money = lines["amount_minor"].where(final, 0)
    summed = (
        pd.DataFrame(
            {
                "name": lines[column],
                "lines": 1,
                "in_minor": money.where(lines["sign"] > 0, 0),
                "out_minor": money.where(lines["sign"] < 0, 0),
            }
        )
        .groupby("name")
        .sum()
    )
    return tuple(
        Movement(str(row[0]), int(row[1]), int(row[2]), int(row[3]))
        for row in summed.itertuples(name=None)
    )


def listed_lines(lines: pd.DataFrame) -> tuple[Listed, ...]:
    """What is left to do of a day's lines: by hand, by decision, by sending."""
    client = lines["line_class"].isin(CLIENT_CLASSES)
    decided = lines["state"].isin(_DECIDED)
    by_class = lines["line_class"].map(_BY_CLASS)
    codes = lines["state"].map(_BY_STATE).where(client | decided, by_class)
    codes = codes.mask(lines["state"].isin(CLOSED))
    reversal = lines["line_class"] == LineClass.REVERSAL
    codes = codes.mask(reversal & (lines["state"] == LineState.NO_POSTING))
    codes = codes.mask(_netting_transfers(lines))
    codes = codes.mask(lines["shadow"] & (codes == "awaiting_sending"), "approved_in_shadow")
    open_lines = lines.assign(code=codes)[codes.notna()]
    return tuple(
        Listed(
            str(code),
            len(group),
            int((group["sign"] * group["amount_minor"]).sum()),
            tuple(group["receipt"].head(RECEIPTS_SHOWN)),
        )
        for (code, _), group in open_lines.groupby(["code", "sign"])
    )


def _netting_transfers(lines: pd.DataFrame) -> pd.Series:
    """Transfers of a day that come to nothing need no booking."""
    transfers = lines["line_class"] == LineClass.TRANSFER
    nets = int((lines["sign"] * lines["amount_minor"])[transfers].sum()) == 0
    return transfers & nets


def _refuse_lost_lines(
    lines: pd.DataFrame, classes: Sequence[Movement], states: Sequence[Movement]
) -> None:
    known = {each.value for each in LineClass}
    whole = (len(lines), movement_minor(lines))
    for buckets in (classes, states):
        counted = sum(each.lines for each in buckets)
        moved = sum(each.in_minor - each.out_minor for each in buckets)
        if (counted, moved) != whole:
            raise Defect(f"buckets hold {counted} lines and {moved}, the day has {whole}")
    unheard = {each.name for each in classes} - known
    if unheard:
        raise Defect(f"lines of a class that does not exist: {sorted(unheard)}")


def _evidence(
    wallet: WalletFacts,
    day: date,
    periods: list[StatementPeriod],
    lines: pd.DataFrame,
    day_lines: pd.DataFrame,
) -> tuple[Evidence, Chain]:
    chained = chain(day_lines)
    evidence = printed(periods, lines, *day_bounds(day, wallet.zone))
    if evidence.source != "statement" and chained.opening_minor is not None:
        return Evidence(chained.opening_minor, chained.closing_minor, "chain"), chained
    return evidence, chained


def _clients(lines: pd.DataFrame) -> tuple[Movement, ...]:
    """The clients' lines by where their money is; they add up to collections and payouts."""
    own = lines[lines["line_class"].isin(CLIENT_CLASSES)]
    where = own["state"].map(_WHERE).fillna(NOT_POSTED)
    found = {one.name: one for one in movements(own.assign(where=where), "where")}
    return tuple(
        found[name] for name in (POSTED_HERE, POSTED_BY_OTHERS, NOT_POSTED) if name in found
    )


def _missed_minor(evidence: Evidence, classes: Sequence[Movement]) -> int | None:
    """What opening and closing say beyond the lines; None where they were not told apart."""
    if evidence.opening_minor is None or evidence.closing_minor is None:
        return None
    if evidence.source == "carried":
        return None
    moved = sum(each.in_minor - each.out_minor for each in classes)
    return evidence.closing_minor - evidence.opening_minor - moved


def _contradictions(
    periods: Sequence[StatementPeriod],
    coverage: Coverage,
    evidence: Evidence,
    chained: Chain,
    missed_minor: int | None,
    before: DayProof | None,
) -> tuple[Listed, ...]:
    found = [
        Listed("statement_contradicted", 1, 0)
        for period in periods
        if period.proof == ProofState.CONTRADICTED
    ]
    refused = any(period.refused_rows for period in periods)
    opening = evidence.opening_minor
    if opening is None and chained.breaks and coverage is Coverage.FULL and not refused:
        found.append(Listed("chain_broken", chained.breaks, 0))
    if opening is None:
        return tuple(found)
    if missed_minor and not refused:
        found.append(Listed("sum_is_not_closing", 1, missed_minor))
    if before is not None and _both_whole(before, coverage):
        closed = before.evidence.closing_minor
        if closed is not None and closed != opening:
            found.append(Listed("opening_is_not_closing_before", 1, opening - closed))
    return tuple(found)


def _both_whole(before: DayProof, coverage: Coverage) -> bool:
    return before.coverage is Coverage.FULL and coverage is Coverage.FULL


def _state(
    periods: Sequence[StatementPeriod], missed_minor: int | None, refused: Movement | None
) -> ProofState:
    """What the rows allow at best: open where money is missing, or may be."""
    if rest_minor(missed_minor, refused):
        return ProofState.OPEN
    if missed_minor is None and any(period.refused_rows for period in periods):
        return ProofState.OPEN
    return ProofState.PROVED


def _listed_of_statement(
    periods: Sequence[StatementPeriod],
    coverage: Coverage,
    proof: ProofState,
    missed_minor: int | None,
) -> tuple[Listed, ...]:
    listed = []
    refused = sum(period.refused_rows for period in periods)
    if refused and missed_minor != 0:
        listed.append(Listed("rows_refused", refused, 0))
    if coverage is not Coverage.FULL:
        code = "no_statement" if coverage is Coverage.NONE else "day_not_complete"
        listed.append(Listed(code, 1, 0))
    elif proof is ProofState.OPEN:
        listed.append(Listed("not_provable_yet", 1, 0))
    return tuple(listed)
