from __future__ import annotations

import json
from typing import Any

import pytest

from mmrecon.fineract.contract import Fault, Reply, read_batch
from mmrecon.fineract.contract_replies import (
    Heard,
    Meaning,
    understand_batch,
    understand_posting,
)
from mmrecon.model.posting import Posting
from tests.fineract.recorded import posting, recorded, reply_of

POSTINGS = recorded("postings")
BATCHES = recorded("batches")


def heard(name: str) -> Heard:
    entry = POSTINGS[name]
    return understand_posting(posting(entry["command"], entry["account_id"]), reply_of(entry))


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("deposit", Meaning.POSTED),
        ("withdrawal", Meaning.POSTED),
        ("repayment", Meaning.POSTED),
        ("disbursement", Meaning.POSTED),
        ("disbursement_from_cache", Meaning.POSTED),
        ("deposit_from_cache", Meaning.POSTED),
        ("pending", Meaning.PENDING),
        ("key_of_a_pending_one", Meaning.UNKNOWN),
        ("no_money", Meaning.REFUSED),
        ("no_money_from_cache", Meaning.REFUSED),
        ("key_too_long", Meaning.UNKNOWN),
        ("stuck", Meaning.STUCK),
        ("duplicate_repayment", Meaning.DUPLICATE),
        ("duplicate_disbursement", Meaning.DUPLICATE),
        ("tomorrow", Meaning.DEFERRED),
        ("loan_tomorrow", Meaning.DEFERRED),
        ("disburse_tomorrow", Meaning.DEFERRED),
        ("closed_account", Meaning.REFUSED),
        ("unknown_loan", Meaning.REFUSED),
        ("long_external_id", Meaning.UNKNOWN),
        ("not_disbursed", Meaning.REFUSED),
        ("no_permission", Meaning.NOT_AUTHORISED),
        ("wrong_password", Meaning.LOGIN_REFUSED),
        ("container_500", Meaning.UNKNOWN),
    ],
)
def test_a_recorded_reply_means(name: str, meaning: Meaning) -> None:
    assert heard(name).meaning is meaning


def test_the_transaction_of_a_disbursement_is_the_sub_resource() -> None:
    body = json.loads(POSTINGS["disbursement"]["text"])
    assert heard("disbursement").transaction_id == str(body["subResourceId"])
    assert heard("deposit").transaction_id == str(
        json.loads(POSTINGS["deposit"]["text"])["resourceId"]
    )


def test_a_refusal_from_the_cache_says_so() -> None:
    assert heard("no_money_from_cache").from_cache
    assert not heard("no_money").from_cache
    assert heard("no_money").code.endswith("insufficient.account.balance")


def test_another_account_in_a_success_is_an_alarm() -> None:
    entry = POSTINGS["deposit"]
    asked = posting(entry["command"], entry["account_id"] + 1)
    assert understand_posting(asked, reply_of(entry)).meaning is Meaning.OTHER_ACCOUNT


def test_nulls_of_the_raw_cached_form_read_like_absent() -> None:
    raw = {"commandId": None, "savingsId": 42, "resourceId": 123, "loanId": None}
    asked = posting("savings_deposit", 42)
    assert understand_posting(asked, ok(raw)) == Heard(Meaning.POSTED, 200, "", "123")
    nothing = {"commandId": None, "savingsId": 42, "resourceId": None}
    assert understand_posting(asked, ok(nothing)).meaning is Meaning.UNKNOWN
    waiting = {"commandId": 7, "savingsId": 42, "resourceId": None}
    assert understand_posting(asked, ok(waiting)).meaning is Meaning.PENDING


def test_a_success_that_names_no_account_is_not_believed() -> None:
    answer = ok({"resourceId": 123})
    assert understand_posting(posting("savings_deposit", 42), answer).meaning is Meaning.UNKNOWN


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (403, "error.msg.loan.repayment.duplicate.externalId", Meaning.DUPLICATE),
        (403, "error.msg.loan.disbursement.duplicate.externalId", Meaning.DUPLICATE),
        (403, "error.msg.data.integrity.issue", Meaning.UNKNOWN),
        (403, "error.msg.loan.repayment.unknown.data.integrity.issue", Meaning.UNKNOWN),
        (403, "error.msg.datatable.entry.duplicate", Meaning.UNKNOWN),
        (403, "error.msg.platform.service.lock.conflict", Meaning.UNKNOWN),
        (409, "error.msg.platform.service.lock.conflict", Meaning.UNKNOWN),
        (409, "error.msg.platform.service.query.conflict", Meaning.UNKNOWN),
        (409, "error.msg.loan.locked", Meaning.LOCKED),
        (503, "error.msg.savingsaccount.account.trasaction.deposit.notallowed", Meaning.REFUSED),
        (503, "error.msg.sheduler.job.currently.running", Meaning.DEFERRED),
        (405, "error.msg.invalid.instance.type", Meaning.NOT_SUPPORTED),
        (500, "error.msg.platform.server.side.error", Meaning.UNKNOWN),
        (403, "error.msg.glJournalEntry.invalid.accounting.closed", Meaning.REFUSED),
    ],
)
def test_a_code_means(status: int, code: str, meaning: Meaning) -> None:
    body = {"httpStatusCode": str(status), "errors": [{"userMessageGlobalisationCode": code}]}
    answer = Reply(status, {}, json.dumps(body))
    assert understand_posting(posting("loan_repayment", 12), answer).meaning is meaning


