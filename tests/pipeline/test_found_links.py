"""What `post` found in Fineract exactly becomes a link by two signatures, or a question."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from mmrecon.cli.status_cmd import status_shown
from mmrecon.errors import ExitCode
from mmrecon.model.approval import BatchKind
from mmrecon.pipeline.approving import pending, prepare_pending, reject
from mmrecon.pipeline.standing import exit_code, status
from mmrecon.pipeline.workbook import write_workbook
from mmrecon.store.batches import load
from mmrecon.store.database import open_database, reading, transaction
from mmrecon.store.line_states import line_states
from mmrecon.store.matches import held_lines
from mmrecon.store.occupied import left_of_lines
from mmrecon.store.review_reasons import ReviewReason, add_reasons, open_reasons
from mmrecon.store.schema import LINK
from tests.people.desk import ASHA, BENO, Desk, make_desk, secret
from tests.pipeline.paper import Paper, plant_ledger, plant_matches


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A site where lines 1 and 2 were found in Fineract, on the savings account of their client."""
    made = make_desk(tmp_path_factory.mktemp("site") / "site")
    made.open()
    with transaction(made.engine) as connection:
        plant_ledger(connection, made.folder / "state")
        plant_matches(connection)
        for line_id in (1, 2):
            told: dict[str, str | int] = {
                "account_kind": "savings", "account_id": 11, "transaction_id": f"90{line_id}",
                "amount_minor": 100_000, "day": "2026-11-23",
            }  # fmt: skip
            reason = ReviewReason(line_id, "posted_elsewhere", told)
            add_reasons(connection, [reason], at_utc="2026-11-24T05:00:00+00:00")
    made.engine.dispose()
    shutil.copytree(made.folder, made.folder.with_name("as found"))
    return made


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    """That site again, as it was."""
    shutil.rmtree(opened.folder)
    shutil.copytree(opened.folder.with_name("as found"), opened.folder)
    engine = open_database(opened.folder / "state")
    yield replace(opened, engine=engine)
    engine.dispose()


def sign(desk: Desk) -> str:
    (batch_id,) = prepare_pending(desk.run, ASHA, secret(ASHA)).batch_ids
    return batch_id


def states(desk: Desk) -> list[str]:
    with reading(desk.engine) as connection:
        frame = line_states(connection, [1, 2])
    return [str(state) for state in frame["state"]]


def found(desk: Desk) -> list[int]:
    return [one.line_id for one in pending(desk.run).links]


def reasons(desk: Desk) -> list[str]:
    with reading(desk.engine) as connection:
        return [reason.code for reason in open_reasons(connection, [1, 2])]


def links(desk: Desk) -> list[Any]:
    with reading(desk.engine) as connection:
        return list(connection.execute(select(LINK).order_by(LINK.c.line_id)))


def to_do(desk: Desk) -> list[str]:
    """What the sheet "Posted already" says is to be done, row by row."""
    sheet = load_workbook(write_workbook(desk.run).path)["Posted already"]
    titles = [cell.value for cell in sheet[2]]
    column = titles.index("What to do") + 1
    return [str(sheet.cell(row, column).value) for row in range(3, sheet.max_row + 1)]


def test_what_was_found_is_signed_as_one_batch_of_links(desk: Desk) -> None:
    assert states(desk) == ["posted_elsewhere", "posted_elsewhere"]
    assert found(desk) == [1, 2]
    batch_id = sign(desk)
    with reading(desk.engine) as connection:
        batch = load(connection, batch_id).batch
    assert (batch.kind, batch.totals) == (BatchKind.LINKS, {"KES": 200_000})
    row = batch.rows[0]
    told = {name: row[name] for name in (
        "act", "transaction_id", "account_kind", "account_id", "account_no", "client_id",
        "amount_minor", "posted_minor", "line", "receipt",
    )}  # fmt: skip
    assert told == {
        "act": "link", "transaction_id": "901", "account_kind": "savings", "account_id": 11,
        "account_no": "000000011", "client_id": 1, "amount_minor": 100_000,
        "posted_minor": 100_000, "line": row["source"], "receipt": "TST1",
    }  # fmt: skip
    assert "found in Fineract" in str(row["reason"])


