"""A person's end for what Fineract does not end: read twice, signed twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrecon.errors import ExitCode, LockHeld, SafetyRefusal, UsageError
from mmrecon.model.posting import Posting
from mmrecon.pipeline.approving import Decided, approve
from mmrecon.pipeline.posting import verify
from mmrecon.pipeline.resolving import look_at, prepare_resolution
from mmrecon.sandbox.server import SandboxServer
from mmrecon.store.database import reading, transaction
from mmrecon.store.lease import Lease, give_back, take
from mmrecon.store.lock import run_lock
from mmrecon.store.posting_lines import known_on_accounts
from mmrecon.store.schema import POSTING
from tests.people.desk import ASHA, BENO, secret
from tests.pipeline.test_posting import Site, open_site
from tests.posting.branch import Account, Branch, days_ago


@pytest.fixture
def site(tmp_path: Path, branch: Branch, sandbox: SandboxServer) -> Iterator[Site]:
    yield from open_site(tmp_path / "site", branch, sandbox)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxServer]:
    """A server of its own for each test: a batch of another store is noticed on a shared one."""
    with SandboxServer(tmp_path / "sandbox") as server:
        yield server


@pytest.fixture
def branch(sandbox: SandboxServer) -> Iterator[Branch]:
    made = Branch(sandbox.base_url)
    yield made
    made.client.close()


def unknown(site: Site, sandbox: SandboxServer, *accounts: Account, what: str) -> list[Posting]:
    """Postings whose answers never came, and whose ledger nobody could read."""
    site.approve(*(site.row(number, account) for number, account in enumerate(accounts, 1)))
    assert sandbox.world is not None
    lost = {"method": "POST", "path": r"/batches\?enclosingTransaction=true", "what": what}
    sandbox.world.faults.replace({"rules": [lost]})
    site.post()
    sandbox.world.faults.replace({})
    return site.postings()


def resolve(site: Site, posting: Posting, transaction_id: str = "", reason: str = "") -> Decided:
    run = site.run()
    found = look_at(run, [posting.posting_id], transaction_id, reason)
    batch_id = prepare_resolution(run, found, ASHA, secret(ASHA))
    return approve(site.run(), batch_id, BENO, secret(BENO), {})


def refused(site: Site, posting: Posting, transaction_id: str = "", **changes: Any) -> str:
    reason = changes.get("reason", "looked")
    with pytest.raises(SafetyRefusal) as caught:
        look_at(site.run(), [posting.posting_id], transaction_id, reason)
    return caught.value.code


def test_what_two_people_say_was_not_posted_is_a_persons_again(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    (posting,) = unknown(site, sandbox, account, what="drop_before")
    decided = resolve(site, posting, reason="looked at the account with the cashier")
    assert decided.refused == []
    assert site.states() == ["refused"]
    assert site.reasons() == ["resolved_not_posted"]
    again = site.row(1, account, attempt=2)
    site.desk.approve(site.desk.prepare(ASHA, [again], batch_id="postings-2"), BENO)
    site.post()
    assert site.states() == ["refused", "posted"]
    assert len(branch.ledger(account)) == 1


def test_not_posted_is_refused_while_the_ledger_shows_it(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    (posting,) = unknown(site, sandbox, account, what="drop_before")
    branch.teller(account, 1_000, posting.receipt, posting.value_date)
    assert refused(site, posting) == "resolve_stands"
    assert site.states() == ["unknown"]
    assert "resolve_stands" in site.journalled()


def test_a_receipt_in_another_field_or_of_another_day_also_speaks_against_it(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    (posting,) = unknown(site, sandbox, account, what="drop_before")
    branch.teller(account, 900, "", days_ago(0), checkNumber=posting.receipt.lower())
    assert refused(site, posting) == "resolve_stands"


def test_what_appears_between_the_signatures_stops_the_approval(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    (posting,) = unknown(site, sandbox, account, what="drop_before")
    found = look_at(site.run(), [posting.posting_id], "", "looked")
    batch_id = prepare_resolution(site.run(), found, ASHA, secret(ASHA))
    branch.teller(account, 1_000, posting.receipt, posting.value_date)
    with pytest.raises(SafetyRefusal):
        approve(site.run(), batch_id, BENO, secret(BENO), {})
    assert site.states() == ["unknown"]


def test_nobody_resolves_while_a_run_posts(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    (posting,) = unknown(site, sandbox, branch.savings(), what="drop_before")
    found = look_at(site.run(), [posting.posting_id], "", "looked")
    batch_id = prepare_resolution(site.run(), found, ASHA, secret(ASHA))
    folder = site.desk.settings.state.folder
    with run_lock(folder, command="post", since_utc="now"), pytest.raises(LockHeld):
        approve(site.run(), batch_id, BENO, secret(BENO), {})
    assert site.states() == ["unknown"]


def test_nobody_resolves_while_another_machine_posts(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    """On a shared store the other machine has its own lock file; the lease is what both know."""
    (posting,) = unknown(site, sandbox, branch.savings(), what="drop_before")
    found = look_at(site.run(), [posting.posting_id], "", "looked")
    batch_id = prepare_resolution(site.run(), found, ASHA, secret(ASHA))
    name = f"{branch.server.base_url} {branch.server.tenant}"
    other = Lease(name, "elsewhere:/state", "run-of-another", 300)
    now_utc_s = int(site.run().now_utc().timestamp())
    with transaction(site.desk.engine) as connection:
        take(connection, other, at_utc="now", now_utc_s=now_utc_s)
    with pytest.raises(LockHeld) as caught:
        approve(site.run(), batch_id, BENO, secret(BENO), {})
    assert caught.value.code == "lease_held"
    assert site.states() == ["unknown"]
    with transaction(site.desk.engine) as connection:
        give_back(connection, other)
    assert approve(site.run(), batch_id, BENO, secret(BENO), {}).refused == []
    assert site.states() == ["refused"]


def test_one_person_alone_ends_nothing(site: Site, branch: Branch, sandbox: SandboxServer) -> None:
    (posting,) = unknown(site, sandbox, branch.savings(), what="drop_before")
    found = look_at(site.run(), [posting.posting_id], "", "looked")
    batch_id = prepare_resolution(site.run(), found, ASHA, secret(ASHA))
    with pytest.raises(SafetyRefusal):
        approve(site.run(), batch_id, ASHA, secret(ASHA), {})
    assert site.states() == ["unknown"]


@pytest.mark.parametrize("kind", ["savings", "loan"])
def test_a_transaction_that_a_person_found_is_the_posting_from_then_on(
    site: Site, branch: Branch, sandbox: SandboxServer, kind: str
) -> None:
    account = branch.savings() if kind == "savings" else branch.loan()
    command = "savings_deposit" if kind == "savings" else "loan_repayment"
    site.approve(site.row(1, account, command=command))
    assert sandbox.world is not None
    lost = {"method": "POST", "path": r"/batches\?enclosingTransaction=true", "what": "drop_before"}
    sandbox.world.faults.replace({"rules": [lost]})
    site.post()
    sandbox.world.faults.replace({})
    (posting,) = site.postings()
    number = branch.teller(account, 1_000, "TYPED WRONG", posting.value_date)
    assert resolve(site, posting, number).refused == []
    (posting,) = site.postings()
    assert (posting.state.value, posting.transaction_id) == ("posted", number)
    for _ in range(2):
        assert verify(site.run()).exit_code() is ExitCode.DONE
        assert site.states() == ["verified"]
    with reading(site.desk.engine) as connection:
        known = known_on_accounts(connection, {account.account_id})
    assert (kind, number) in known.transactions
    assert len(branch.ledger(account)) == (1 if kind == "savings" else 2)


@pytest.mark.parametrize(
    ("code", "amount", "day"),
    [
        ("resolve_transaction_differs", 999, 1),
        ("resolve_transaction_differs", 1_000, 2),
        ("resolve_transaction_missing", 0, 0),
    ],
)
def test_a_claimed_transaction_must_be_there_with_amount_and_date(
    site: Site, branch: Branch, sandbox: SandboxServer, code: str, amount: int, day: int
) -> None:
    account, other = branch.savings(), branch.savings()
    (posting,) = unknown(site, sandbox, account, what="drop_before")
    there = account if amount else other
    number = branch.teller(there, amount or 1_000, "", days_ago(day or 1))
    assert refused(site, posting, number) == code


def test_a_reversed_transaction_or_one_of_another_posting_is_no_claim(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    site.approve(site.row(2, account))
    site.post()
    (first,) = site.postings()
    site.desk.approve(site.desk.prepare(ASHA, [site.row(1, account)], batch_id="postings-2"), BENO)
    assert sandbox.world is not None
    lost = {"method": "POST", "path": r"/batches\?enclosingTransaction=true", "what": "drop_before"}
    sandbox.world.faults.replace({"rules": [lost]})
    site.post()
    sandbox.world.faults.replace({})
    posting = site.postings()[1]
    assert refused(site, posting, first.transaction_id) == "resolve_transaction_taken"
    number = branch.teller(account, 1_000, "", days_ago(1))
    branch.undo(account, number)
    assert refused(site, posting, number) == "resolve_transaction_reversed"


def test_what_is_not_open_needs_no_end(site: Site, branch: Branch) -> None:
    site.approve(site.row(1, branch.savings()))
    site.post()
    (posting,) = site.postings()
    with pytest.raises(UsageError) as caught:
        look_at(site.run(), [posting.posting_id], "", "looked")
    assert caught.value.code == "posting_ended_already"


def test_a_row_that_comes_too_late_changes_nothing(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    (posting,) = unknown(site, sandbox, account, what="drop_before")
    found = look_at(site.run(), [posting.posting_id], "", "looked")
    batch_id = prepare_resolution(site.run(), found, ASHA, secret(ASHA))
    site.post()
    (posted,) = site.postings()
    assert posted.state.value == "posted"
    decided = approve(site.run(), batch_id, BENO, secret(BENO), {})
    assert [row.code for row in decided.refused] == ["posting_ended_already"]
    assert site.states() == ["posted"]


def test_a_deferred_posting_can_be_given_up(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    with transaction(site.desk.engine) as connection:
        connection.execute(POSTING.update().values(state="deferred"))
    (posting,) = site.postings()
    resolve(site, posting, reason="the client took it back")
    assert site.states() == ["withdrawn"]
    assert site.reasons() == ["resolved_not_posted"]


def test_what_waits_in_fineracts_inbox_is_not_called_not_posted(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    maker = branch.clerk("DEPOSIT_SAVINGSACCOUNT")
    branch.switch("maker-checker", enabled=True)
    branch.call("PUT", "permissions", {"permissions": {"DEPOSIT_SAVINGSACCOUNT": True}})
    try:
        path = f"savingsaccounts/{account.account_id}/transactions?command=deposit"
        (posting,) = site.postings()
        body = {
            "transactionDate": posting.value_date, "transactionAmount": 1000, "locale": "en",
            "dateFormat": "yyyy-MM-dd", "paymentTypeId": branch.payment_type_id,
        }  # fmt: skip
        assert maker.post(path, body).status == 200
        with transaction(site.desk.engine) as connection:
            connection.execute(POSTING.update().values(state="pending_in_core"))
        assert refused(site, site.postings()[0]) == "resolve_waits_in_inbox"
        (waiting,) = branch.inbox(account)
        branch.call("POST", f"makercheckers/{waiting}?command=reject", {})
        resolve(site, site.postings()[0], reason="rejected in the inbox")
    finally:
        branch.call("PUT", "permissions", {"permissions": {"DEPOSIT_SAVINGSACCOUNT": False}})
        branch.switch("maker-checker", enabled=False)
    assert site.states() == ["refused"]
