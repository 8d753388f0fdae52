"""The one entrance: lines and what is known in, one match for each line out. Pure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmrecon.matching.collections import match_collections
from mmrecon.matching.compose import match_frame
from mmrecon.matching.context import MatchContext
from mmrecon.matching.index import LedgerIndex
from mmrecon.model.frame import concat
from mmrecon.model.line import LineClass, LineFrame
from mmrecon.model.match import MatchFrame

POLICY_VERSION = 1
"""Rises whenever the rules change so that the same input could give another match."""


def match_lines(lines: pd.DataFrame, context: MatchContext) -> pd.DataFrame:
    """A MatchFrame with one match for each line of a LineFrame, sorted by line_id.

    The result depends on nothing but the arguments, and not on the order of the lines.
    """
    if not len(lines):
        return MatchFrame.empty()
    lines = LineFrame.check(lines.sort_values("line_id", ignore_index=True))
    index = LedgerIndex(context.snapshot)
    parts = []
    classes = lines["line_class"].to_numpy(dtype=object)
    collections = np.flatnonzero(classes == LineClass.COLLECTION.value)
    if len(collections):
        found = match_collections(lines.iloc[collections].reset_index(drop=True), context, index)
        parts.append(match_frame(found.outcomes, found.legs, found.candidates))
    return concat(MatchFrame, parts).sort_values("line_id", ignore_index=True)
