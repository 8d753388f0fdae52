"""What a statement proves of itself: totals, opening and closing, the running balance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from mmrecon.model.line import Proof, ProofState
from mmrecon.model.money import to_text
from mmrecon.model.words import counted
from mmrecon.statements.moments import Int64s
from mmrecon.statements.typed import TypedRows

HELD: Final = "held"
FAILED: Final = "failed"
NOT_THERE: Final = "not_there"
Check = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Stated:
    """What one section's header states; None where it is silent. Moments are local seconds."""

    opening_minor: int | None = None
    closing_minor: int | None = None
    total_in_minor: int | None = None
    total_out_minor: int | None = None
    period_from_s: int | None = None
    period_to_s: int | None = None
    reported_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """Balance before the first and after the last row, in order of time."""

    before_minor: int
    after_minor: int


@dataclass(frozen=True, slots=True)
class Movements:
    """The final rows of a section whose money, balance and time could be read, file order.

    `place` is each one's position among the typed rows; `unplaced` counts refused rows that miss
    one of these.
    """

    place: Int64s
    local_s: Int64s
    moved_minor: Int64s
    balance_minor: Int64s
    in_minor: int
    out_minor: int
    money_unknown: int
    unplaced: int
    rows: int
    newest_first: bool


def movements(typed: TypedRows, section: int, ragged: int, *, newest_first: bool) -> Movements:
    """The movements of one section; `ragged` rows have no money that could be read."""
    mine = (typed.section == section) & typed.final
    placed = mine & typed.money_known & typed.has_balance & typed.completed.valid
    money = mine & typed.money_known
    return Movements(
        place=np.flatnonzero(placed),
        local_s=typed.completed.local_s[placed],
        moved_minor=typed.moved_minor[placed],
        balance_minor=typed.balance_minor[placed],
        in_minor=int(typed.in_minor[money].sum()),
        out_minor=int(typed.out_minor[money].sum()),
        money_unknown=int((mine & ~typed.money_known).sum()) + ragged,
        unplaced=int((mine & ~placed).sum()) + ragged,
        rows=int(mine.sum()) + ragged,
        newest_first=newest_first,
    )


def prove_section(
    stated: Stated, moved: Movements, currency: str, refused: int, *, chain: bool
) -> Proof:
    """Every check that a section allows, and what they say together."""
    checks = [_period(stated), _refused(refused)]
    checks += _totals(stated, moved, currency)
    ends: Ends | None = None
    if chain and len(moved.local_s):
        ends, check = _chain(moved, currency, stated.opening_minor)
        checks.append(check)
    checks.append(_balances(stated, moved, ends, currency))
    opening = stated.opening_minor if stated.opening_minor is not None else _before(ends)
    closing = stated.closing_minor if stated.closing_minor is not None else _after(ends)
    return Proof(state_of(checks), tuple(checks), opening, closing)


def state_of(checks: list[Check]) -> ProofState:
    """Contradicted by one failed check, open by one that could not be made, else proved."""
    outcomes = Counter(outcome for _, outcome, _ in checks)
    if outcomes[FAILED]:
        return ProofState.CONTRADICTED
    return ProofState.OPEN if outcomes[NOT_THERE] else ProofState.PROVED


def worst(proofs: list[Proof]) -> Proof:
    """The proof of a file of several sections: the worst state, the outermost balances."""
    if len(proofs) == 1:
        return proofs[0]
    checks = [check for proof in proofs for check in proof.checks]
    return Proof(state_of(checks), tuple(checks), proofs[0].opening_minor, proofs[-1].closing_minor)


