"""Rules of Fineract that the recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.client import COMMON, OPENED, PAID, Api, Institution, deposit


def code_of(answer: Any) -> str:
    body = answer.json()
    return str(body.get("errors", [body])[0]["userMessageGlobalisationCode"])


def test_modifying_a_deposit_reverses_it_and_posts_another(institution: Institution) -> None:
    api, account = institution.api, institution.savings()
    path = f"/savingsaccounts/{account}/transactions"
    first = api.done("POST", f"{path}?command=deposit", deposit(100))["resourceId"]
    second = api.done("POST", f"{path}/{first}?command=modify", deposit(60))["resourceId"]
    rows = api.done("GET", f"{path}/search?orderBy=id&sortOrder=ASC")["content"]
    assert [(r["id"], r["amount"], r["reversed"]) for r in rows] == [
        (first, 100, True),
        (second, 60, False),
    ]
    summary = api.done("GET", f"/savingsaccounts/{account}")["summary"]
    assert (summary["accountBalance"], summary["totalDeposits"]) == (60, 60)


def test_a_backdated_deposit_rewrites_the_later_running_balances(
    institution: Institution,
) -> None:
    api, account = institution.api, institution.savings()
    path = f"/savingsaccounts/{account}/transactions"
    api.done("POST", f"{path}?command=deposit", deposit(10, "2026-03-10"))
    api.done("POST", f"{path}?command=deposit", deposit(5, "2026-02-10"))
    rows = api.done("GET", f"{path}/search")["content"]
    assert [(row["amount"], row["runningBalance"]) for row in rows] == [(10, 15), (5, 5)]


def test_amounts_add_up_exactly_where_binary_floats_would_not(institution: Institution) -> None:
    api, account = institution.api, institution.savings()
    for amount in [0.1] * 7 + [0.2, 1234567.89, 0.01]:
        path = f"/savingsaccounts/{account}/transactions?command=deposit"
        api.done("POST", path, deposit(amount))
    text = api.call("GET", f"/savingsaccounts/{account}").text
    assert '"accountBalance":1234568.8,' in text


def test_money_that_was_undone_cannot_be_withdrawn(institution: Institution) -> None:
    api, account = institution.api, institution.savings()
    path = f"/savingsaccounts/{account}/transactions"
    first = api.done("POST", f"{path}?command=deposit", deposit(100))["resourceId"]
    api.done("POST", f"{path}/{first}?command=undo", {})
    refused = api.call("POST", f"{path}?command=withdrawal", deposit(1))
    assert code_of(refused).endswith("insufficient.account.balance")


def schedule_of(api: Api, loan: int) -> list[dict[str, Any]]:
    periods: list[dict[str, Any]] = api.done(
        "GET", f"/loans/{loan}?associations=repaymentSchedule"
    )["repaymentSchedule"]["periods"][1:]
    return periods


def test_equal_instalments_on_a_declining_balance(institution: Institution) -> None:
    loan = institution.loan(interestRatePerPeriod=2)
    periods = schedule_of(institution.api, loan)
    assert [p["totalDueForPeriod"] for p in periods] == [262.62, 262.62, 262.62, 262.64]
    assert [p["interestDue"] for p in periods] == [20, 15.15, 10.2, 5.15]
    assert sum(p["principalDue"] for p in periods) == 1000
    assert periods[0]["dueDate"] == [2026, 2, 5]


def test_flat_interest_is_the_same_in_every_instalment(institution: Institution) -> None:
    loan = institution.loan(interestRatePerPeriod=2, interestType=1)
    periods = schedule_of(institution.api, loan)
    assert [p["interestDue"] for p in periods] == [20, 20, 20, 20]
    assert [p["principalDue"] for p in periods] == [250, 250, 250, 250]


def test_the_end_of_a_short_month_stands_for_a_missing_day(institution: Institution) -> None:
    day = "2026-01-31"
    loan = institution.loan(repaymentsStartingFromDate=day)
    dues = [period["dueDate"] for period in schedule_of(institution.api, loan)]
    assert dues == [[2026, 1, 31], [2026, 2, 28], [2026, 3, 31], [2026, 4, 30]]


def test_a_written_off_loan_takes_recoveries_up_to_what_was_written_off(
    institution: Institution,
) -> None:
    api, loan = institution.api, institution.loan()
    path = f"/loans/{loan}/transactions?command="
    api.done("POST", path + "repayment", deposit(400))
    api.done("POST", path + "writeoff", {"transactionDate": PAID, **COMMON})
    read = api.done("GET", f"/loans/{loan}")
    assert (read["status"]["id"], read["summary"]["totalWrittenOff"]) == (601, 600)
    assert code_of(api.call("POST", path + "repayment", deposit(1))).endswith("or.overpaid")
    too_much = api.call("POST", path + "recoverypayment", deposit(601))
    assert code_of(too_much).endswith("cannot.be.greater.than.total.written.off")
    api.done("POST", path + "recoverypayment", deposit(600))
    assert api.done("GET", f"/loans/{loan}")["summary"]["totalRecovered"] == 600


def test_what_was_overpaid_can_be_refunded_and_closes_the_loan(institution: Institution) -> None:
    api, loan = institution.api, institution.loan()
    path = f"/loans/{loan}/transactions?command="
    api.done("POST", path + "repayment", deposit(1040))
    assert api.done("GET", f"/loans/{loan}")["totalOverpaid"] == 40
    too_much = api.call("POST", path + "creditBalanceRefund", deposit(41))
    assert too_much.status_code == 400
    refund = api.done("POST", path + "creditBalanceRefund", deposit(40))
    assert "loanId" not in refund
    assert api.done("GET", f"/loans/{loan}")["status"]["id"] == 600


def test_a_group_s_savings_are_not_in_the_list_but_in_the_search(
    institution: Institution,
) -> None:
    api = institution.api
    member = institution.client("Member")
    group = {"name": "Umoja", "officeId": 1, "active": True, "activationDate": OPENED}
    group |= {"submittedOnDate": OPENED, "clientMembers": [member], **COMMON}
    group_id = api.done("POST", "/groups", group)["groupId"]
    body = {"groupId": group_id, "productId": institution.savings_product, "externalId": "GRP-1"}
    account = api.done("POST", "/savingsaccounts", {**body, "submittedOnDate": OPENED, **COMMON})
    account_id = account["savingsId"]
    assert account["groupId"] == group_id
    listed = api.done("GET", "/savingsaccounts?limit=0")["pageItems"]
    assert account_id not in [item["id"] for item in listed]
    assert api.done("GET", "/savingsaccounts/external-id/GRP-1")["groupName"] == "Umoja"
    hits = api.done("GET", "/search?query=GRP-1&resource=savings&exactMatch=true")
    assert [hit["parentType"] for hit in hits] == ["group"]


def test_an_identity_document_belongs_to_one_client(institution: Institution) -> None:
    api = institution.api
    first, second = institution.client(), institution.client()
    kinds = api.done("GET", f"/clients/{first}/identifiers/template")["allowedDocumentTypes"]
    document = {"documentTypeId": kinds[0]["id"], "documentKey": "ID-1", "status": "Active"}
    api.done("POST", f"/clients/{first}/identifiers", document)
    taken = api.call("POST", f"/clients/{second}/identifiers", document)
    assert code_of(taken) == "error.msg.clientIdentifier.identityKey.duplicate"
    read = api.done("GET", f"/clients/{first}/identifiers")
    assert [(one["documentKey"], one["documentType"]["name"]) for one in read] == [
        ("ID-1", kinds[0]["name"])
    ]


@pytest.fixture
def clerk(institution: Institution) -> tuple[Api, int]:
    """A user of a branch, who may read and post; and the branch."""
    api = institution.api
    office = {"name": "Kisumu", "parentId": 1, "openingDate": "2020-01-01", **COMMON}
    office_id = api.done("POST", "/offices", office)["officeId"]
    role = api.done("POST", "/roles", {"name": "Teller", "description": "x"})["resourceId"]
    codes = ("READ_CLIENT", "READ_SAVINGSACCOUNT", "DEPOSIT_SAVINGSACCOUNT")
    api.done("PUT", f"/roles/{role}/permissions", {"permissions": dict.fromkeys(codes, True)})
    user: dict[str, Any] = {
        "username": "teller",
        "firstname": "W",
        "lastname": "O",
        "email": "t@example.com",
    }
    user |= {"password": "Teller-2026", "repeatPassword": "Teller-2026", "roles": [role]}
    api.done("POST", "/users", {**user, "officeId": office_id, "sendPasswordToEmail": False})
    return Api(api.base_url, "teller", "Teller-2026"), office_id


def test_a_branch_user_lists_its_branch_but_posts_anywhere_by_id(
    institution: Institution, clerk: tuple[Api, int]
) -> None:
    teller, _ = clerk
    client = institution.client()
    account = institution.savings(client)
    assert teller.done("GET", "/clients")["totalFilteredRecords"] == 0
    assert teller.call("GET", f"/clients/{client}").status_code == 404
    path = f"/savingsaccounts/{account}/transactions?command=deposit"
    assert teller.call("POST", path, deposit()).status_code == 200
    undo = teller.call("POST", path.replace("deposit", "withdrawal"), deposit())
    assert code_of(undo) == "error.msg.not.authorized"


def test_a_transfer_moves_money_and_its_parts_cannot_be_undone(institution: Institution) -> None:
    api, source, loan = institution.api, institution.savings(), institution.loan()
    api.done("POST", f"/savingsaccounts/{source}/transactions?command=deposit", deposit(500))
    body = {"fromOfficeId": 1, "fromClientId": 1, "fromAccountType": 2, "fromAccountId": source}
    body |= {"toOfficeId": 1, "toClientId": 1, "toAccountType": 1, "toAccountId": loan}
    moved = {"transferDate": PAID, "transferAmount": 200, "transferDescription": "allocation"}
    api.done("POST", "/accounttransfers", {**body, **moved, **COMMON})
    assert api.done("GET", f"/loans/{loan}")["summary"]["totalRepayment"] == 200
    rows = api.done("GET", f"/savingsaccounts/{source}/transactions/search?types=2")["content"]
    assert [row["amount"] for row in rows] == [200]
    path = f"/savingsaccounts/{source}/transactions/{rows[0]['id']}?command=undo"
    refused = api.call("POST", path, {})
    assert refused.status_code == 503
    assert code_of(refused).endswith("transfer.transaction.update.not.allowed")


def test_nothing_is_posted_while_the_client_moves_to_another_office(
    institution: Institution,
) -> None:
    api, client = institution.api, institution.client()
    account = institution.savings(client)
    office = {"name": "Mbale", "parentId": 1, "openingDate": "2020-01-01", **COMMON}
    office_id = api.done("POST", "/offices", office)["officeId"]
    proposal = {"destinationOfficeId": office_id, "transferDate": PAID, **COMMON}
    api.done("POST", f"/clients/{client}?command=proposeTransfer", proposal)
    path = f"/savingsaccounts/{account}/transactions?command=deposit"
    assert code_of(api.call("POST", path, deposit())) == "error.msg.client.not.active.exception"
    api.done("POST", f"/clients/{client}?command=acceptTransfer", {})
    assert api.done("POST", path, deposit())["officeId"] == office_id


def test_withdrawals_wait_for_the_end_of_the_lock_in(institution: Institution) -> None:
    api = institution.api
    body = {"clientId": institution.client(), "productId": institution.savings_product}
    body |= {"lockinPeriodFrequency": 6, "lockinPeriodFrequencyType": 2}
    application = {**body, "submittedOnDate": OPENED, **COMMON}
    account = api.done("POST", "/savingsaccounts", application)["savingsId"]
    path = f"/savingsaccounts/{account}"
    api.done("POST", f"{path}?command=approve", {"approvedOnDate": OPENED, **COMMON})
    api.done("POST", f"{path}?command=activate", {"activatedOnDate": OPENED, **COMMON})
    api.done("POST", f"{path}/transactions?command=deposit", deposit(100))
    early = api.call("POST", f"{path}/transactions?command=withdrawal", deposit(1))
    assert code_of(early).endswith("withdrawals.blocked.during.lockin.period")
    late = deposit(1, "2026-07-05")
    assert api.call("POST", f"{path}/transactions?command=withdrawal", late).status_code == 200


def test_fields_that_only_a_real_server_knows_are_501_and_others_400(
    institution: Institution,
) -> None:
    body = {"clientId": 1, "productId": institution.savings_product, "submittedOnDate": OPENED}
    api = institution.api
    known = api.call("POST", "/savingsaccounts", {**body, "withdrawalFeeAmount": 1, **COMMON})
    unknown = api.call("POST", "/savingsaccounts", {**body, "colour": "blue", **COMMON})
    assert (known.status_code, unknown.status_code) == (501, 400)


def test_a_group_borrows_and_repays_like_a_client(institution: Institution) -> None:
    api = institution.api
    group = {"name": "Tumaini", "officeId": 1, "active": True, "activationDate": OPENED}
    group_id = api.done("POST", "/groups", {**group, **COMMON})["groupId"]
    loan = institution.loan(clientId=None, groupId=group_id, loanType="group")
    paid = api.done("POST", f"/loans/{loan}/transactions?command=repayment", deposit(250))
    assert paid["groupId"] == group_id
    read = api.done("GET", f"/loans/{loan}")
    assert (read["group"]["name"], read["summary"]["totalOutstanding"]) == ("Tumaini", 750)


def test_closing_with_the_balance_withdraws_it(institution: Institution) -> None:
    api, account = institution.api, institution.savings()
    path = f"/savingsaccounts/{account}"
    api.done("POST", f"{path}/transactions?command=deposit", deposit(80))
    closing = {"closedOnDate": PAID, "withdrawBalance": True, "paymentTypeId": 1, **COMMON}
    refused = api.call("POST", f"{path}?command=close", {**closing, "withdrawBalance": False})
    assert code_of(refused).endswith("balance.not.zero")
    api.done("POST", f"{path}?command=close", closing)
    read = api.done("GET", path)
    assert (read["status"]["id"], read["summary"]["accountBalance"]) == (600, 0)
    rows = api.done("GET", f"{path}/transactions/search?types=2")["content"]
    assert [row["amount"] for row in rows] == [80]
