"""The workbook goes out of a real store and comes back into it as signed batches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import func, insert, select, update

from mmrecon.cli.status_cmd import status_shown
from mmrecon.errors import ExitCode, SafetyRefusal, UsageError
from mmrecon.fetch.archive import get
from mmrecon.model.approval import BatchKind, BatchState
from mmrecon.model.match import MatchFrame
from mmrecon.pipeline.approving import approve, reject
from mmrecon.pipeline.standing import status
from mmrecon.pipeline.submitting import Submitted, check_workbook, submit_workbook
from mmrecon.pipeline.workbook import write_workbook
from mmrecon.store import batches, journal
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.line_states import line_states
from mmrecon.store.matches import MatchSource
from mmrecon.store.matches import replace as put_matches
from mmrecon.store.review_reasons import ReviewReason, add_reasons, clear_reasons
from mmrecon.store.schema import ANSWER, HOLD, JOURNAL, LINE, POSTING, RETURN, WORKBOOK
from tests.people.desk import ASHA, BENO, Desk, make_desk, secret
from tests.pipeline.paper import Paper, plant_ledger, plant_matches


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A site with founders, an approved configuration, a ledger and matched lines."""
    made = make_desk(tmp_path_factory.mktemp("site") / "site")
    made.open()
    with transaction(made.engine) as connection:
        plant_ledger(connection, made.folder / "state")
        plant_matches(connection)
    made.engine.dispose()
    shutil.copytree(made.folder, made.folder.with_name("as opened"))
    return made


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    """That site again, as it was."""
    shutil.rmtree(opened.folder)
    shutil.copytree(opened.folder.with_name("as opened"), opened.folder)
    engine = open_database(opened.folder / "state")
    yield replace(opened, engine=engine)
    engine.dispose()


def submit(desk: Desk, path: Path, name: str = ASHA) -> Submitted:
    return submit_workbook(desk.run, path, name, secret(name))


def events(desk: Desk) -> list[str]:
    with reading(desk.engine) as connection:
        query = select(JOURNAL.c.event).order_by(JOURNAL.c.sequence)
        return list(connection.execute(query).scalars())


def states(desk: Desk) -> dict[int, str]:
    with reading(desk.engine) as connection:
        frame = line_states(connection)
    return dict(zip(frame["line_id"], frame["state"], strict=True))


