"""Preparing, approving, and what the sending run verifies: real keys on a real store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, func, select, update

from mmrecon.config import FineractServer, PaymentType, PeopleRules
from mmrecon.errors import ExitCode, SafetyRefusal, UsageError
from mmrecon.model.approval import BatchKind, BatchState, Role
from mmrecon.model.keys import request_source
from mmrecon.pipeline.approved import VerifiedBatch, verified_batches
from mmrecon.pipeline.approving import approve, pending, prepare_pending, reject
from mmrecon.pipeline.people import load_roster, revoke_person
from mmrecon.pipeline.waiting import show, waiting
from mmrecon.store import journal
from mmrecon.store.database import reading, transaction
from mmrecon.store.schema import (
    BATCH,
    BATCH_ROW,
    HOLD,
    ITEM,
    JOURNAL,
    LINK,
    MATCH,
    POSTING,
    REVIEW_REASON,
    SIGNATURE,
)
from tests.people.desk import ASHA, BENO, CARO, DAVI, Desk, flip, make_desk, row, secret


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A site with its founders and an approved configuration."""
    folder = tmp_path_factory.getbasetemp() / "desk"
    shutil.rmtree(folder, ignore_errors=True)
    made = make_desk(folder)
    made.open()
    yield made
    made.engine.dispose()


def verified(desk: Desk) -> list[VerifiedBatch]:
    with reading(desk.engine) as connection:
        roster = load_roster(connection, desk.run.founders_path)
        return list(verified_batches(connection, roster, desk.settings))


def refusal(action: Callable[[], object]) -> SafetyRefusal:
    with pytest.raises(SafetyRefusal) as refused:
        action()
    assert refused.value.exit_code is ExitCode.REFUSED
    return refused.value


def postings(desk: Desk) -> list[Any]:
    with reading(desk.engine) as connection:
        return list(connection.execute(select(POSTING).order_by(POSTING.c.posting_id)))


def rows_of(engine: Engine, table: Any) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(table)))


def events(desk: Desk) -> list[str]:
    with reading(desk.engine) as connection:
        journal.verify(connection)
        return list(connection.scalars(select(JOURNAL.c.event).order_by(JOURNAL.c.sequence)))


def do(desk: Desk, change: Callable[[Connection], object]) -> None:
    """Change the database behind mmrecon's back."""
    with transaction(desk.engine) as connection:
        change(connection)


def test_an_approved_batch_makes_postings_in_the_same_breath(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1), row(2)])
    assert postings(desk) == []
    decided = desk.approve(batch_id, BENO)
    assert (decided.state, decided.accepted_rows, decided.refused) == (BatchState.APPROVED, 2, [])
    made = postings(desk)
    assert [(p.line_id, p.amount_minor, p.state, p.shadow) for p in made] == [
        (1, 100_000, "approved", False),
        (2, 100_000, "approved", False),
    ]
    (found,) = verified(desk)
    assert found.sendable == {1, 2}
    assert (found.people.preparer.name, found.people.approver.name) == (ASHA, BENO)
    assert waiting(desk.run) == []


def test_the_same_person_never_prepares_and_approves(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1)])
    assert refusal(lambda: desk.approve(batch_id, ASHA)).code == "same_person"
    assert postings(desk) == []
    assert events(desk)[-1] == "refused"
    assert [header.batch_id for header in waiting(desk.run)] == [batch_id]


def test_neither_does_a_second_key_of_the_same_person(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1)])
    desk.enrol("asha test", desk.invite("ASHA  Test", Role.APPROVER))
    people = prepare_pending(desk.run, BENO, secret(BENO)).batch_ids[0]
    desk.join(CARO, Role.APPROVER)
    desk.approve(people, CARO)
    assert refusal(lambda: desk.approve(batch_id, "asha test")).code == "same_person"


