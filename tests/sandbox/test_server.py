from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest
import requests

from mmrecon.sandbox.database import StateOfAnotherVersionError
from mmrecon.sandbox.server import FolderInUseError, SandboxServer
from tests.sandbox.client import Api, Institution, deposit, deposit_item


def test_the_port_is_kept_in_the_state_folder(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as server:
        first = server.base_url
    with SandboxServer(tmp_path) as server:
        assert server.base_url == first


def test_a_folder_is_served_by_one_server_at_a_time(tmp_path: Path) -> None:
    with SandboxServer(tmp_path), pytest.raises(FolderInUseError, match="another process"):
        SandboxServer(tmp_path).start()


def test_a_state_folder_of_another_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "fineract.db") as older:
        older.execute("pragma user_version = 7")
    older.close()
    with pytest.raises(StateOfAnotherVersionError, match="another version"):
        SandboxServer(tmp_path).start()


def test_a_connection_is_closed_after_a_hundred_requests(institution: Institution) -> None:
    api = Api(institution.api.base_url)
    closing = [
        api.call("GET", "/offices/1").headers.get("Connection", "keep-alive").lower()
        for _ in range(100)
    ]
    assert [number for number, said in enumerate(closing, 1) if said == "close"] == [100]


def test_a_role_s_new_permission_counts_at_once(institution: Institution) -> None:
    api = institution.api
    role = api.done("POST", "/roles", {"name": "Reader", "description": "x"})["resourceId"]
    user: dict[str, object] = {"username": "reader", "firstname": "W", "lastname": "O"}
    user |= {"password": "Reader-2026", "repeatPassword": "Reader-2026", "roles": [role]}
    api.done("POST", "/users", {**user, "email": "r@example.com", "officeId": 1})
    reader = Api(api.base_url, "reader", "Reader-2026")
    assert reader.call("GET", "/clients").status_code == 403
    api.done("PUT", f"/roles/{role}/permissions", {"permissions": {"READ_CLIENT": True}})
    assert reader.call("GET", "/clients").status_code == 200


def test_a_bare_server_has_what_a_fresh_fineract_has(tmp_path: Path) -> None:
    with SandboxServer(tmp_path) as server:
        api = Api(server.base_url)
        assert api.done("GET", "/offices")[0]["name"] == "Head Office"
        assert api.done("GET", "/clients")["totalFilteredRecords"] == 0
        assert next(kind["name"] for kind in api.done("GET", "/paymenttypes")) == "Money Transfer"
        assert api.done("GET", "/businessdate") == []
        currencies = api.done("GET", "/currencies")["selectedCurrencyOptions"]
        assert [entry["code"] for entry in currencies] == ["USD"]


def test_it_starts_within_a_second(tmp_path: Path) -> None:
    began = time.monotonic()
    with SandboxServer(tmp_path):
        assert time.monotonic() - began < 1


def test_a_call_that_fineract_knows_and_the_sandbox_does_not_is_501(
    institution: Institution,
) -> None:
    answer = institution.api.call("GET", "/charges")
    assert answer.status_code == 501
    assert "sandbox does not know" in answer.json()["developerMessage"]
    assert institution.api.call("GET", "/nosuchthing").status_code == 404


def test_a_command_that_the_sandbox_does_not_know_is_501(institution: Institution) -> None:
    loan = institution.loan()
    path = f"/loans/{loan}/transactions?command=foreclosure"
    assert institution.api.call("POST", path, deposit()).status_code == 501


def test_an_answer_dropped_after_the_commit_is_posted_and_known_by_its_key(
    institution: Institution,
) -> None:
    api, account = institution.api, institution.savings()
    rule = {"path": ".*command=deposit.*", "what": "drop_after", "nth": 1}
    api.switch("faults", {"rules": [rule]})
    path = f"/savingsaccounts/{account}/transactions?command=deposit"
    with pytest.raises(requests.ConnectionError):
        api.call("POST", path, deposit(), "dropped1")
    again = api.call("POST", path, deposit(), "dropped1")
    assert (again.status_code, again.headers["x-served-from-cache"]) == (200, "true")
    assert api.done("GET", f"/savingsaccounts/{account}/transactions/search")["total"] == 1


def test_a_connection_cut_before_the_commit_leaves_nothing(institution: Institution) -> None:
    api, account = institution.api, institution.savings()
    api.switch("faults", {"rules": [{"path": "/batches.*", "what": "drop_before", "times": 1}]})
    items = [deposit_item(1, account, "cut1")]
    with pytest.raises(requests.ConnectionError):
        api.batch(items)
    answer = api.batch(items)[0]
    assert answer["statusCode"] == 200
    assert [header["name"] for header in answer["headers"]] == ["Idempotency-Key"]
    assert api.done("GET", f"/savingsaccounts/{account}/transactions/search")["total"] == 1


@pytest.mark.parametrize(
    ("what", "status", "shape"),
    [
        ("error_500", 500, '"error":"Internal Server Error"'),
        ("exception_500", 500, '"Exception"'),
        ("bad_gateway_502", 502, "<html>"),
        ("too_early_425", 425, "transactionAmount"),
        ("conflict_409", 409, "query.conflict"),
    ],
)
def test_scripted_answers_have_the_shape_of_real_ones(
    institution: Institution, what: str, status: int, shape: str
) -> None:
    api, account = institution.api, institution.savings()
    rule = {"method": "POST", "path": "/savingsaccounts/.*", "what": what, "times": 1}
    api.switch("faults", {"rules": [rule]})
    path = f"/savingsaccounts/{account}/transactions?command=deposit"
    struck = api.call("POST", path, deposit())
    assert struck.status_code == status
    assert shape in struck.text
    assert api.call("POST", path, deposit()).status_code == 200


def test_faults_by_chance_depend_on_the_seed_only(tmp_path: Path) -> None:
    script = {"seed": 7, "rules": [{"path": "/offices", "what": "error_500", "probability": 0.5}]}
    (tmp_path / "faults.json").write_text(json.dumps(script))
    runs = []
    for name in ("one", "two"):
        faults = tmp_path / "faults.json"
        with SandboxServer(tmp_path / name, faults=faults) as server:
            api = Api(server.base_url)
            runs.append([api.call("GET", "/offices").status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_a_fault_rule_with_an_unknown_word_is_refused(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('{"rules": [{"what": "explode"}]}')
    with pytest.raises(ValueError, match="explode"):
        SandboxServer(tmp_path / "state", faults=faults).start()