def test_it_is_not_proposed_again_while_the_batch_waits(desk: Desk) -> None:
    batch_id = sign(desk)
    assert pending(desk.run).is_empty
    assert states(desk) == ["posted_elsewhere", "posted_elsewhere"]
    waits = f"The link waits for another person: mmrecon approve {batch_id}"
    assert all(text.endswith(f"{waits}.") for text in to_do(desk))


def test_another_person_makes_the_links_and_the_money_is_occupied(desk: Desk) -> None:
    desk.approve(sign(desk), BENO)
    assert [(link.line_id, link.transaction_id, link.amount_minor) for link in links(desk)] == [
        (1, "901", 100_000), (2, "902", 100_000),
    ]  # fmt: skip
    assert states(desk) == ["posted_elsewhere", "posted_elsewhere"]
    assert reasons(desk) == []
    assert found(desk) == []
    with reading(desk.engine) as connection:
        assert left_of_lines(connection, [1, 2]).tolist() == [0, 0]
        assert held_lines(connection) == []
    assert [text.rsplit(". ", 1)[-1] for text in to_do(desk)] == ["Linked; nothing to do."] * 2


def test_a_rejected_row_is_a_question_in_the_workbook(desk: Desk) -> None:
    desk.approve(sign(desk), BENO, {2: "other money"})
    assert [link.line_id for link in links(desk)] == [1]
    assert states(desk) == ["posted_elsewhere", "review"]
    assert found(desk) == []
    row = write_workbook(desk.run).rows.set_index("row_id").loc["R000002"]
    assert row["sheet"] == "needs_decision"
    assert "another person did not confirm" in row["warnings"]


def test_a_rejected_batch_is_as_many_questions(desk: Desk) -> None:
    reject(desk.run, sign(desk), BENO, secret(BENO), "not sure")
    assert states(desk) == ["review", "review"]
    assert pending(desk.run).is_empty


def test_what_another_line_was_linked_to_meanwhile_is_a_question_too(desk: Desk) -> None:
    first = sign(desk)
    with transaction(desk.engine) as connection:
        taken = {
            "batch_id": "b", "batch_row": 1, "source": "s", "line_id": 3, "kind": "transaction",
            "amount_minor": 1, "account_kind": "savings", "transaction_id": "902",
        }  # fmt: skip
        connection.execute(LINK.insert(), taken)
    decided = desk.approve(first, BENO)
    assert [(row.row_number, row.code) for row in decided.refused] == [(2, "transaction_exceeded")]
    assert states(desk) == ["posted_elsewhere", "review"]


def test_a_question_that_is_answered_as_other_money_is_posted(desk: Desk) -> None:
    from mmrecon.pipeline.submitting import submit_workbook

    reject(desk.run, sign(desk), BENO, secret(BENO), "a friend's money")
    paper = Paper(write_workbook(desk.run).path)
    paper.type("R000001", "Decision", "approve")
    (plain,) = submit_workbook(desk.run, paper.save(), ASHA, secret(ASHA)).decided.refused
    assert plain.issue.code == "answer_found_already"
    paper.type("R000001", "Reason", "client confirmed")
    (batch,) = submit_workbook(desk.run, paper.save(), ASHA, secret(ASHA)).batches
    desk.approve(batch.batch_id, BENO)
    assert states(desk) == ["approved", "review"]


def test_the_sheet_says_plainly_what_to_do(desk: Desk) -> None:
    assert all("mmrecon submit --as NAME" in text for text in to_do(desk))
    assert all("transaction 90" in text for text in to_do(desk))


def test_the_summary_and_status_count_them_as_work(desk: Desk) -> None:
    assert [issue.code for issue in write_workbook(desk.run).issues] == ["links_found"]
    document = status(desk.run)
    assert document["links_unsigned"] == {"lines": 2, "totals": {"KES": 200_000}}
    told = next(str(text) for text in status_shown(document) if "Found in Fineract" in str(text))
    assert "2 lines, KES 2,000.00" in told
    only_links = document | {"lines": [], "batches_waiting": [], "wallets": [], "quarantined": []}
    assert exit_code(only_links) is ExitCode.PEOPLE_HAVE_WORK