def count(desk: Desk, table: Any) -> int:
    with reading(desk.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_the_workbook_is_known_archived_and_lies_whole_in_the_state_folder(desk: Desk) -> None:
    written = write_workbook(desk.run)
    assert written.exit_code() is ExitCode.PEOPLE_HAVE_WORK
    assert written.waiting == 6
    assert written.path.parent == desk.folder / "state" / "workbooks"
    assert [path.name for path in written.path.parent.iterdir()] == [written.path.name]
    with reading(desk.engine) as connection:
        row = connection.execute(select(WORKBOOK)).one()
        journal.verify(connection)
    assert get(desk.folder / "state", row.sha256) == written.path.read_bytes()
    assert "workbook_written" in events(desk)


def test_what_a_killed_run_left_half_written_is_swept_up(desk: Desk) -> None:
    folder = desk.folder / "state" / "workbooks"
    folder.mkdir()
    (folder / ".mmrecon-20261123-W20261123-000000.xlsx.part").write_bytes(b"half")
    written = write_workbook(desk.run)
    assert [path.name for path in folder.iterdir()] == [written.path.name]


def test_a_reversal_of_a_posted_line_shows_the_original_its_account_and_balance(
    desk: Desk,
) -> None:
    with transaction(desk.engine) as connection:
        posting = {
            "batch_id": "b", "batch_row": 1, "wallet_id": 1, "source": "s", "line_id": 1,
            "purpose": "post", "leg": 1, "attempt": 1, "resend": 0, "command": "savings_deposit",
            "account_kind": "savings", "account_id": 11, "account_no": "000000011",
            "amount_minor": 100_000, "posted_minor": 100_000, "currency": "KES",
            "value_date": "2026-11-23", "payment_type_id": 3, "receipt": "TST1",
            "idempotency_key": "k", "state": "verified", "transaction_id": "4711",
        }  # fmt: skip
        connection.execute(insert(POSTING), posting)
    rows = write_workbook(desk.run).rows
    told = rows.loc[rows["row_id"] == "R000006", "warnings"].iloc[0]
    assert told == (
        "Takes back TST1 of 2026-11-23, KES 1,000.00: verified on savings:000000011, "
        "transaction 4711; balance KES 5,000.00 at the last ledger refresh"
    )


def test_answers_become_signed_batches_that_another_person_approves(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.approve_all(2, 2000)
    paper.type("R000003", "Decision", "hold until")
    paper.type("R000003", "Hold until", "2026-12-01")
    paper.type("R000004", "Decision", "approve")
    submitted = submit(desk, paper.save())
    assert submitted.exit_code() is ExitCode.PEOPLE_HAVE_WORK
    assert [batch.kind for batch in submitted.batches] == [BatchKind.POSTINGS, BatchKind.CHOICES]
    postings = submitted.batches[0]
    assert (len(postings.rows), postings.totals) == (2, {"KES": 200_000})
    assert postings.rows[0]["server"] == {
        "base_url": "https://fineract.example/api",
        "office_name": "Head Office",
        "office_opened_on": "2009-01-01",
    }
    assert states(desk)[1] == "submitted"
    for batch in submitted.batches:
        desk.approve(batch.batch_id, BENO)
    assert [states(desk)[line] for line in (1, 2, 3, 4, 5)] == [
        "approved", "approved", "held", "approved", "suspense",
    ]  # fmt: skip
    assert count(desk, POSTING) == 3
    with reading(desk.engine) as connection:
        journal.verify(connection)


def test_the_same_workbook_twice_is_taken_once(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    path = paper.save()
    assert len(submit(desk, path).batches) == 1
    again = submit(desk, path)
    assert (list(again.batches), list(again.decided.accepted)) == ([], [])
    assert again.decided.repeated == 1
    assert again.exit_code() is ExitCode.DONE
    assert count(desk, RETURN) == 2


def test_a_rejected_answer_is_not_taken_again_but_another_one_is(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    (batch,) = submit(desk, paper.save()).batches
    reject(desk.run, batch.batch_id, BENO, secret(BENO), "ask the client")
    assert submit(desk, paper.path).decided.repeated == 1
    paper.type("R000001", "Decision", "suspense")
    (other,) = submit(desk, paper.save()).batches
    assert other.kind is BatchKind.CHOICES


def test_a_tampered_row_ends_with_5_stands_in_the_journal_and_the_others_are_taken(
    desk: Desk,
) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Amount", 5)
    paper.type("R000001", "Decision", "approve")
    paper.type("R000002", "Decision", "approve")
    submitted = submit(desk, paper.save())
    assert submitted.exit_code() is ExitCode.REFUSED
    assert len(submitted.batches[0].rows) == 1
    assert events(desk).count("refused") == 1
    with reading(desk.engine) as connection:
        kept = connection.execute(select(ANSWER).order_by(ANSWER.c.row_id)).all()
    assert [(row.row_id, row.accepted, row.reason_code) for row in kept] == [
        ("R000001", False, "answer_row_changed"),
        ("R000002", True, ""),
    ]


def test_macros_are_refused_and_stand_in_the_journal(desk: Desk) -> None:
    import zipfile

    path = Paper(write_workbook(desk.run).path).save()
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(SafetyRefusal):
        submit(desk, path)
    assert "refused" in events(desk)


def test_a_workbook_of_another_site_is_refused(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    path = paper.save()
    with transaction(desk.engine) as connection:
        connection.exec_driver_sql("DELETE FROM workbook_row")
        connection.execute(WORKBOOK.delete())
    submitted = submit(desk, path)
    assert [issue.code for issue in submitted.issues] == ["workbook_unknown"]
    assert submitted.exit_code() is ExitCode.REFUSED
    assert not submitted.batches


def test_an_old_workbook_counts_while_its_facts_hold(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    paper.type("R000002", "Decision", "approve")
    with transaction(desk.engine) as connection:
        put_matches(
            connection,
            MatchFrame.build(pd.DataFrame({"line_id": [2], "state": ["review"], "tier": ["D"]})),
            MatchSource("run-2", 1, "policy"),
        )
    desk.now_utc += timedelta(days=12)
    submitted = submit(desk, paper.save())
    assert [issue.code for issue in submitted.issues] == ["workbook_old"]
    assert len(submitted.batches[0].rows) == 1
    assert [one.issue.code for one in submitted.decided.refused] == ["answer_match_changed"]


def test_what_was_held_until_today_is_a_row_like_any_other_again(desk: Desk) -> None:
    with transaction(desk.engine) as connection:
        for line_id, until in ((1, "2026-11-25"), (2, "2026-12-24")):
            hold = {"line_id": line_id, "kind": "hold", "until": until, "batch_row": 1,
                    "reason": "she rings back"}  # fmt: skip
            connection.execute(insert(HOLD), hold)
    desk.now_utc += timedelta(days=1)
    written = write_workbook(desk.run)
    rows = written.rows.set_index("row_id")
    assert rows.loc["R000001", "sheet"] == "to_approve"
    assert "R000002" not in rows.index
    summary = Paper(written.path).sheet("Summary").iter_rows(values_only=True)
    assert ("2026-12-24", "pay", 1, 1000) in [row[:4] for row in summary]
    (held,) = status(desk.run)["held_until"]
    assert held == {
        "until": "2026-12-24", "wallet": "pay", "currency": "KES", "lines": 1,
        "amount_minor": 100_000,
    }  # fmt: skip
    assert "Held until 2026-12-24: 1 line of pay, KES 1,000.00." in status_shown(status(desk.run))
    assert "holds_ended" in events(desk)


def test_a_rejected_row_is_back_with_who_rejected_it_when_and_why(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    paper.type("R000002", "Decision", "approve")
    (batch,) = submit(desk, paper.save()).batches
    approve(desk.run, batch.batch_id, BENO, secret(BENO), {1: "she says it is her sister's"})
    written = write_workbook(desk.run)
    rows = written.rows.set_index("row_id")
    assert "R000002" not in rows.index
    assert rows.loc["R000001", "sheet"] == "needs_decision"
    assert rows.loc["R000001", "warnings"] == (
        f"Rejected by {BENO} on 2026-11-24 09:01: she says it is her sister's."
    )
    paper = Paper(written.path)
    paper.type("R000001", "Decision", "approve")
    (again,) = submit(desk, paper.save()).batches
    assert again.kind is BatchKind.CHOICES
    reject(desk.run, again.batch_id, BENO, secret(BENO), "she has not called yet")
    rows = write_workbook(desk.run).rows.set_index("row_id")
    assert str(rows.loc["R000001", "warnings"]).endswith(": she has not called yet.")


def test_a_line_that_came_back_says_why(desk: Desk) -> None:
    with transaction(desk.engine) as connection:
        add_reasons(connection, [ReviewReason(1, "account_closed")], at_utc="2026-11-24")
    rows = write_workbook(desk.run).rows.set_index("row_id")
    assert rows.loc["R000001", "sheet"] == "needs_decision"
    assert rows.loc["R000001", "warnings"] == "the account is closed."


def test_an_older_workbook_does_not_answer_what_came_back_since(desk: Desk) -> None:
    """Even where the line had come back for the very same reason before."""
    with transaction(desk.engine) as connection:
        add_reasons(connection, [ReviewReason(1, "loan_owes_less")], at_utc="2026-11-23")
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    path = paper.save()
    assert not check_workbook(desk.run, path).decided.refused
    with transaction(desk.engine) as connection:
        clear_reasons(connection, [1])
        add_reasons(connection, [ReviewReason(1, "loan_owes_less")], at_utc="2026-11-24")
    decided = check_workbook(desk.run, path).decided
    assert [one.issue.code for one in decided.refused] == ["answer_sent_back_since"]
    newest = Paper(write_workbook(desk.run).path)
    newest.type("R000001", "Decision", "approve")
    assert not check_workbook(desk.run, newest.save()).decided.refused


def test_checking_a_workbook_signs_and_keeps_nothing(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    checked = check_workbook(desk.run, paper.save())
    assert len(checked.decided.accepted) == 1
    assert not checked.signed
    assert (count(desk, RETURN), count(desk, ANSWER)) == (0, 0)


def test_a_wrong_passphrase_takes_nothing(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    with pytest.raises(SafetyRefusal):
        submit_workbook(desk.run, paper.save(), ASHA, "wrong wrong wrong wrong")
    with reading(desk.engine) as connection:
        assert not batches.batch_ids(connection, [BatchKind.POSTINGS], BatchState)


def test_a_missing_file_is_wrong_use(desk: Desk) -> None:
    with pytest.raises(UsageError):
        submit(desk, desk.folder / "no such file.xlsx")


def test_without_a_ledger_there_is_no_workbook(tmp_path: Path) -> None:
    made = make_desk(tmp_path / "site")
    with pytest.raises(UsageError) as refused:
        write_workbook(made.run)
    assert refused.value.code == "no_snapshot"
    made.engine.dispose()


def test_a_wallet_without_payment_type_is_said_before_anybody_works(desk: Desk) -> None:
    desk.set_wallet(payment_type=None)
    written = write_workbook(desk.run)
    assert [issue.code for issue in written.issues] == ["workbook_payment_type_missing"]
    paper = Paper(written.path)
    paper.approve_all(3, 3000)
    submitted = submit(desk, paper.save())
    assert {one.issue.code for one in submitted.decided.refused} == {
        "workbook_payment_type_missing"
    }
    assert not submitted.batches


def test_hidden_rows_are_named(desk: Desk) -> None:
    paper = Paper(write_workbook(desk.run).path)
    paper.sheet("To approve").row_dimensions[3].hidden = True
    paper.approve_all(3, 3000)
    submitted = submit(desk, paper.save())
    assert [issue.code for issue in submitted.issues] == ["workbook_rows_hidden"]
    assert len(submitted.batches[0].rows) == 3


@pytest.mark.parametrize("reversal", [True, False])
def test_a_payment_is_posted_only_if_no_reversal_of_it_was_seen(desk: Desk, reversal: bool) -> None:
    with transaction(desk.engine) as connection:
        doubtful = {"line_id": [4], "state": ["review"], "tier": ["B"], "vetoes": ["reversal_seen"]}
        put_matches(
            connection, MatchFrame.build(pd.DataFrame(doubtful)), MatchSource("run-2", 1, "policy")
        )
        linked = "TST4" if reversal else ""
        connection.execute(update(LINE).where(LINE.c.line_id == 6).values(linked_receipt=linked))
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000004", "Decision", "different account")
    paper.type("R000004", "Different account", "savings:000000011")
    paper.type("R000004", "Reason", "client confirmed")
    decided = check_workbook(desk.run, paper.save()).decided
    found = [one.issue.code for one in decided.refused]
    assert found == (["answer_payment_reversed"] if reversal else [])
