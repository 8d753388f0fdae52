"""The one entrance: lines and what is known in, one match for each line out. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmrecon.matching.collections import match_collections
from mmrecon.matching.compose import match_frame
from mmrecon.matching.context import MatchContext
from mmrecon.matching.index import LedgerIndex
from mmrecon.matching.payouts import match_payouts
from mmrecon.matching.plain import (
    no_targets,
    ownerless_outcomes,
    payout_outcomes,
    reversal_outcomes,
)
from mmrecon.matching.reversals import taken_back
from mmrecon.model.frame import concat
from mmrecon.model.line import LineClass, LineFrame
from mmrecon.model.match import MatchFrame

POLICY_VERSION = 1
"""Rises whenever the rules change so that the same input could give another match."""


def match_lines(lines: pd.DataFrame, context: MatchContext) -> pd.DataFrame:
    """A MatchFrame with one match for each line of a LineFrame, sorted by line_id.

    The result depends on nothing but the arguments, and not on the order of the lines. Every
    line's wallet must stand in `context.wallets`.
    """
    if not len(lines):
        return MatchFrame.empty()
    lines = LineFrame.check(_in_order(lines))
    index = LedgerIndex(context.snapshot)
    pairs = taken_back(lines, context.others)
    reversed_ids = np.unique(pairs["original_id"].to_numpy())
    parts = []
    for line_class, chosen in _by_class(lines):
        if line_class == LineClass.COLLECTION:
            found = match_collections(chosen, context, index, reversed_ids)
            parts.append(match_frame(found.outcomes, found.legs, found.candidates))
        elif line_class == LineClass.PAYOUT:
            payouts = match_payouts(chosen, context, index, reversed_ids)
            parts.append(match_frame(*payout_outcomes(chosen, payouts, context)))
        elif line_class == LineClass.REVERSAL:
            outcomes = reversal_outcomes(chosen, pairs, context)
            parts.append(match_frame(outcomes, no_targets(), no_targets()))
        else:
            outcomes = ownerless_outcomes(chosen, context)
            parts.append(match_frame(outcomes, no_targets(), no_targets()))
    return _in_order(concat(MatchFrame, parts) if len(parts) > 1 else parts[0])


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows by line_id; the frame itself where they are already."""
    if frame["line_id"].is_monotonic_increasing:
        return frame.reset_index(drop=True)
    return frame.sort_values("line_id", ignore_index=True)


def _by_class(lines: pd.DataFrame) -> list[tuple[LineClass, pd.DataFrame]]:
    """Lines with a way of their own, and all the others together as UNKNOWN."""
    own_way = (LineClass.COLLECTION, LineClass.PAYOUT, LineClass.REVERSAL)
    classes = lines["line_class"]
    parts = [(each, lines[classes == each.value]) for each in own_way]
    parts.append((LineClass.UNKNOWN, lines[~classes.isin([each.value for each in own_way])]))
    return [(each, part.reset_index(drop=True)) for each, part in parts if len(part)]
