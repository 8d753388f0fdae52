from __future__ import annotations

from mmrecon.approval.originals import original_texts
from mmrecon.model.proposal import OriginalFrame
from tests.approval.morning import ACCOUNTS


def test_an_original_is_told_with_its_account_and_what_that_has_now() -> None:
    originals = OriginalFrame.build(
        {
            "line_id": [9, 9, 10],
            "receipt": ["RCP1", "RCP1", "RCP2"],
            "value_date": ["2026-03-01"] * 3,
            "amount_minor": [150_000, 150_000, 20_000],
            "currency": ["KES"] * 3,
            "state": ["verified", "reversed_outside", ""],
            "account_kind": ["savings", "loan", ""],
            "account_id": [11, 12, None],
            "account_no": ["000000011", "000000012", ""],
            "transaction_id": ["4711", "", ""],
        }
    )
    texts = original_texts(originals, ACCOUNTS)
    assert texts[9].split("\n") == [
        (
            "RCP1 of 2026-03-01, KES 1,500.00: verified on savings:000000011, transaction 4711; "
            "balance KES 5,000.00 at the last ledger refresh"
        ),
        (
            "RCP1 of 2026-03-01, KES 1,500.00: reversed outside on loan:000000012; "
            "outstanding KES 12,000.00 at the last ledger refresh"
        ),
    ]
    assert texts[10] == "RCP2 of 2026-03-01, KES 200.00: not posted"


def test_no_reversal_no_text() -> None:
    assert len(original_texts(OriginalFrame.empty(), ACCOUNTS)) == 0


def test_what_an_account_has_is_told_in_its_own_currency() -> None:
    original = OriginalFrame.build(
        {
            "line_id": [9], "receipt": ["RCP1"], "value_date": ["2026-03-01"],
            "amount_minor": [1_500], "currency": ["UGX"], "state": ["verified"],
            "account_kind": ["savings"], "account_id": [11], "account_no": ["000000011"],
            "transaction_id": ["4711"],
        }
    )  # fmt: skip
    told = original_texts(original, ACCOUNTS)[9]
    assert told.startswith("RCP1 of 2026-03-01, UGX 1,500: ")
    assert told.endswith("; balance KES 5,000.00 at the last ledger refresh")