def test_a_role_that_does_not_approve_cannot(desk: Desk) -> None:
    desk.join(CARO, Role.PREPARER, Role.SECOND_APPROVER, Role.OPERATOR)
    desk.join(DAVI, Role.APPROVER)
    batch_id = desk.prepare(ASHA, [row(1)])
    assert refusal(lambda: desk.approve(batch_id, CARO)).code == "wrong_role"
    assert refusal(lambda: desk.prepare(DAVI, [row(2)], batch_id="other")).code == "wrong_role"
    assert refusal(lambda: prepare_pending(desk.run, DAVI, secret(DAVI))).code == "wrong_role"


def test_a_wrong_passphrase_approves_nothing(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1)])
    refused = refusal(lambda: approve(desk.run, batch_id, BENO, secret(ASHA), {}))
    assert refused.code == "wrong_passphrase"
    assert postings(desk) == []


def test_rejecting_one_leg_rejects_its_whole_line(desk: Desk) -> None:
    rows = [row(1, 1, 60_000), row(1, 2, 40_000), row(2)]
    batch_id = desk.prepare(ASHA, rows)
    decided = desk.approve(batch_id, BENO, {2: "wrong loan"})
    assert decided.rejected_rows == [1, 2]
    assert [posting.line_id for posting in postings(desk)] == [2]
    (found,) = verified(desk)
    assert found.accepted == {3}
    reasons = {entry.row_number: entry.reject_reason for entry in rows_of(desk.engine, BATCH_ROW)}
    assert reasons[2] == reasons[1] == "wrong loan"


def test_a_rejection_names_a_row_that_is_there_and_a_reason(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1), row(2)])
    for wrong in ({3: "no such row"}, {0: "no such row"}, {1: "  "}, {1: "a", 2: "b"}):
        with pytest.raises(UsageError):
            desk.approve(batch_id, BENO, wrong)
    assert postings(desk) == []


def test_a_whole_batch_goes_back_with_one_signature_and_a_reason(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1)])
    with pytest.raises(UsageError):
        reject(desk.run, batch_id, BENO, secret(BENO), " ")
    decided = reject(desk.run, batch_id, BENO, secret(BENO), "the month is closed")
    assert decided.state is BatchState.REJECTED
    assert events(desk)[-1] == "batch_rejected"
    with pytest.raises(UsageError) as end:
        desk.approve(batch_id, BENO)
    assert end.value.code == "batch_decided"
    assert verified(desk) == []


def test_choices_hold_park_in_suspense_link_and_close(desk: Desk) -> None:
    none: dict[str, Any] = {
        "command": "",
        "account_kind": "",
        "account_id": None,
        "purpose": "post",
    }
    rows = [
        row(1, act="hold", until="2026-12-01", reason="asks at the branch", **none),
        row(2, act="suspense", reason="unknown payer", **none),
        row(3, act="not_ours", reason="wrong till", **none),
        row(4, act="by_hand", paper_reference="JV 17", reason="booked by hand", **none),
        row(5, act="link", transaction_id="771", account_kind="savings", account_id=45),
    ]
    batch_id = desk.prepare(ASHA, rows, BatchKind.CHOICES)
    assert desk.approve(batch_id, BENO).refused == []
    holds = rows_of(desk.engine, HOLD)
    assert [(h.line_id, h.kind, h.until) for h in holds] == [
        (1, "hold", "2026-12-01"),
        (2, "suspense", ""),
    ]
    links = [(link.line_id, link.kind) for link in rows_of(desk.engine, LINK)]
    assert sorted(links) == [(3, "not_ours"), (4, "by_hand"), (5, "transaction")]
    assert postings(desk) == []


def test_a_later_answer_ends_a_hold_and_clears_what_sent_the_line_back(desk: Desk) -> None:
    desk.approve(desk.prepare(ASHA, [row(1, act="hold")], BatchKind.CHOICES, "choices-1"), BENO)
    reason = {"line_id": 1, "code": "refused_by_fineract", "arguments_json": "{}"}
    do(desk, lambda connection: connection.execute(REVIEW_REASON.insert(), reason))
    desk.approve(desk.prepare(ASHA, [row(1)]), BENO)
    assert [hold.ended for hold in rows_of(desk.engine, HOLD)] == [True]
    assert [found.cleared for found in rows_of(desk.engine, REVIEW_REASON)] == [True]
    assert len(postings(desk)) == 1


