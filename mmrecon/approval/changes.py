"""Which cells of a returned workbook are not as they were written."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from mmrecon.approval.accepted import Decided, Refused
from mmrecon.approval.columns import SIGNED
from mmrecon.approval.row_digest import SEPARATOR

ROW_CHANGED = "answer_row_changed"


def has_changed_rows(decided: Decided) -> bool:
    """Whether a row was refused for a cell that was changed."""
    return any(refused.issue.code == ROW_CHANGED for refused in decided.refused)


def name_changes(decided: Decided, returned: pd.DataFrame, issued: pd.DataFrame) -> Decided:
    """The same decisions, each changed row with the titles of its changed columns.

    `returned` and `issued` are ReturnedFrames of the workbook as it came back and as it was
    written.
    """
    written = dict(zip(issued["row_id"], issued["shown"], strict=True))
    came = dict(zip(returned["row_id"], returned["shown"], strict=True))

    def named(refused: Refused) -> Refused:
        if refused.issue.code != ROW_CHANGED or refused.row_id not in written:
            return refused
        pairs = zip(
            SIGNED,
            written[refused.row_id].split(SEPARATOR),
            came[refused.row_id].split(SEPARATOR),
            strict=True,
        )
        titles = ", ".join(column.title for column, then, now in pairs if then != now)
        arguments = {**refused.issue.arguments, "columns": titles}
        return Refused(refused.row_id, replace(refused.issue, arguments=arguments))

    return replace(decided, refused=[named(refused) for refused in decided.refused])
