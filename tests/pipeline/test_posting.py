"""From two people's signatures to the ledger, and every reason why nothing may be sent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from mmrecon.config import PaymentType, PostingLimits
from mmrecon.errors import ExitCode, OutsideUnreachable, SafetyRefusal
from mmrecon.model.approval import BatchKind
from mmrecon.model.clock import system_clock
from mmrecon.model.found import PROBABLY_POSTED
from mmrecon.model.keys import line_source
from mmrecon.model.posting import Posting, PostingState
from mmrecon.pipeline.posting import Posted, Seams, post, verify
from mmrecon.pipeline.run import Run
from mmrecon.sandbox.server import SandboxServer
from mmrecon.store.database import reading, transaction
from mmrecon.store.posting_reads import postings_in
from mmrecon.store.schema import (
    BATCH_ROW,
    FILE,
    JOURNAL,
    LINE,
    POSTING,
    REVIEW_REASON,
    SIGHTING,
    STATEMENT,
)
from tests.people.desk import ASHA, BENO, Desk, make_desk, row
from tests.posting.branch import Account, Branch, days_ago


@dataclass
class Site:
    """Two people, an approved configuration, a sandbox."""

    desk: Desk
    branch: Branch
    mark: str

    def receipt(self, line_id: int) -> str:
        return f"TST{line_id}{self.mark}"

    def run(self) -> Run:
        return replace(self.desk.run, connect=self.branch.client.another)

    def post(self, **seams: Any) -> Posted:
        return post(self.run(), Seams(wait=lambda _seconds: None, **seams))

    def row(self, line_id: int, account: Account, **changes: Any) -> dict[str, Any]:
        server = {
            "base_url": self.branch.server.base_url, "office_name": "Head Office",
            "office_opened_on": "2009-01-01",
        }  # fmt: skip
        source = line_source("mpesa_ke", "600001", "", self.receipt(line_id), 1, 100_000, 1, 0)
        facts: dict[str, Any] = {
            "source": source, "line": source, "receipt": self.receipt(line_id), "server": server,
            "account_kind": account.kind, "account_id": account.account_id,
            "account_no": account.account_no, "client_id": account.client_id,
            "value_date": days_ago(1), "payment_type_id": self.branch.payment_type_id,
        }  # fmt: skip
        return row(line_id, **(facts | changes))

    def approve(self, *rows: dict[str, Any]) -> None:
        self.desk.approve(self.desk.prepare(ASHA, list(rows)), BENO)

    def states(self) -> list[str]:
        return [posting.state.value for posting in self.postings()]

    def postings(self) -> list[Posting]:
        with reading(self.desk.engine) as connection:
            return postings_in(connection, list(PostingState))

    def reasons(self) -> list[str]:
        with reading(self.desk.engine) as connection:
            return list(connection.execute(select(REVIEW_REASON.c.code)).scalars())

    def journalled(self) -> list[str]:
        query = select(JOURNAL.c.payload_json).where(JOURNAL.c.event == "refused")
        with reading(self.desk.engine) as connection:
            return [json.loads(text)["code"] for text in connection.execute(query).scalars()]


@pytest.fixture
def site(tmp_path: Path, branch: Branch, sandbox: SandboxServer) -> Iterator[Site]:
    yield from open_site(tmp_path, branch, sandbox)


def open_site(folder: Path, branch: Branch, sandbox: SandboxServer) -> Iterator[Site]:
    made = make_desk(folder)
    mark = secrets.token_hex(3).upper()
    made.now_utc = system_clock()
    made.set(fineract=branch.server)
    kind = PaymentType(id=branch.payment_type_id, name="M-PESA 600100")
    made.set_wallet(payment_type=kind, gl_account_ids=(branch.gl_wallet,))
    with transaction(made.engine) as connection:
        connection.execute(LINE.update().values(line_class="collection", value_date=days_ago(1)))
        for line_id in range(1, 6):
            of_line = LINE.update().where(LINE.c.line_id == line_id)
            connection.execute(of_line.values(receipt=f"TST{line_id}{mark}"))
    made.open()
    yield Site(made, branch, mark)
    assert sandbox.world is not None
    sandbox.world.faults.replace({})
    made.engine.dispose()


def test_what_two_people_signed_is_posted_and_verified(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    posted = site.post()
    assert site.states() == ["posted"]
    assert posted.exit_code() is ExitCode.DONE
    assert [int(found.amount) for found in branch.ledger(account)] == [1000]
    assert verify(site.run()).exit_code() is ExitCode.DONE
    assert site.states() == ["verified"]
    assert site.post().postings == ()
    assert len(branch.ledger(account)) == 1


def test_nothing_approved_asks_nobody_anything(site: Site) -> None:
    assert site.post().exit_code() is ExitCode.DONE


def test_a_row_altered_in_the_database_stops_everything(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    with transaction(site.desk.engine) as connection:
        connection.execute(
            BATCH_ROW.update()
            .where(BATCH_ROW.c.batch_id == "postings-1")
            .values(row_json=_with_account(site, branch.savings()))
        )
    _refused(site, "batch_altered", account)


@pytest.mark.parametrize(
    "change",
    [
        {"account_id": 999}, {"posted_minor": 999}, {"value_date": "2026-01-01"},
        {"idempotency_key": "other"}, {"receipt": "OTHER"}, {"shadow": True},
    ],
)  # fmt: skip
def test_a_posting_that_differs_from_its_signed_row_stops_everything(
    site: Site, branch: Branch, change: dict[str, Any]
) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    with transaction(site.desk.engine) as connection:
        connection.execute(POSTING.update().values(change))
    _refused(site, "posting_altered", account)


def test_a_changed_configuration_stops_everything(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    site.desk.set_wallet(gl_account_ids=(branch.gl("cash"),))
    _refused(site, "configuration_not_approved", account)


def test_another_server_than_the_rows_name_stops_everything(site: Site, branch: Branch) -> None:
    account = branch.savings()
    other = {
        "base_url": branch.server.base_url, "office_name": "Other Office",
        "office_opened_on": "2009-01-01",
    }  # fmt: skip
    site.approve(site.row(1, account, server=other))
    _refused(site, "preflight_differs", account)


def test_a_payment_type_that_was_renamed_stops_everything(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    path = f"paymenttypes/{branch.payment_type_id}"
    branch.call("PUT", path, {"name": "Renamed"})
    try:
        _refused(site, "preflight_differs", account)
    finally:
        branch.call("PUT", path, {"name": "M-PESA 600100"})
    site.post()
    assert site.states() == ["posted"]


def test_shadow_sends_nothing_and_says_so(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.desk.set_wallet(mode="shadow")
    site.desk.approve_pending()
    site.approve(site.row(1, account))
    posted = site.post()
    assert site.states() == ["approved"]
    assert [issue.code for issue in posted.issues] == ["shadow_not_sent"]
    assert branch.ledger(account) == []


def test_a_contradicted_day_stays_approved_and_the_administrator_sees_it(
    site: Site, branch: Branch
) -> None:
    held, sent = branch.savings(), branch.savings()
    site.approve(site.row(1, held), site.row(2, sent, value_date=days_ago(2)))
    with transaction(site.desk.engine) as connection:
        connection.execute(LINE.update().where(LINE.c.line_id == 2).values(value_date=days_ago(2)))
        connection.execute(insert(FILE), {"file_id": 1, "sha256": "x", "size_bytes": 1})
        connection.execute(insert(STATEMENT), _contradicted())
        sighting = {
            "statement_id": 1, "row": 1, "line_id": 1, "is_first": True,
            "completed_at_utc_s": 0, "cells_digest": 0,
        }  # fmt: skip
        connection.execute(insert(SIGHTING), sighting)
    posted = site.post()
    assert site.states() == ["approved", "posted"]
    assert "day_contradicted" in [issue.code for issue in posted.issues]
    assert posted.exit_code() is ExitCode.NEEDS_ATTENTION


def test_a_day_that_fineract_has_not_reached_waits(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account, value_date=days_ago(-2)))
    posted = site.post()
    assert site.states() == ["approved"]
    assert [issue.code for issue in posted.issues] == ["posting_deferred"]
    assert posted.exit_code() is ExitCode.DONE
    assert branch.ledger(account) == []


def test_what_waits_in_fineract_or_for_a_day_is_told(site: Site, branch: Branch) -> None:
    tomorrow = days_ago(-1)
    waits, pending = branch.savings(), branch.savings()
    site.approve(site.row(1, waits, value_date=tomorrow), site.row(2, pending))
    with transaction(site.desk.engine) as connection:
        of = POSTING.c.posting_id
        connection.execute(POSTING.update().where(of == 1).values(state="deferred"))
        connection.execute(POSTING.update().where(of == 2).values(state="pending_in_core"))
    posted = site.post()
    assert site.states() == ["deferred", "pending_in_core"]
    codes = {issue.code for issue in posted.issues}
    assert codes == {"posting_deferred", "posting_pending"}
    assert posted.exit_code() is ExitCode.PEOPLE_HAVE_WORK


def test_a_wallet_whose_books_cannot_be_searched_says_so(site: Site, branch: Branch) -> None:
    site.desk.set_wallet(gl_account_ids=())
    site.desk.approve_pending()
    site.approve(site.row(1, branch.savings()))
    posted = site.post()
    assert site.states() == ["posted"]
    assert [issue.code for issue in posted.issues] == ["journal_not_searched"]


def test_an_approved_change_of_the_configuration_takes_older_rows_back(
    site: Site, branch: Branch
) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    site.desk.set_wallet(payment_type=PaymentType(id=1, name=branch.payment_type(1)))
    site.desk.approve_pending()
    posted = site.post()
    assert site.states() == ["withdrawn"]
    assert site.reasons() == ["configuration_changed"]
    assert posted.exit_code() is ExitCode.PEOPLE_HAVE_WORK
    assert branch.ledger(account) == []


def test_a_line_with_more_legs_than_fit_goes_back(site: Site, branch: Branch) -> None:
    site.desk.set(posting=PostingLimits(legs_per_line=1))
    site.desk.approve_pending()
    account, other = branch.savings(), branch.savings()
    half = {"amount_minor": 50_000, "posted_minor": 50_000}
    site.approve(site.row(1, account, **half), site.row(1, other, leg=2, **half))
    site.post()
    assert site.states() == ["withdrawn", "withdrawn"]
    assert site.reasons() == ["too_many_legs"]


def test_money_a_teller_posted_meanwhile_is_a_link_to_be_confirmed(
    site: Site, branch: Branch
) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    branch.teller(branch.savings(account.client_id), 1000, site.receipt(1))
    posted = site.post()
    assert site.states() == ["withdrawn"]
    assert posted.exit_code() is ExitCode.PEOPLE_HAVE_WORK
    (issue,) = posted.issues
    assert (issue.code, issue.arguments["total"]) == ("links_found", "KES 1,000.00")
    assert site.reasons() == ["posted_elsewhere"]


def test_a_linked_transaction_is_read_back(site: Site, branch: Branch) -> None:
    account = branch.savings()
    transaction_id = branch.teller(account, 1000, "BYHAND")
    link = {"act": "link", "decision": "already posted", "posted_minor": 0, "command": ""}
    rows = [
        site.row(1, account, transaction_id=transaction_id, **link),
        site.row(2, account, transaction_id="999999", **link),
        site.row(3, account, transaction_id=branch.teller(account, 999, "LESS"), **link),
    ]
    site.desk.approve(site.desk.prepare(ASHA, rows, BatchKind.LINKS, "links-1"), BENO)
    assert [issue.code for issue in verify(site.run()).issues] == ["link_not_found", "link_exceeds"]
    branch.undo(account, transaction_id)
    verified = verify(site.run())
    assert next(issue.code for issue in verified.issues) == "link_reversed"
    assert verified.exit_code() is ExitCode.NEEDS_ATTENTION


def test_fineract_down_ends_with_3_and_the_next_run_goes_on(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))
    assert sandbox.world is not None
    down = {"method": ".*", "path": ".*", "what": "drop_before"}
    sandbox.world.faults.replace({"rules": [down]})
    with pytest.raises(OutsideUnreachable) as caught:
        site.post()
    assert caught.value.exit_code is ExitCode.UNREACHABLE
    assert site.states() == ["approved"]
    sandbox.world.faults.replace({})
    site.post()
    assert site.states() == ["posted"]


def test_new_money_waits_while_something_on_its_account_is_unknown(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    site.approve(site.row(1, account), site.row(2, account))
    assert sandbox.world is not None
    lost = {"method": "POST", "path": r"/batches\?enclosingTransaction=true", "what": "drop_before"}
    sandbox.world.faults.replace({"rules": [lost]})
    posted = site.post()
    assert site.states() == ["unknown", "approved"]
    codes = [issue.code for issue in posted.issues]
    assert codes == ["posting_held_up", "posting_unknown"]
    assert posted.exit_code() is ExitCode.NEEDS_ATTENTION
    sandbox.world.faults.replace({})
    assert site.post().exit_code() is ExitCode.DONE
    assert site.states() == ["posted", "posted"]


def test_what_was_sent_before_a_refusal_is_only_read(site: Site, branch: Branch) -> None:
    account = branch.savings()
    site.approve(site.row(1, account))

    def die(name: str) -> None:
        if name == "heard":
            raise RuntimeError(name)

    with pytest.raises(RuntimeError):
        site.post(point=die)
    assert site.states() == ["sending"]
    site.desk.set_wallet(gl_account_ids=(branch.gl("cash"),))
    with pytest.raises(SafetyRefusal):
        site.post()
    assert site.states() == ["posted"]
    assert len(branch.ledger(account)) == 1


def _refused(site: Site, code: str, account: Account) -> None:
    with pytest.raises(SafetyRefusal) as caught:
        site.post()
    assert caught.value.code == code
    assert site.journalled() == [code]
    assert site.branch.ledger(account) == []


def _with_account(site: Site, account: Account) -> str:
    facts = {name: value for name, value in site.row(1, account).items() if name != "_line_id"}
    return json.dumps(facts)


def _contradicted() -> dict[str, Any]:
    return {
        "statement_id": 1, "file_id": 1, "wallet_id": 1, "proof": "contradicted", "complete": True,
        "current": True, "data_rows": 1, "new_lines": 1, "repeat_lines": 0, "refused_rows": 0,
        "skipped_rows": 0, "in_minor": 0, "out_minor": 0, "fees_minor": 0,
    }  # fmt: skip


def test_fineract_gone_in_the_middle_ends_with_3_and_says_what_is_open(
    site: Site, branch: Branch, sandbox: SandboxServer
) -> None:
    account = branch.savings()
    site.approve(site.row(1, account), site.row(2, account))
    assert sandbox.world is not None
    faults = sandbox.world.faults

    def go_away(point: str) -> None:
        if point == "settled":
            down = {"method": ".*", "path": ".*", "what": "drop_before"}
            faults.replace({"rules": [down]})

    posted = site.post(point=go_away)
    assert posted.exit_code() is ExitCode.UNREACHABLE
    assert posted.trouble is not None
    assert not posted.interrupted
    assert [posting.state.value for posting in posted.postings] == ["posted", "approved"]
    faults.replace({})
    assert site.post().trouble is None
    assert site.states() == ["posted", "posted"]


def test_portion_after_portion_is_sent_and_the_search_sees_all_lines_of_a_client(
    site: Site, branch: Branch
) -> None:
    member = branch.member()
    summed = [branch.savings(member), branch.savings(member)]
    others = [branch.savings() for _ in range(3)]
    accounts = [summed[0], *others, summed[1]]
    site.approve(*(site.row(number, account) for number, account in enumerate(accounts, 1)))
    branch.teller(summed[0], 2_000, day=days_ago(1))
    intended: list[int] = []

    def note(point: str) -> None:
        if point == "intended":
            intended.append(site.states().count("sending"))

    posted = site.post(portion_postings=1, point=note)
    assert intended == [1, 1, 1]
    assert site.states() == ["withdrawn", "posted", "posted", "posted", "withdrawn"]
    assert [end.state for end in posted.postings] == [one.state for one in site.postings()]
    assert set(site.reasons()) == {PROBABLY_POSTED}
