"""A balance chain that breaks, read like a detective: what is missing, doubled, edited or moved.

Rows whose balances follow each other form a piece; between two pieces lies a gap of some amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmrecon.model.money import to_text
from mmrecon.statements.cells import Mask
from mmrecon.statements.moments import Int64s
from mmrecon.statements.prove import Movements, Stated, in_chain

MOST_PIECES: Final = 60
"""A chain in more pieces than this was not changed in places: it is no chain any more."""


@dataclass(frozen=True, slots=True)
class ChainFault:
    """One thing that is wrong with a chain; `place` is a row's position among the typed rows."""

    code: str
    place: int | None
    arguments: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Rows that follow each other, by the first and last of them; none: a stated balance."""

    begins_minor: int
    ends_minor: int
    first: int = 0
    last: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Chain:
    """The rows in order of the chain, and how people are told of them."""

    place: Int64s
    local_s: Int64s
    moved_minor: Int64s
    after_minor: Int64s
    receipts: npt.NDArray[np.object_]
    currency: str

    def money(self, amount_minor: int) -> str:
        """An amount for people."""
        return to_text(amount_minor, self.currency)

    def moment(self, row: int) -> str:
        """A row's moment as the statement prints it, to the second."""
        return f"{datetime.fromtimestamp(int(self.local_s[row]), UTC):%Y-%m-%d %H:%M:%S}"

    def told(self, row: int) -> str:
        """A row by receipt, second and balance."""
        balance = self.money(int(self.after_minor[row]))
        return f"{self.receipts[row] or 'a row'} of {self.moment(row)} (balance {balance})"

    def fault(self, code: str, row: int, **arguments: str | int) -> ChainFault:
        """A fault of one row."""
        own = {"moment": self.moment(row), "named": str(self.receipts[row])}
        return ChainFault(code, int(self.place[row]), own | arguments)


def chain_faults(
    moved: Movements, stated: Stated, receipts: pd.Series, currency: str
) -> list[ChainFault]:
    """What is wrong with a section's chain.

    `receipts` are those of `moved`, in its order; empty where a receipt is damaged.
    """
    keys = pd.DataFrame(
        {
            "receipt": receipts.to_numpy(),
            "local_s": moved.local_s,
            "moved_minor": moved.moved_minor,
            "balance_minor": moved.balance_minor,
        }
    )
    again = keys.duplicated().to_numpy()
    order = in_chain(moved, stated.opening_minor)
    once = order[~again[order]]
    faults = [
        _of(moved, receipts, np.array([at]), currency).fault(
            "chain_row_doubled", 0, amount=to_text(int(moved.moved_minor[at]), currency)
        )
        for at in np.flatnonzero(again)[:MOST_PIECES].tolist()
    ]
    if again.any():
        once = in_chain(moved, stated.opening_minor, np.flatnonzero(~again))
    chained = _of(moved, receipts, once, currency)
    pieces = _pieces(chained, stated)
    if len(pieces) > MOST_PIECES:
        return [*faults, ChainFault("chain_in_pieces", None, {"breaks": len(pieces) - 1})]
    pieces, found = _put_back(chained, _settled(chained, pieces))
    faults += found
    for take_out in (_balance_edited, _foreign):
        pieces, found = take_out(chained, pieces)
        faults += found
    return faults + _gaps(chained, pieces, _unseen(moved, stated, again))


def _of(moved: Movements, receipts: pd.Series, order: Int64s, currency: str) -> _Chain:
    return _Chain(
        moved.place[order], moved.local_s[order], moved.moved_minor[order],
        moved.balance_minor[order], receipts.to_numpy(dtype=object)[order], currency,
    )  # fmt: skip


def _pieces(chained: _Chain, stated: Stated) -> list[_Piece]:
    """The chain cut where it breaks, between the stated opening and closing."""
    after = chained.after_minor
    before = after - chained.moved_minor
    cuts = (np.flatnonzero(before[1:] != after[:-1]) + 1).tolist()
    if len(cuts) > MOST_PIECES:
        return [_Piece(0, 0)] * (len(cuts) + 1)
    edges = [0, *cuts, len(after)]
    pieces = [
        _Piece(int(before[first]), int(after[end - 1]), first, end - 1, end - first)
        for first, end in pairwise(edges)
    ]
    opening, closing = stated.opening_minor, stated.closing_minor
    if opening is not None and opening != pieces[0].begins_minor:
        pieces.insert(0, _Piece(opening, opening))
    if closing is not None and closing != pieces[-1].ends_minor:
        pieces.append(_Piece(closing, closing))
    return pieces


