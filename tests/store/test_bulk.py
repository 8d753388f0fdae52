"""Bulk statements: every row goes in, whatever its neighbours say and however many there are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, select

from mmrecon.store.bulk import insert_columns
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import ISSUE


@pytest.mark.parametrize("count", [1, 199, 200, 201, 1_234])
def test_rows_go_in_in_their_order_whether_or_not_they_fill_a_statement(
    engine: Engine, count: int
) -> None:
    receipts = [f"R{number}" for number in range(count)]
    columns = {
        "run_id": "said once, VALUES (?, 'odd')",
        "receipt": pd.Series(receipts, dtype="str"),
        "row": pd.Series([None, *range(1, count)], dtype="Int64"),
        "line_id": np.arange(count),
    }
    with transaction(engine) as connection:
        insert_columns(connection, ISSUE, columns)
    with reading(engine) as connection:
        names = ("run_id", "receipt", "row", "line_id")
        query = select(*(ISSUE.c[name] for name in names)).order_by(ISSUE.c.issue_id)
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [
        (columns["run_id"], receipt, number or None, number)
        for number, receipt in enumerate(receipts)
    ]
