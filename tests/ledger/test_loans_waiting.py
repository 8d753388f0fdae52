from __future__ import annotations

from mmrecon.ledger.loans_waiting import loan_items
from mmrecon.model.item import ItemFrame
from tests.matching.world import items, snapshot

LOAN = {
    "client_id": 1, "account_kind": "loan", "account_id": 7, "account_no": "000000007",
    "account_status": "approved", "approved_principal_minor": 5_000_000,
}  # fmt: skip
CLIENT = {"client_id": 1, "client_name": "Alice Beta Example", "mobile_no": "254700000001"}


def test_an_approved_loan_becomes_an_item_paid_net_of_fees() -> None:
    ledger = snapshot([CLIENT], [LOAN | {"net_disbursal_minor": 4_700_000}])
    found = loan_items(ledger.clients, ledger.accounts, ItemFrame.empty())
    assert [(item["amount_minor"], item["posted_minor"]) for item in found.new] == [
        (4_700_000, 5_000_000)
    ]
    assert found.new[0]["phone"] == "254700000001"


def test_the_same_loan_again_changes_nothing() -> None:
    ledger = snapshot([CLIENT], [LOAN])
    first = loan_items(ledger.clients, ledger.accounts, ItemFrame.empty())
    again = loan_items(ledger.clients, ledger.accounts, items([first.new[0]]))
    assert (again.new, again.changed) == ((), ())


def test_a_loan_that_no_longer_waits_is_gone_or_settled() -> None:
    ledger = snapshot([CLIENT], [LOAN])
    first = loan_items(ledger.clients, ledger.accounts, ItemFrame.empty())
    active = snapshot([CLIENT], [LOAN | {"account_status": "active"}])
    for left_minor, state in ((5_000_000, "gone"), (0, "settled")):
        known = items([{**first.new[0], "left_minor": left_minor}])
        found = loan_items(active.clients, active.accounts, known)
        assert [change["state"] for change in found.changed] == [state]


def test_a_loan_approved_for_another_amount_is_changed() -> None:
    ledger = snapshot([CLIENT], [LOAN])
    first = loan_items(ledger.clients, ledger.accounts, ItemFrame.empty())
    more = snapshot([CLIENT], [LOAN | {"approved_principal_minor": 6_000_000}])
    found = loan_items(more.clients, more.accounts, items([first.new[0]]))
    assert [change["amount_minor"] for change in found.changed] == [6_000_000]