def _settled(chained: _Chain, pieces: list[_Piece]) -> list[_Piece]:
    """Pieces that follow each other, joined where the clock allows it: seconds have no order."""
    while True:
        pieces = _joined(pieces)
        found = next(
            (
                (at, gap)
                for gap, left in enumerate(pieces[:-1])
                for at, piece in enumerate(pieces)
                if at not in (gap, gap + 1)
                and piece.count
                and piece.begins_minor == left.ends_minor
                and _in_time(chained, piece, left, pieces[gap + 1])
            ),
            None,
        )
        if found is None:
            return pieces
        at, gap = found
        joined = _one(pieces[gap], pieces[at])
        pieces = [
            joined if place == gap else one for place, one in enumerate(pieces) if place != at
        ]


def _put_back(chained: _Chain, pieces: list[_Piece]) -> tuple[list[_Piece], list[ChainFault]]:
    """Pieces that fit exactly into another gap stand in the wrong place: the shortest first."""
    faults: list[ChainFault] = []
    while True:
        fitting = [
            (piece.count, at, gap)
            for gap in range(len(pieces) - 1)
            for at, piece in enumerate(pieces)
            if at not in (gap, gap + 1) and _fits(pieces, at, gap)
        ]
        if not fitting:
            return _joined(pieces), faults
        _, at, gap = min(fitting)
        piece, left, right = pieces[at], pieces[gap], pieces[gap + 1]
        said = {"before": _end(chained, left, "opening"), "after": _begin(chained, right)}
        rows = piece.count
        faults.append(chained.fault("chain_row_moved", piece.first, rows=rows, **said))
        healed = _one(_one(left, piece), right)
        pieces = [
            healed if place == gap else one
            for place, one in enumerate(pieces)
            if place not in (at, gap + 1)
        ]


def _fits(pieces: list[_Piece], at: int, gap: int) -> bool:
    """Whether a piece closes a gap elsewhere, and leaves none where it stands."""
    piece = pieces[at]
    wanted = (pieces[gap].ends_minor, pieces[gap + 1].begins_minor)
    if not piece.count or (piece.begins_minor, piece.ends_minor) != wanted:
        return False
    alone = at in (0, len(pieces) - 1)
    return alone or pieces[at - 1].ends_minor == pieces[at + 1].begins_minor