def test_money_that_is_gone_by_then_makes_no_posting_and_is_told(desk: Desk) -> None:
    first, second = desk.prepare(ASHA, [row(1)]), ""
    second = desk.prepare(ASHA, [row(1, 2), row(2)], batch_id="postings-2")
    desk.approve(first, BENO)
    decided = desk.approve(second, BENO)
    assert [(found.row_number, found.code) for found in decided.refused] == [(1, "no_money_left")]
    assert [posting.line_id for posting in postings(desk)] == [1, 2]
    assert "approved_row_refused" in events(desk)


@pytest.mark.parametrize("place", [{"line_id": 2}, {"line_id": None}, {"line_id": 99}])
def test_an_index_that_points_elsewhere_moves_no_money(desk: Desk, place: dict[str, Any]) -> None:
    batch_id = desk.prepare(ASHA, [row(1)])
    do(desk, _values(BATCH_ROW, **place))
    assert refusal(lambda: desk.approve(batch_id, BENO)).code == "batch_altered"
    assert postings(desk) == []


def test_a_payout_draws_on_the_item_that_it_names(desk: Desk) -> None:
    item = {
        "item_id": 7, "item_key": request_source("Head Office", "W-1"), "account_id": 41,
        "amount_minor": 100_000, "posted_minor": 100_000, "state": "open",
    }  # fmt: skip
    do(desk, lambda connection: connection.execute(ITEM.insert(), item))
    payout = row(1, source=item["item_key"], purpose="pay", command="savings_withdrawal")
    batch_id = desk.prepare(ASHA, [payout], BatchKind.CHOICES, "postings-1")
    assert refusal(lambda: desk.approve(batch_id, BENO)).code == "batch_altered"
    do(desk, _values(BATCH_ROW, item_id=7))
    assert desk.approve(batch_id, BENO).refused == []
    assert [posting.item_id for posting in postings(desk)] == [7]


def test_shadow_makes_postings_that_are_never_sendable(desk: Desk) -> None:
    desk.set_wallet(mode="shadow")
    desk.approve_pending()
    desk.approve(desk.prepare(ASHA, [row(1)]), BENO)
    assert [posting.shadow for posting in postings(desk)] == [True]
    assert verified(desk)[0].sendable == frozenset()
    desk.set_wallet(mode="live", live_from=date(2026, 11, 24))
    desk.approve_pending()
    (found,) = verified(desk)
    assert found.accepted == found.shadow == {1}
    assert not found.sendable


def test_above_a_limit_a_third_person_signs_too(desk: Desk) -> None:
    desk.set(people=PeopleRules(second_approver_row_limit_minor={"KES": 99_999}))
    desk.approve_pending()
    desk.join(CARO, Role.SECOND_APPROVER, Role.APPROVER)
    batch_id = desk.prepare(ASHA, [row(1)])
    decided = desk.approve(batch_id, BENO)
    assert decided.waits_for_second
    assert postings(desk) == []
    assert verified(desk) == []
    assert show(desk.run, batch_id).second
    assert refusal(lambda: desk.approve(batch_id, BENO)).code == "same_person"
    assert refusal(lambda: desk.approve(batch_id, ASHA)).code == "same_person"
    assert desk.approve(batch_id, CARO).state is BatchState.APPROVED
    assert len(postings(desk)) == 1
    assert verified(desk)[0].people.second is not None
    shown = show(desk.run, batch_id)
    assert not shown.second
    assert {act.value: person.name for act, person in shown.signed_by.items()} == {
        "prepare": ASHA,
        "approve": BENO,
        "second": CARO,
    }


