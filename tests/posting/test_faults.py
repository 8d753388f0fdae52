"""Every fault on the way between mmrecon and Fineract, on postings of every kind at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mmrecon.config import PostingLimits
from mmrecon.fineract.client import FineractClient
from mmrecon.sandbox.server import SandboxServer
from tests.campaign.proxy import Faults, Proxy
from tests.posting.branch import FORMS, PASSWORD, Account, Branch, days_ago
from tests.posting.desk import Desk, Leg

AT_ONCE = (
    "drop", "reset", "cut", "error_500", "exception_500", "bad_gateway_502", "conflict_409",
    "too_early_425",
)  # fmt: skip


@pytest.fixture
def proxy(sandbox: SandboxServer) -> Iterator[Proxy]:
    made = Proxy(sandbox.base_url)
    yield made
    made.close()


@pytest.fixture
def by_proxy(branch: Branch, proxy: Proxy) -> Iterator[FineractClient]:
    """A client that waits for no answer longer than a second."""
    changes = {"base_url": proxy.base_url, "read_timeout_s": 1}
    client = FineractClient(branch.server.model_copy(update=changes), PASSWORD, first_pause_s=0.01)
    yield client
    client.close()


def approve_every_kind(desk: Desk, branch: Branch) -> list[Account]:
    """All of it goes in one call."""
    desk.limits = PostingLimits(workers=1)
    member = branch.member()
    savings, loan = branch.savings(member), branch.loan(member)
    paid, out = branch.savings(balance=500), branch.loan(disbursed=False)
    desk.approve(desk.line(10_100), Leg(loan, 10_000, "repayment"), Leg(savings, 100))
    desk.approve(desk.line(20_000, sign=-1), Leg(paid, 20_000, "withdrawal"))
    desk.approve(desk.line(100_000, sign=-1), Leg(out, 100_000, "disbursement"))
    return [savings, loan, paid, out]


def run_once_struck(desk: Desk, client: FineractClient, proxy: Proxy, faults: Faults) -> None:
    """The first write is struck, and no other one."""
    proxy.put(faults)

    def point(name: str) -> None:
        if name == "heard":
            proxy.put(Faults())

    desk.run(desk.context(point=point), client=client)


def always(what: str, *, after: bool) -> Faults:
    """Faults whose first roll says before, or after, the server did it."""
    for seed in range(100):
        faults = Faults(seed, {what: 1.0}, {}, stall_s=1.5, stalls_left=1)
        if faults.strike("POST", "/") == (what, after):
            return Faults(seed, {what: 1.0}, {}, stall_s=1.5, stalls_left=1)
    raise AssertionError("no such seed")


@pytest.mark.parametrize("what", AT_ONCE)
@pytest.mark.parametrize("after", [False, True])
def test_money_arrives_exactly_once_whatever_happens_on_the_way(
    desk: Desk, branch: Branch, by_proxy: FineractClient, proxy: Proxy, what: str, after: bool
) -> None:
    accounts = approve_every_kind(desk, branch)
    run_once_struck(desk, by_proxy, proxy, always(what, after=after))
    assert proxy.struck.total() == 1
    desk.run()  # a key that is said to be stuck waits for the next run
    assert set(desk.states()) == {"posted"}
    desk.check_oracles(*accounts)


@pytest.mark.parametrize("after", [False, True])
def test_a_stall_is_a_doubt(
    desk: Desk, branch: Branch, by_proxy: FineractClient, proxy: Proxy, after: bool
) -> None:
    accounts = approve_every_kind(desk, branch)
    run_once_struck(desk, by_proxy, proxy, always("stall", after=after))
    assert (set(desk.states()), desk.waits) == ({"posted"}, [2.0])
    assert "unknown" in desk.heard()
    desk.check_oracles(*accounts)


def test_a_slow_answer_is_waited_for(
    desk: Desk, branch: Branch, by_proxy: FineractClient, proxy: Proxy
) -> None:
    accounts = approve_every_kind(desk, branch)
    run_once_struck(desk, by_proxy, proxy, always("slow", after=True))
    assert (set(desk.states()), desk.waits) == ({"posted"}, [])
    desk.check_oracles(*accounts)


def test_what_is_deferred_goes_when_its_day_has_come(desk: Desk, branch: Branch) -> None:
    account = branch.savings()
    desk.deposit(account, 10_000)
    branch.switch("enable_business_date", enabled=True)
    try:
        day = {"type": "BUSINESS_DATE", "date": days_ago(3), **FORMS}
        branch.call("POST", "businessdate", day)
        desk.run()
        assert desk.states() == ["deferred"]
    finally:
        branch.switch("enable_business_date", enabled=False)
    desk.run()
    assert desk.states() == ["posted"]
    desk.check_oracles(account)