@pytest.mark.parametrize(
    "answer",
    [
        Reply(502, {}, "<html>Bad gateway</html>"),
        Reply(503, {}, "<html>Service unavailable</html>"),
        Reply(504, {}, ""),
        Reply(500, {"x-served-from-cache": "true"}, '{"Exception":"x"}'),
        Reply(400, {}, '{"timestamp":"x","status":400,"error":"Bad Request","path":"/x"}'),
        Reply(404, {}, '{"timestamp":"x","status":404,"error":"Not Found","path":"/x"}'),
        Reply(200, {}, "<html>Welcome</html>"),
        Reply(0, fault=Fault.UNHEARD),
    ],
)
def test_what_fineract_did_not_say_is_unknown(answer: Reply) -> None:
    assert understand_posting(posting("savings_deposit", 42), answer).meaning is Meaning.UNKNOWN


def test_what_never_left_is_not_sent() -> None:
    answer = Reply(0, fault=Fault.NOT_SENT)
    assert understand_posting(posting("savings_deposit", 42), answer).meaning is Meaning.NOT_SENT


def test_an_unknown_address_inside_a_batch_is_not_supported() -> None:
    answer = Reply(501, {}, "{}")
    meaning = understand_posting(posting("savings_deposit", 42), answer).meaning
    assert meaning is Meaning.NOT_SUPPORTED


def of_batch(name: str, *, enclosing: bool) -> list[Meaning]:
    entry = BATCHES[name]
    asked: list[Posting] = [posting(command, number) for command, number in entry["asked"]]
    answer = read_batch(reply_of(entry))
    return [one.meaning for one in understand_batch(asked, answer, enclosing=enclosing)]


def test_an_enclosing_batch_that_went_through_posted_every_item() -> None:
    assert of_batch("all_posted", enclosing=True) == [Meaning.POSTED] * 2
    assert of_batch("all_from_cache", enclosing=True) == [Meaning.POSTED] * 2


def test_the_failing_item_of_an_enclosing_batch_rolls_the_others_back() -> None:
    assert of_batch("rolled_back", enclosing=True) == [Meaning.ROLLED_BACK, Meaning.REFUSED]


def test_a_conflict_of_an_enclosing_batch_leaves_every_item_unknown() -> None:
    assert of_batch("conflict", enclosing=True) == [Meaning.UNKNOWN]


def test_maker_checker_queues_loose_items_and_fights_enclosing_ones() -> None:
    assert of_batch("maker_checker_loose", enclosing=False) == [Meaning.PENDING] * 2
    assert of_batch("maker_checker_enclosing", enclosing=True) == [Meaning.UNKNOWN]


def test_a_missing_permission_stops_the_whole_batch() -> None:
    assert of_batch("no_permission", enclosing=False) == [Meaning.NOT_AUTHORISED]


@pytest.mark.parametrize("enclosing", [True, False])
def test_a_call_that_failed_whole_leaves_every_item_unknown(enclosing: bool) -> None:
    asked = [posting("savings_deposit", 1), posting("savings_deposit", 2)]
    for answer in (
        Reply(500, {}, POSTINGS["container_500"]["text"]),
        Reply(502, {}, "<html></html>"),
        Reply(409, {}, "{}"),
        Reply(403, {}, POSTINGS["no_money"]["text"]),
        Reply(200, {}, "[]"),
        Reply(200, {}, "not JSON"),
    ):
        found = understand_batch(asked, read_batch(answer), enclosing=enclosing)
        assert [one.meaning for one in found] == [Meaning.UNKNOWN] * 2


def test_elements_that_do_not_fit_the_request_are_not_believed() -> None:
    asked = [posting("savings_deposit", 1), posting("savings_deposit", 2)]
    refusal = json.dumps({"errors": [{"userMessageGlobalisationCode": "error.msg.x"}]})
    strange = [{"requestId": 9, "statusCode": 403, "body": refusal}]
    without = [{"statusCode": 403, "body": refusal}]
    for elements in (strange, without, strange * 2):
        answer = read_batch(Reply(200, {}, json.dumps(elements)))
        found = understand_batch(asked, answer, enclosing=True)
        assert [one.meaning for one in found] == [Meaning.UNKNOWN] * 2


def test_an_item_that_the_answer_leaves_out_makes_the_whole_call_unknown() -> None:
    asked = [posting("savings_deposit", 1), posting("savings_deposit", 2)]
    body = json.dumps({"savingsId": 1, "resourceId": 7})
    answer = read_batch(Reply(200, {}, json.dumps([_element(1, 200, body)])))
    found = understand_batch(asked, answer, enclosing=True)
    assert [one.meaning for one in found] == [Meaning.UNKNOWN] * 2


@pytest.mark.parametrize("status", [405, 409, 422, 429, 500, 502, 504])
@pytest.mark.parametrize(
    "code", ["error.msg.any.business.rule", "error.msg.savingsaccount.transaction.in.the.future"]
)
def test_a_status_of_doubt_is_unknown_whatever_its_code(status: int, code: str) -> None:
    body = {"httpStatusCode": str(status), "errors": [{"userMessageGlobalisationCode": code}]}
    answer = Reply(status, {}, json.dumps(body))
    said = understand_posting(posting("savings_deposit", 42), answer).meaning
    later = status in {405, 422, 429} and code.endswith("future")
    assert said is (Meaning.DEFERRED if later else Meaning.UNKNOWN)


def test_a_code_in_another_shape_than_fineracts_is_unknown() -> None:
    text = json.dumps({"userMessageGlobalisationCode": "error.msg.any.business.rule"})
    answer = Reply(403, {}, text)
    meaning = understand_posting(posting("savings_deposit", 42), answer).meaning
    assert meaning is Meaning.UNKNOWN


def ok(body: Any) -> Reply:
    return Reply(200, {}, json.dumps(body))


def _element(number: int, status: int, body: str) -> dict[str, Any]:
    return {"requestId": number, "statusCode": status, "headers": [], "body": body}