def test_the_second_approver_may_reject_more_rows(desk: Desk) -> None:
    desk.set(people=PeopleRules(second_approver_batch_limit_minor={"KES": 150_000}))
    desk.approve_pending()
    desk.join(CARO, Role.SECOND_APPROVER)
    batch_id = desk.prepare(ASHA, [row(1), row(2), row(3)])
    assert desk.approve(batch_id, BENO, {1: "no"}).waits_for_second
    desk.approve(batch_id, CARO, {3: "neither"})
    assert [posting.line_id for posting in postings(desk)] == [2]
    assert verified(desk)[0].accepted == {2}


def test_without_the_second_signature_a_batch_above_the_limit_is_never_sent(desk: Desk) -> None:
    desk.approve(desk.prepare(ASHA, [row(1)]), BENO)
    desk.set(people=PeopleRules(second_approver_row_limit_minor={"KES": 1}))
    desk.approve_pending()
    assert refusal(lambda: verified(desk)).code == "signatures_missing"


def test_a_changed_configuration_is_refused_and_its_differences_shown(desk: Desk) -> None:
    desk.approve(desk.prepare(ASHA, [row(1)]), BENO)
    desk.set_wallet(payment_type=PaymentType(id=4, name="Other"))
    refused = refusal(lambda: verified(desk))
    assert refused.code == "configuration_not_approved"
    assert "wallets.pay.payment_type.id: 3 → 4" in str(refused)
    assert "wallets.pay.payment_type.name: M-PESA → Other" in str(refused)
    batch_id = desk.prepare(ASHA, [row(2)], batch_id="postings-2")
    refused = refusal(lambda: desk.approve(batch_id, BENO))
    assert refused.code == "configuration_not_approved"
    assert len(postings(desk)) == 1


def test_nothing_counts_before_a_configuration_was_approved(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    desk.found()
    assert refusal(lambda: verified(desk)).code == "configuration_not_approved"
    batch_id = desk.prepare(ASHA, [row(1)])
    assert refusal(lambda: desk.approve(batch_id, BENO)).code == "configuration_not_approved"
    desk.engine.dispose()


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("tenant_changed", {"tenant": "other"}),
        ("server_changed", {"server": {"base_url": "https://elsewhere.example/api"}}),
        ("payment_type_changed", {"payment_type_id": 9}),
        ("currency_changed", {"currency": "UGX"}),
        ("wallet_unknown", {"wallet": ["mpesa_ke", "600009"]}),
    ],
)
def test_a_row_that_contradicts_the_configuration_is_not_approved(
    desk: Desk, code: str, changes: dict[str, Any]
) -> None:
    batch_id = desk.prepare(ASHA, [row(1, **changes), row(2)])
    refused = refusal(lambda: desk.approve(batch_id, BENO))
    assert refused.code == code
    assert "row 1" in str(refused)
    assert desk.approve(batch_id, BENO, {1: "wrong"}).accepted_rows == 1


def test_rows_of_an_older_configuration_are_outdated_once_another_was_approved(desk: Desk) -> None:
    desk.approve(desk.prepare(ASHA, [row(1)]), BENO)
    server = FineractServer(
        base_url="https://fineract.example/api", tenant="other", zone="Africa/Nairobi",
        username="mmrecon",
    )  # fmt: skip
    desk.set(fineract=server)
    desk.approve_pending()
    (found,) = verified(desk)
    assert found.outdated == {1: "tenant_changed"}
    assert found.sendable == frozenset()


def test_the_configuration_is_signed_key_by_key(desk: Desk) -> None:
    assert pending(desk.run).is_empty
    desk.set_wallet(own_accounts=("254700000001",))
    changes = pending(desk.run).configuration
    assert changes is not None
    assert [found.words() for found in changes] == [
        "wallets.pay.own_accounts: nothing → ['254700000001']"
    ]
    batch_id = prepare_pending(desk.run, ASHA, secret(ASHA)).batch_ids[0]
    assert pending(desk.run).is_empty
    assert [found.path for found in show(desk.run, batch_id).differences] == [
        "wallets.pay.own_accounts"
    ]
    desk.approve(batch_id, BENO)
    assert pending(desk.run).is_empty