def with_neighbours(
    proof: Proof, currency: str, before_minor: int | None, *, followed: bool = False
) -> Proof:
    """The proof with the closing of the adjacent earlier period compared to this opening.

    `followed`: the next period opens with this closing, which stands in for a header without
    balances.
    """
    checks = list(proof.checks)
    if before_minor is not None and proof.opening_minor is not None:
        checks = [check for check in checks if check[0] != "neighbour"]
        checks.append(_neighbour(proof.opening_minor, before_minor, currency))
    joined = any(check[:2] == ("neighbour", HELD) for check in checks)
    if joined and followed:
        checks = [
            ("balances", HELD, "The days before and after join this one's balances.")
            if check[:2] == ("balances", NOT_THERE)
            else check
            for check in checks
        ]
    return Proof(state_of(checks), tuple(checks), proof.opening_minor, proof.closing_minor)


def _neighbour(opening_minor: int, before_minor: int, currency: str) -> Check:
    if opening_minor == before_minor:
        return ("neighbour", HELD, "It opens with the balance the period before closed with.")
    sentence = (
        f"The period before closed with {to_text(before_minor, currency)}, "
        f"this one opens with {to_text(opening_minor, currency)}: "
        f"{to_text(opening_minor - before_minor, currency)} lie between them."
    )
    return ("neighbour", FAILED, sentence)


def _before(ends: Ends | None) -> int | None:
    return None if ends is None else ends.before_minor


def _after(ends: Ends | None) -> int | None:
    return None if ends is None else ends.after_minor


def _period(stated: Stated) -> Check:
    reported, ends = stated.reported_at_s, stated.period_to_s
    if reported is not None and ends is not None and reported < ends:
        return ("period", NOT_THERE, "The statement was made before its period ended.")
    return ("period", HELD, "Nothing says that the period was cut short.")


def _refused(refused: int) -> Check:
    if refused:
        return ("rows", NOT_THERE, f"{counted(refused, 'row')} refused.")
    return ("rows", HELD, "Every row was understood.")


def _totals(stated: Stated, moved: Movements, currency: str) -> list[Check]:
    checks: list[Check] = []
    for name, printed, found in (
        ("total_in", stated.total_in_minor, moved.in_minor),
        ("total_out", stated.total_out_minor, moved.out_minor),
    ):
        if printed is None:
            continue
        words = "paid in" if name == "total_in" else "withdrawn"
        if abs(printed) == found:
            sentence = f"Rows add up to the header's total {words}, {to_text(found, currency)}."
            checks.append((name, HELD, sentence))
            continue
        sentence = (
            f"The header says {to_text(abs(printed), currency)} {words}, "
            f"rows add up to {to_text(found, currency)}."
        )
        checks.append((name, NOT_THERE if moved.money_unknown else FAILED, sentence))
    return checks


def _balances(stated: Stated, moved: Movements, ends: Ends | None, currency: str) -> Check:
    """Opening + movements = closing, and the chain's ends are the header's."""
    opening, closing = stated.opening_minor, stated.closing_minor
    if opening is None or closing is None:
        return ("balances", NOT_THERE, "The layout states no opening and closing balance.")
    if ends is not None and moved.unplaced == 0:
        total = ends.after_minor - ends.before_minor
        if (ends.before_minor, ends.after_minor) != (opening, closing):
            return _failed_balances(opening, closing, ends, currency)
    else:
        total = int(moved.moved_minor.sum()) if len(moved.local_s) else 0
        if not len(moved.local_s):
            total = moved.in_minor - moved.out_minor
    if opening + total == closing:
        return ("balances", HELD, "Opening balance and movements give the closing balance.")
    sentence = (
        f"Opening {to_text(opening, currency)} and movements of {to_text(total, currency)} "
        f"do not give the closing {to_text(closing, currency)}."
    )
    return ("balances", NOT_THERE if moved.unplaced else FAILED, sentence)


def _failed_balances(opening: int, closing: int, ends: Ends, currency: str) -> Check:
    sentence = (
        f"The header opens with {to_text(opening, currency)} and closes with "
        f"{to_text(closing, currency)}; the rows run from {to_text(ends.before_minor, currency)} "
        f"to {to_text(ends.after_minor, currency)}."
    )
    return ("balances", FAILED, sentence)


