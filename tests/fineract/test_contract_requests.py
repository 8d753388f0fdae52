from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from mmrecon.fineract.contract import batch_body, dump_json, parse_json
from mmrecon.fineract.contract_requests import (
    booking_parameters,
    build_account_read,
    build_posting,
    needed_permissions,
)
from mmrecon.model.posting import Command
from tests.fineract.recorded import posting


def test_an_amount_is_an_exact_decimal_literal() -> None:
    item = build_posting(posting("savings_deposit", 42), 1)
    assert '"transactionAmount":1500.50,' in item.body
    whole = build_posting(posting("savings_deposit", 42, currency="UGX", posted_minor=20_000), 1)
    assert '"transactionAmount":20000,' in whole.body


def test_every_write_carries_locale_and_date_format() -> None:
    for command in Command:
        body = json.loads(build_posting(posting(command.value, 42), 1).body)
        assert body["locale"] == "en"
        assert body["dateFormat"] == "yyyy-MM-dd"


def test_each_command_goes_to_its_address() -> None:
    addresses = {
        command: build_posting(posting(command.value, 42), 1).relative_url for command in Command
    }
    assert addresses == {
        Command.SAVINGS_DEPOSIT: "v1/savingsaccounts/42/transactions?command=deposit",
        Command.SAVINGS_WITHDRAWAL: "v1/savingsaccounts/42/transactions?command=withdrawal",
        Command.LOAN_REPAYMENT: "v1/loans/42/transactions?command=repayment",
        Command.LOAN_DISBURSEMENT: "v1/loans/42?command=disburse",
    }


def test_only_loans_carry_an_external_id_and_a_disbursement_its_own_date_field() -> None:
    savings = json.loads(build_posting(posting("savings_deposit", 42), 1).body)
    assert "externalId" not in savings
    paid = json.loads(build_posting(posting("loan_disbursement", 42), 1).body)
    assert paid["externalId"] == "mm-1"
    assert paid["actualDisbursementDate"] == "2026-11-23"
    assert "transactionDate" not in paid


def test_the_same_posting_is_always_the_same_text() -> None:
    one = posting("loan_repayment", 42)
    assert build_posting(one, 1) == build_posting(one, 1)


def test_an_item_of_a_batch_carries_its_key_and_an_empty_key_is_never_sent() -> None:
    items = json.loads(
        batch_body(
            [build_posting(posting("savings_deposit", 42), 1), build_account_read("loan", 7, 2)]
        )
    )
    assert items[0]["headers"] == [{"name": "Idempotency-Key", "value": "k" * 50}]
    assert isinstance(items[0]["body"], str)
    assert "headers" not in items[1]
    assert "body" not in items[1]


@pytest.mark.parametrize("kind", ["savings", "loan"])
def test_a_read_inside_a_batch_has_only_letters_and_commas_in_its_values(kind: str) -> None:
    query = build_account_read(kind, 42, 1).relative_url.partition("?")[2]
    assert re.fullmatch(r"\w+=[\w,]+(&\w+=[\w,]+)*", query)


def test_a_search_by_booking_date_always_gives_both_ends() -> None:
    parameters = booking_parameters(406, "2026-11-20", "2026-11-24")
    assert parameters["submittedOnDateFrom"] == "2026-11-20"
    assert parameters["submittedOnDateTo"] == "2026-11-24"
    assert "fromDate" not in parameters


def test_posting_needs_to_read_and_to_give_its_commands() -> None:
    needed = needed_permissions([Command.LOAN_REPAYMENT])
    assert "REPAYMENT_LOAN" in needed
    assert "READ_SAVINGSACCOUNT" in needed
    assert "DEPOSIT_SAVINGSACCOUNT" not in needed


def test_a_binary_float_is_refused_in_a_request() -> None:
    with pytest.raises(TypeError):
        dump_json({"transactionAmount": 1.5})


def test_json_is_read_with_exact_decimals() -> None:
    assert parse_json('{"amount": 1000.10}') == {"amount": Decimal("1000.10")}
    assert parse_json("<html>") is None