def test_a_configuration_that_changed_again_is_not_approved(desk: Desk) -> None:
    desk.set_wallet(own_accounts=("254700000001",))
    batch_id = prepare_pending(desk.run, ASHA, secret(ASHA)).batch_ids[0]
    desk.set_wallet(own_accounts=("254700000002",))
    refused = refusal(lambda: desk.approve(batch_id, BENO))
    assert refused.code == "configuration_changed"
    assert "254700000001" in str(refused)
    second = prepare_pending(desk.run, ASHA, secret(ASHA)).batch_ids[0]
    assert desk.approve(second, BENO).state is BatchState.APPROVED


def test_live_from_never_moves_back(desk: Desk) -> None:
    desk.set_wallet(live_from=date(2026, 10, 31))
    refused = refusal(lambda: pending(desk.run))
    assert refused.code == "live_from_moves_back"
    assert "2026-11-01" in str(refused)
    assert refusal(lambda: prepare_pending(desk.run, ASHA, secret(ASHA))).code == refused.code
    desk.set_wallet(live_from=date(2026, 11, 20))
    desk.approve_pending()
    desk.set_wallet(live_from=date(2026, 11, 19))
    assert refusal(lambda: pending(desk.run)).code == "live_from_moves_back"


def test_leaving_shadow_starts_no_earlier_than_its_approval(desk: Desk) -> None:
    desk.set_wallet(mode="shadow")
    desk.approve_pending()
    desk.set_wallet(mode="live")
    refused = refusal(lambda: pending(desk.run))
    assert refused.code == "live_from_moves_back"
    assert "2026-11-24" in str(refused)
    desk.set_wallet(live_from=date(2026, 11, 24))
    batch_id = prepare_pending(desk.run, ASHA, secret(ASHA)).batch_ids[0]
    desk.now_utc = desk.now_utc.replace(day=25)
    assert refusal(lambda: desk.approve(batch_id, BENO)).code == "live_from_moves_back"
    desk.set_wallet(live_from=date(2026, 11, 25))
    desk.approve_pending()


def test_a_sites_own_layouts_are_part_of_what_is_approved(desk: Desk) -> None:
    folder = desk.folder / "formats"
    folder.mkdir()
    (folder / "own.toml").write_text("one")
    desk.set(formats_folder=folder)
    desk.approve_pending()
    assert verified(desk) == []
    (folder / "own.toml").write_text("two")
    refused = refusal(lambda: verified(desk))
    assert "layouts.own.toml" in str(refused)


def _values(table: Any, **values: Any) -> Callable[[Connection], object]:
    def change(connection: Connection) -> None:
        where = table.c.batch_id == "postings-1"
        connection.execute(update(table).where(where).values(**values))

    return change


def _more_money(connection: Connection) -> None:
    where = BATCH_ROW.c.batch_id == "postings-1"
    text = connection.scalars(select(BATCH_ROW.c.row_json).where(where)).one()
    changed = text.replace('"posted_minor":100000', '"posted_minor":900000')
    connection.execute(update(BATCH_ROW).where(where).values(row_json=changed))


def _flip(connection: Connection) -> None:
    where = (SIGNATURE.c.batch_id == "postings-1") & (SIGNATURE.c.act == "approve")
    text = connection.scalars(select(SIGNATURE.c.signature).where(where)).one()
    connection.execute(update(SIGNATURE).where(where).values(signature=flip(text)))


def _unsign(connection: Connection) -> None:
    where = (SIGNATURE.c.batch_id == "postings-1") & (SIGNATURE.c.act == "approve")
    connection.execute(delete(SIGNATURE).where(where))