def _chain(moved: Movements, currency: str, opening: int | None) -> tuple[Ends, Check]:
    """Each balance is the one before plus what moved; rows of one second may stand in any order."""
    order = in_chain(moved, opening)
    after = moved.balance_minor[order]
    before = after - moved.moved_minor[order]
    broken = before[1:] != after[:-1]
    ends = Ends(int(before[0]), int(after[-1]))
    breaks = int(broken.sum())
    if not breaks:
        return ends, ("chain", HELD, "Every row's balance follows from the one before.")
    place = int(np.flatnonzero(broken)[0])
    gap = int(before[place + 1] - after[place])
    sentence = (
        f"The running balance breaks {counted(breaks, 'time')}, first by {to_text(gap, currency)} "
        f"after a balance of {to_text(int(after[place]), currency)}."
    )
    return ends, ("chain", NOT_THERE if breaks <= moved.unplaced else FAILED, sentence)


def in_chain(moved: Movements, opening: int | None, among: Int64s | None = None) -> Int64s:
    """Positions in order of time, rows of one second as their balances follow each other.

    `among`: only these positions, which are in file order.
    """
    kept = np.arange(len(moved.local_s)) if among is None else among
    order = kept[chronological(moved.local_s[kept], newest_first=moved.newest_first)]
    local_s, after = moved.local_s[order], moved.balance_minor[order]
    before = after - moved.moved_minor[order]
    follows = (before[1:] == after[:-1]).all() and (opening is None or before[0] == opening)
    return order if follows else order[_arranged(local_s, before, after, opening)]


def chronological(local_s: Int64s, *, newest_first: bool) -> Int64s:
    """Positions in order of time; rows of one second keep the order their file implies."""
    count = len(local_s)
    descending = (
        newest_first if count < 2 or local_s[0] == local_s[-1] else local_s[0] > local_s[-1]
    )
    start = np.arange(count)[::-1] if descending else np.arange(count)
    order: Int64s = start[np.argsort(local_s[start], kind="stable")]
    return order


def _arranged(local_s: Int64s, before: Int64s, after: Int64s, opening: int | None) -> Int64s:
    """Rows of one second, put in the order in which their balances follow each other."""
    order = np.arange(len(local_s))
    starts = np.flatnonzero(np.r_[True, local_s[1:] != local_s[:-1]])
    ends = np.r_[starts[1:], len(local_s)]
    breaks = np.flatnonzero(before[1:] != after[:-1])
    touched = np.searchsorted(starts, np.r_[0, breaks, breaks + 1], side="right") - 1
    for group in np.unique(touched).tolist():
        first, last = int(starts[group]), int(ends[group])
        balance = int(after[order[first - 1]]) if first else opening
        members = np.arange(first, last)
        if balance is None or balance not in before[first:last]:
            balance = _start(group, starts, ends, before, after)
        order[first:last] = _followed(members.tolist(), before, after, balance)
    return order


def _start(group: int, starts: Int64s, ends: Int64s, before: Int64s, after: Int64s) -> int:
    """The balance a second begins with: the one that is left more often than it is reached.

    A second that ends where it began has none; then it begins where the next one does.
    """
    for following in range(group, len(starts)):
        rows = slice(int(starts[following]), int(ends[following]))
        left = Counter(before[rows].tolist())
        left.subtract(after[rows].tolist())
        found = [balance for balance, surplus in left.items() if surplus > 0]
        if found:
            return int(found[0])
    return int(before[starts[group]])


def _followed(members: list[int], before: Int64s, after: Int64s, start: int) -> list[int]:
    """A walk over a second's rows from a balance (Hierholzer); file order where none exists."""
    waiting: dict[int, list[int]] = {}
    for one in members:
        waiting.setdefault(int(before[one]), []).append(one)
    stack: list[tuple[int, int | None]] = [(start, None)]
    trail: list[int] = []
    while stack:
        balance, member = stack[-1]
        if waiting.get(balance):
            following = waiting[balance].pop()
            stack.append((int(after[following]), following))
        else:
            stack.pop()
            if member is not None:
                trail.append(member)
    return trail[::-1] if len(trail) == len(members) else members
