"""JSON dumps: documents, lists and lines give one table, and damage gives a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mmrecon.config import ReadingLimits
from mmrecon.statements.json_table import is_json
from mmrecon.statements.layout import load_layouts
from mmrecon.statements.reading import Reading, read_member

LAYOUTS = load_layouts()


def confirmation(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "TransactionType": "Pay Bill",
        "TransID": f"UAV0EXAM0{number}",
        "TransTime": "20260131080102",
        "TransAmount": "1500.00",
        "BusinessShortCode": "990501",
        "BillRefNumber": "000123",
        "MSISDN": "254700000001",
        "FirstName": "ALICE",
        "MiddleName": "",
        "LastName": "EXAMPLE",
        **changed,
    }


def read(text: str, limits: ReadingLimits | None = None) -> Reading:
    return read_member(text.encode(), "dump.json", LAYOUTS, limits=limits or ReadingLimits())


def facts(reading: Reading) -> list[tuple[Any, ...]]:
    names = ["row", "receipt", "amount_minor", "line_class", "party_name", "reference"]
    return [tuple(row) for row in reading.lines[names].to_numpy().tolist()]


DUMPS = [confirmation(1), confirmation(2, TransAmount=12.5)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(DUMPS),
        json.dumps(DUMPS, indent=2),
        "\n".join(map(json.dumps, DUMPS)),
        ",\n".join(map(json.dumps, DUMPS)) + "\n",
        json.dumps({"page": 1, "transactions": DUMPS}),
        "\n".join(json.dumps({"body": dump, "at": 1}) for dump in DUMPS),
        "\ufeff" + json.dumps(DUMPS),
    ],
)
def test_documents_lists_lines_and_envelopes_give_the_same_rows(text: str) -> None:
    assert facts(read(text)) == [
        (1, "UAV0EXAM01", 150_000, "collection", "ALICE EXAMPLE", "000123"),
        (2, "UAV0EXAM02", 1_250, "collection", "ALICE EXAMPLE", "000123"),
    ]


def test_numbers_keep_every_digit_they_are_written_with() -> None:
    text = json.dumps(confirmation(1)).replace('"1500.00"', "90071992547409.93")
    assert facts(read(text))[0][2] == 9_007_199_254_740_993


def test_a_name_that_comes_twice_is_called_by_its_path() -> None:
    record = confirmation(1) | {"extra": {"TransID": "x"}}
    reading = read(json.dumps(record))
    assert reading.lines["receipt"].tolist() == ["UAV0EXAM01"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"TransID": ', "json_broken"),
        ('[{"a": 1}, 5]', "json_broken"),
        ("[" * 3000 + "]" * 3000, "json_broken"),
        ('{"a": ' * 3000 + "1" + "}" * 3000, "json_broken"),
        ('{"hello": "world"}', "no_layout_at_all"),
        ("[]", "no_layout_at_all"),
        ("{}", "no_layout_at_all"),
        ('{"a": 1} trailing', "json_broken"),
    ],
)
def test_json_that_is_no_statement_is_set_aside_with_its_word(text: str, code: str) -> None:
    reading = read(text)
    assert (reading.outcome, reading.reason) == ("quarantined", code)


def test_a_cut_off_dump_loses_no_row_silently() -> None:
    whole = json.dumps(DUMPS)
    assert read(whole[:-40]).reason == "json_broken"


def test_more_records_than_allowed_are_refused() -> None:
    reading = read(json.dumps(DUMPS), ReadingLimits(rows=1))
    assert reading.reason == "too_many_rows"


def test_the_shortcode_of_each_record_says_whose_dump_it_is() -> None:
    header = read(json.dumps(DUMPS)).header
    assert header is not None
    assert header.account == "990501"
    two = [*DUMPS, confirmation(3, BusinessShortCode="990502")]
    assert read(json.dumps(two)).reason == "two_wallets"


def test_the_same_confirmation_saved_twice_is_one_line() -> None:
    from mmrecon.model.line import LineFrame
    from mmrecon.statements.identity import pair

    reading = read(json.dumps([DUMPS[0], DUMPS[0]]))
    pairing = pair(reading.lines, LineFrame.empty(), 1)
    assert pairing.line_ids.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"a": 1}', True),
        (b' [ {"a"', True),
        (b"[]", True),
        (b"{}", True),
        (b"Id,Date\n", False),
        (b"[Id],Date\n", False),
        (b"{Id}\n", False),
        (b'"Id,""Date"""\n', False),
    ],
)
def test_json_is_told_by_how_it_begins(content: bytes, expected: bool) -> None:
    assert is_json(content) is expected


def test_a_failed_payout_is_a_counted_skip_and_a_paid_one_a_line() -> None:
    def result(code: int, **inner: str) -> dict[str, Any]:
        pairs = [{"Key": key, "Value": value} for key, value in inner.items()]
        ids = {"ResultCode": code, "ConversationID": "A", "OriginatorConversationID": "B"}
        return {"Result": {**ids, "ResultParameters": {"ResultParameter": pairs}}}

    paid = result(
        0,
        TransactionAmount="2500",
        TransactionReceipt="UAV0EXAM51",
        ReceiverPartyPublicName="254700000051 - FRANK EXAMPLE",
        TransactionCompletedDateTime="31.01.2026 10:00:00",
    )
    reading = read(json.dumps([paid, result(2001)]))
    assert facts(reading) == [(1, "UAV0EXAM51", 250_000, "payout", "FRANK EXAMPLE", "")]
    assert reading.skipped == {"not paid": 1}
    odd = json.loads(json.dumps(paid))
    odd["Result"]["ResultParameters"]["ResultParameter"][3]["Value"] = ""
    assert read(json.dumps([paid, odd])).refused["code"].tolist() == ["date_unreadable"]


def test_a_dump_of_failed_payouts_only_is_read_and_holds_no_line() -> None:
    failed = {
        "Result": {
            "ResultCode": 2001,
            "ResultDesc": "The initiator information is invalid.",
            "OriginatorConversationID": "EXAMPLE-1",
            "ConversationID": "AG_EXAMPLE_1",
            "TransactionID": "UAV0EXAM52",
        }
    }
    reading = read(json.dumps(failed))
    assert (reading.outcome, reading.data_rows) == ("read", 0)
    assert reading.skipped == {"not paid": 1}