@pytest.mark.parametrize(
    ("tamper", "code", "words"),
    [
        (_more_money, "batch_altered", "row 1: posted_minor 100000 → 900000"),
        (_values(BATCH, canonical_text="{}"), "batch_altered", "canonical text"),
        (_values(BATCH, digest="0" * 64), "batch_altered", "digest"),
        (_flip, "signature_forged", "postings-1"),
        (_unsign, "signatures_missing", "postings-1"),
        (_values(SIGNATURE, act="second"), "signature_forged", "postings-1"),
        (_values(SIGNATURE, signed_at_utc="2020-01-01"), "signature_forged", "postings-1"),
        (_values(SIGNATURE, rejected_rows_json="[1]"), "batch_altered", "rejected"),
    ],
)
def test_whatever_was_altered_after_the_approval_nothing_is_sent(
    desk: Desk, tamper: Callable[[Connection], object], code: str, words: str
) -> None:
    desk.approve(desk.prepare(ASHA, [row(1)]), BENO)
    do(desk, tamper)
    refused = refusal(lambda: verified(desk))
    assert refused.code == code
    assert words in str(refused)


def test_an_altered_row_is_shown_to_nobody_and_stands_in_the_journal(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1)])
    do(desk, _more_money)
    assert refusal(lambda: show(desk.run, batch_id)).code == "batch_altered"
    assert refusal(lambda: desk.approve(batch_id, BENO)).code == "batch_altered"
    assert events(desk)[-2:] == ["refused", "refused"]
    assert postings(desk) == []


def test_who_prepared_a_batch_is_told_by_the_signature(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1)])
    do(desk, _values(BATCH, prepared_by=CARO))
    assert [person.name for person in show(desk.run, batch_id).signed_by.values()] == [ASHA]


def test_a_batch_marked_approved_in_the_database_is_not_sent(desk: Desk) -> None:
    desk.prepare(ASHA, [row(1)])
    do(desk, _values(BATCH, state="approved"))
    assert refusal(lambda: verified(desk)).code == "signatures_missing"


def test_asking_for_a_batch_that_is_not_approved_is_refused(desk: Desk) -> None:
    desk.prepare(ASHA, [row(1)])
    with reading(desk.engine) as connection:
        roster = load_roster(connection, desk.run.founders_path)
        with pytest.raises(SafetyRefusal):
            list(verified_batches(connection, roster, desk.settings, ["postings-1"]))


def test_the_approval_of_somebody_revoked_later_still_counts(desk: Desk) -> None:
    desk.join(CARO, Role.APPROVER)
    desk.approve(desk.prepare(ASHA, [row(1)]), CARO)
    revoke_person(desk.run, CARO, ASHA, secret(ASHA), "has left")
    assert verified(desk)[0].sendable == {1}
    second = desk.prepare(ASHA, [row(2)], batch_id="postings-2")
    assert refusal(lambda: desk.approve(second, CARO)).code == "not_enrolled"


def test_the_evidence_is_shown_in_words_beside_a_choice(desk: Desk) -> None:
    found = {
        "line_id": 1, "tier": "B", "explanation": "names_account_another_client",
        "explanation_json": "{}", "vetoes": "receipt_repeats",
    }  # fmt: skip
    do(desk, lambda connection: connection.execute(MATCH.insert(), found))
    batch_id = desk.prepare(ASHA, [row(1), row(2)], BatchKind.CHOICES)
    evidence = show(desk.run, batch_id).evidence
    assert evidence.keys() == {1}
    assert evidence[1].startswith("B: ")
    assert ". Against it: " in evidence[1]
    assert "_" not in evidence[1]


def test_an_approval_that_fails_leaves_nothing_behind(desk: Desk) -> None:
    batch_id = desk.prepare(ASHA, [row(1), row(2)])
    do(desk, _values(BATCH_ROW, line_id=5))
    refusal(lambda: desk.approve(batch_id, BENO))
    with reading(desk.engine) as connection:
        query = select(func.count()).where(SIGNATURE.c.batch_id == batch_id)
        assert connection.scalar(query) == 1
        state = connection.scalar(select(BATCH.c.state).where(BATCH.c.batch_id == batch_id))
    assert state == "prepared"
