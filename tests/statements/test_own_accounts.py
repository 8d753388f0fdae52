"""Money between the institution's own accounts, as each portal prints the other one."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mmrecon.statements.layout import load_layouts
from mmrecon.statements.own_accounts import own_accounts, with_transfers
from mmrecon.statements.reading import read_member
from tests.statements.builders import Event, a_file, as_csv
from tests.statements.test_reading import COLLECTION, PAYBILL


def classes(party: str, line_class: str = "collection", own: str = "600200") -> str:
    found = with_transfers(pa.array([line_class]), pa.array([party]), frozenset({own}))
    return str(found[0].as_py())


@pytest.mark.parametrize(
    ("party", "own", "line_class"),
    [
        ("600200 - EXAMPLE SACCO", "600200", "transfer"),
        ("6002001 - SOMEBODY ELSE", "600200", "collection"),
        ("123456 - SHOP 600200", "600200", "collection"),
        ("FRI:256770000900/MSISDN", "256770000900", "transfer"),
        ("0770000900", "256770000900", "transfer"),
        ("25677****900", "256770000900", "collection"),
        ("600.00 - A", "600200", "collection"),
        ("", "600200", "collection"),
    ],
)
def test_only_a_party_that_begins_with_an_own_account_makes_a_transfer(
    party: str, own: str, line_class: str
) -> None:
    assert classes(party, own=own) == line_class


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("collection", "transfer"), ("payout", "transfer"), ("unknown", "transfer"),
        ("charge", "charge"), ("reversal", "reversal"), ("non_final", "non_final"),
    ],
)  # fmt: skip
def test_charges_reversals_and_what_is_not_final_stay_what_they_are(
    before: str, after: str
) -> None:
    assert classes("600200 - EXAMPLE SACCO", before) == after


def test_other_wallets_and_configured_accounts_are_own() -> None:
    wallet = PAYBILL.model_copy(update={"own_accounts": ("600200",)})
    assert own_accounts(wallet, (wallet, COLLECTION)) == {"600200", COLLECTION.account}
    assert own_accounts(None, (wallet,)) == set()


def test_a_payment_from_the_other_wallet_is_a_transfer_and_no_clients_money() -> None:
    wallet = PAYBILL.model_copy(update={"own_accounts": ("600200",)})
    paid = [
        Event("UAV0EXAM01", "08:00:00", 5_000, "Pay Utility", "600200 - EXAMPLE SACCO", "1"),
        Event("UAV0EXAM02", "08:01:00", 6_000, "Pay Utility", "600201 - ANOTHER", "1"),
    ]
    content = as_csv(a_file(paid))
    lines = read_member(content, "a.csv", load_layouts(), (wallet, COLLECTION)).lines
    assert dict(zip(lines["receipt"], lines["line_class"], strict=True)) == {
        "UAV0EXAM01": "transfer", "UAV0EXAM02": "collection",
    }  # fmt: skip
