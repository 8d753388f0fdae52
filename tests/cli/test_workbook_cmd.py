"""What `workbook` says of the money on its sheets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mmrecon.cli.workbook_cmd import workbook_json
from mmrecon.pipeline.workbook import WrittenWorkbook


def test_what_is_posted_already_is_told_with_its_amount_and_what_waits_with_what_is_left() -> None:
    rows = pd.DataFrame(
        {
            "sheet": ["needs_decision", "posted_already", "not_posted"],
            "wallet": "paybill", "currency": "KES",
            "amount_minor": [150_000, 120_000, 2_500], "left_minor": [90_000, 0, 2_500],
        }
    )  # fmt: skip
    told = workbook_json(WrittenWorkbook("W1", Path("w.xlsx"), rows, ()))
    money = {line["sheet"]: line["amount_minor"] for line in told["sheets"]}
    assert money == {"needs decision": 90_000, "posted already": 120_000, "not posted": 2_500}