def _in_time(chained: _Chain, piece: _Piece, left: _Piece, right: _Piece) -> bool:
    """Whether a piece may stand in its gap by the clock: rows of one second have no order."""
    local_s = chained.local_s
    late = bool(left.count) and local_s[piece.first] < local_s[left.last]
    early = bool(right.count) and local_s[piece.last] > local_s[right.first]
    return not (late or early)


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Pieces that follow each other by now are one."""
    joined = pieces[:1]
    for piece in pieces[1:]:
        if joined[-1].ends_minor == piece.begins_minor:
            joined[-1] = _one(joined[-1], piece)
        else:
            joined.append(piece)
    return joined


def _one(left: _Piece, right: _Piece) -> _Piece:
    """Two pieces as one."""
    known = [one for one in (left, right) if one.count]
    if not known:
        return _Piece(left.begins_minor, right.ends_minor)
    count = left.count + right.count
    return _Piece(left.begins_minor, right.ends_minor, known[0].first, known[-1].last, count)


def _balance_edited(chained: _Chain, pieces: list[_Piece]) -> tuple[list[_Piece], list[ChainFault]]:
    """A single row off by the same amount before and after it: its balance was changed."""
    faults = []
    for piece in [one for one in pieces[1:-1] if one.count == 1]:
        at = pieces.index(piece)
        if not 0 < at < len(pieces) - 1:
            continue
        off = piece.begins_minor - pieces[at - 1].ends_minor
        if not off or pieces[at + 1].begins_minor - piece.ends_minor != -off:
            continue
        true = chained.money(piece.ends_minor - off)
        faults.append(
            chained.fault(
                "chain_balance_edited", piece.first,
                balance=chained.money(piece.ends_minor), true=true,
            )
        )  # fmt: skip
        pieces[at - 1 : at + 2] = [_one(pieces[at - 1], pieces[at + 1])]
    return pieces, faults


def _foreign(chained: _Chain, pieces: list[_Piece]) -> tuple[list[_Piece], list[ChainFault]]:
    """Rows without which the balances follow do not belong to this chain."""
    faults = []
    at = 1
    while at < len(pieces) - 1:
        piece = pieces[at]
        if piece.count and pieces[at - 1].ends_minor == pieces[at + 1].begins_minor:
            moved = chained.money(piece.ends_minor - piece.begins_minor)
            rows = piece.count
            faults.append(chained.fault("chain_rows_foreign", piece.first, rows=rows, amount=moved))
            pieces[at - 1 : at + 2] = [_one(pieces[at - 1], pieces[at + 1])]
        else:
            at += 1
    return pieces, faults


@dataclass(frozen=True, slots=True)
class _Unseen:
    """What the header's totals hold beyond the rows; negative where the rows hold more."""

    in_minor: int
    out_minor: int


def _unseen(moved: Movements, stated: Stated, again: Mask) -> _Unseen | None:
    if stated.total_in_minor is None or stated.total_out_minor is None:
        return None
    doubled = moved.moved_minor[again]
    paid_in = moved.in_minor - int(doubled[doubled > 0].sum())
    paid_out = moved.out_minor + int(doubled[doubled < 0].sum())
    return _Unseen(abs(stated.total_in_minor) - paid_in, abs(stated.total_out_minor) - paid_out)


def _gaps(chained: _Chain, pieces: list[_Piece], unseen: _Unseen | None) -> list[ChainFault]:
    alone = len(pieces) == 2
    return [
        _gap(chained, left, right, unseen if alone else None) for left, right in pairwise(pieces)
    ]


def _gap(chained: _Chain, left: _Piece, right: _Piece, unseen: _Unseen | None) -> ChainFault:
    """Rows missing, or an amount changed: what the totals say, else both readings."""
    gap = right.begins_minor - left.ends_minor
    near = [right.first] * bool(right.count) + [left.last] * bool(left.count)
    changed = [row for row in near if _may_be_changed(int(chained.moved_minor[row]), gap, unseen)]
    missing = unseen is None or (
        min(unseen.in_minor, unseen.out_minor) >= 0 and unseen.in_minor - unseen.out_minor == gap
    )
    said: dict[str, str | int] = {
        "gap": chained.money(gap),
        "before": _end(chained, left, "opening"),
        "after": _begin(chained, right),
    }
    if not changed:
        return chained.fault("chain_rows_missing", near[0], **said)
    row = changed[0]
    printed = int(chained.moved_minor[row])
    said |= {"amount": chained.money(printed), "true": chained.money(printed + gap)}
    code = "chain_missing_or_edited" if missing else "chain_amount_edited"
    return chained.fault(code, row, **said)


def _may_be_changed(printed_minor: int, gap_minor: int, unseen: _Unseen | None) -> bool:
    """Whether the row's true amount may be another by the gap: money in stays money in."""
    if (printed_minor > 0) != (printed_minor + gap_minor > 0) or printed_minor == -gap_minor:
        return False
    if unseen is None:
        return True
    kept = (unseen.in_minor, unseen.out_minor)
    return kept == ((gap_minor, 0) if printed_minor > 0 else (0, -gap_minor))


def _end(chained: _Chain, piece: _Piece, stated: str) -> str:
    if piece.count:
        return chained.told(piece.last)
    return f"the {stated} balance of {chained.money(piece.ends_minor)}"


def _begin(chained: _Chain, piece: _Piece) -> str:
    if piece.count:
        return chained.told(piece.first)
    return f"the closing balance of {chained.money(piece.begins_minor)}"
