"""Where a server on MariaDB answers otherwise (mariadb.md 1 to 3)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmrecon.sandbox.database import StateOfAnotherVersionError
from mmrecon.sandbox.server import SandboxServer
from tests.sandbox.client import Api, Institution, deposit, deposit_item, found


@pytest.fixture(scope="module")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Institution]:
    with SandboxServer(tmp_path_factory.mktemp("maria"), database="mariadb") as server:
        yield found(Api(server.base_url))


def code_of(answer: Any) -> str:
    return str(answer.json()["errors"][0]["userMessageGlobalisationCode"])


@pytest.mark.parametrize("other", ["PAYMENT1", "päyment1", "payment1 "])
def test_a_key_in_another_spelling_is_the_same_key(maria: Institution, other: str) -> None:
    first, second = maria.savings(), maria.savings()
    key = f"payment1{len(other)}{ord(other[1])}"
    spelled = other.replace("1", key.removeprefix("payment"), 1)
    maria.api.batch([deposit_item(1, first, key)])
    answer = maria.api.batch([deposit_item(1, second, spelled)])[0]
    assert json.loads(answer["body"])["savingsId"] == first
    search = maria.api.done("GET", f"/savingsaccounts/{second}/transactions/search")
    assert search["total"] == 0


def test_an_external_id_that_is_taken_is_403_and_found_in_any_case(maria: Institution) -> None:
    api, loan = maria.api, maria.loan()
    path = f"/loans/{loan}/transactions"
    api.done("POST", f"{path}?command=repayment", {**deposit(10), "externalId": "mm-abc"})
    taken = api.call("POST", f"{path}?command=repayment", {**deposit(10), "externalId": "MM-ABC"})
    assert (taken.status_code, code_of(taken)) == (
        403,
        "error.msg.loan.repayment.duplicate.externalId",
    )
    assert api.done("GET", f"{path}/external-id/MM-abc")["externalId"] == "mm-abc"


def test_a_receipt_that_is_taken_is_told_apart_from_one_that_is_missing(
    maria: Institution,
) -> None:
    api, account = maria.api, maria.savings()
    column = {"name": "receipt_key", "type": "String", "length": 80, "mandatory": True}
    table = {"datatableName": "dt_receipt", "apptableName": "m_savings_account_transaction"}
    columns = [{**column, "unique": True, "indexed": True}]
    api.done("POST", "/datatables", {**table, "multiRow": False, "columns": columns})
    path = f"/savingsaccounts/{account}/transactions?command=deposit"
    first, second = (api.done("POST", path, deposit())["resourceId"] for _ in range(2))
    api.done("POST", f"/datatables/dt_receipt/{first}", {"receipt_key": "ABC", "locale": "en"})
    taken = api.call("POST", f"/datatables/dt_receipt/{second}", {"receipt_key": "abc"})
    missing = api.call("POST", f"/datatables/dt_receipt/{second}", {"locale": "en"})
    assert code_of(taken) == "error.msg.datatable.entry.duplicate"
    assert code_of(missing) == "error.msg.datatable.no.value.provided.for.required.fields"


def test_totals_of_loans_are_0_and_audits_by_date_are_empty(maria: Institution) -> None:
    maria.loan()
    assert maria.api.done("GET", "/loans?limit=1")["totalFilteredRecords"] == 0
    when = "makerDateTimeFrom=2026-01-01%2000:00:00"
    assert maria.api.done("GET", f"/makercheckers?{when}") == []
    assert maria.api.done("GET", f"/audits?{when}") == []


def test_the_search_does_not_see_letter_case(maria: Institution) -> None:
    maria.client("Wanjiru")
    hits = maria.api.done("GET", "/search?query=wanjiru&resource=clients")
    assert [hit["entityName"] for hit in hits] == ["Amina Wanjiru"]


def lost_batch(institution: Institution, items: list[dict[str, Any]], path: str) -> Any:
    """A teller posts by ``path`` while a batch waits for its first account."""
    api = institution.api
    first = int(items[0]["relativeUrl"].split("/")[2])
    api.switch("locks", {"kind": "savings", "id": first, "seconds": 0.6}, "POST")
    answers: list[Any] = []
    worker = threading.Thread(target=lambda: answers.extend(Api(api.base_url).batch(items)))
    worker.start()
    worker.join(0.2)
    assert api.call("POST", path, deposit(1)).status_code == 200
    worker.join()
    return answers


def test_a_teller_at_an_account_that_a_batch_has_not_reached_costs_the_batch(
    maria: Institution, institution: Institution
) -> None:
    for place, status in ((maria, 409), (institution, 200)):
        one, two = place.savings(), place.savings()
        items = [deposit_item(1, one, f"t{one}"), deposit_item(2, two, f"t{two}")]
        path = f"/savingsaccounts/{two}/transactions?command=deposit"
        answers = lost_batch(place, items, path)
        assert answers[-1]["statusCode"] == status
        assert [a["statusCode"] for a in place.api.batch(items)] == [200, 200]


def test_a_batch_that_loses_a_loan_hears_of_a_duplicate_though_nothing_was_posted(
    maria: Institution,
) -> None:
    account, loan = maria.savings(), maria.loan()
    repayment = {
        "requestId": 2,
        "relativeUrl": f"v1/loans/{loan}/transactions?command=repayment",
        "method": "POST",
        "headers": [{"name": "Idempotency-Key", "value": "lost2"}],
        "body": json.dumps({**deposit(5), "externalId": "mm-lost"}),
    }
    items = [deposit_item(1, account, "lost1"), repayment]
    path = f"/loans/{loan}/transactions?command=repayment"
    answer = lost_batch(maria, items, path)[0]
    code = json.loads(answer["body"])["userMessageGlobalisationCode"]
    assert (answer["statusCode"], code) == (403, "error.msg.loan.repayment.duplicate.externalId")
    looked_up = maria.api.call("GET", f"/loans/{loan}/transactions/external-id/mm-lost")
    assert looked_up.status_code == 404
    assert [a["statusCode"] for a in maria.api.batch(items)] == [200, 200]


def test_a_state_folder_keeps_to_its_database(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, database="mariadb"):
        pass
    with pytest.raises(StateOfAnotherVersionError, match="plays a server on mariadb"):
        SandboxServer(tmp_path, database="postgresql").start()


def test_a_state_folder_serves_its_own_database_when_none_is_named(tmp_path: Path) -> None:
    with SandboxServer(tmp_path, database="mariadb"):
        pass
    with SandboxServer(tmp_path) as again:
        assert again.world is not None
        assert again.world.database.dialect.value == "mariadb"
