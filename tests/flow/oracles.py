"""The money oracles: what must hold of a site at the end of every flow, whatever happened in it.

They read the two databases with SQL of their own; nothing of the product counts for them.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

from mmrecon.model.line_state import LineState
from tests.flow.site import Money, Site

_TYPE_OF_COMMAND: Final = {
    "savings_deposit": 1, "savings_withdrawal": 2, "loan_disbursement": 1, "loan_repayment": 2,
}  # fmt: skip
_IN_FINERACT: Final = {"posted", "verified", "reversed_outside"}
_DEAD: Final = ("refused", "withdrawn", "undone", "reversed_outside")
_KEPT: Final = (
    "file", "delivery", "statement", "line", "sighting", "refused_row", "item", "answer", "batch",
    "batch_row", "signature", "posting", "exchange", "link", "hold", "review_reason",
)  # fmt: skip
_AGAIN: Final = (
    "fetch", "import", "ledger refresh", "match", "workbook", "post", "verify", "prove",
)  # fmt: skip


def check_money(
    site: Site, *, returned: Path | None = None, codes: tuple[int, ...] = (0, 1)
) -> None:
    """Every oracle; at the end of a flow test.

    `returned` is the workbook that was handed back, to be handed back once more; `codes` are how
    the second run of the commands may end.
    """
    check_rows(site)
    check_buckets(site)
    check_ledger(site)
    check_keys(site)
    check_amounts(site)
    check_second_run(site, returned, codes)


def check_rows(site: Site) -> None:
    """Data rows and their money = first sightings + repeats + refused; what was skipped is none."""
    statements = site.rows(
        "select s.*, f.first_name from statement s join file f using (file_id) "
        "where s.complete and s.current and s.outcome in ('read', 'partial')"
    )
    for statement in statements:
        told = statement["new_lines"] + statement["repeat_lines"] + statement["refused_rows"]
        assert told == statement["data_rows"], statement
        skipped = json.loads(statement["skipped_json"])
        assert sum(skipped.values()) == statement["skipped_rows"]
        assert set(skipped) <= {"header", "preamble", "blank", "footer", "totals"}, skipped
        seen = _sightings(site, statement["statement_id"])
        assert seen["rows"] + seen["refused"] == told, statement
        money = (statement["in_minor"], statement["out_minor"] + statement["fees_minor"])
        assert money == (seen["in_minor"], seen["out_minor"]), statement
        written = site.delivered.get(statement["first_name"])
        if written and not statement["refused_rows"]:
            assert written.rows == statement["data_rows"]
            assert (written.in_minor, written.out_minor) == (
                statement["in_minor"], statement["out_minor"],
            )  # fmt: skip
            assert written.fees_minor == statement["fees_minor"]


def _sightings(site: Site, statement_id: int) -> dict[str, int]:
    (lines,) = site.rows(
        "select count(distinct s.row) rows, "
        "coalesce(sum(case when l.sign = 1 then l.amount_minor end), 0) in_minor, "
        "coalesce(sum(case when l.sign = -1 then l.amount_minor end), 0) out_minor "
        "from sighting s join line l using (line_id) "
        "where s.statement_id = ? and s.line_class <> 'non_final'",
        statement_id,
    )
    (other,) = site.rows(
        "select count(distinct row) rows from sighting "
        "where statement_id = ? and line_class = 'non_final'",
        statement_id,
    )
    (refused,) = site.rows(
        "select count(*) rows, coalesce(sum(in_minor), 0) in_minor, "
        "coalesce(sum(out_minor), 0) out_minor from refused_row where statement_id = ?",
        statement_id,
    )
    return {
        "rows": lines["rows"] + other["rows"],
        "refused": refused["rows"],
        "in_minor": lines["in_minor"] + refused["in_minor"],
        "out_minor": lines["out_minor"] + refused["out_minor"],
    }


def check_buckets(site: Site) -> None:
    """Every line is in one bucket, and the buckets add up to the movement of the balance."""
    told = site.lines()
    words = {state.value for state in LineState}
    assert {line["state"] for line in told} <= words
    stored = site.rows(
        "select w.name wallet, l.receipt, l.sign, l.amount_minor from line l join wallet w "
        "using (wallet_id)"
    )
    key = ("wallet", "receipt", "sign", "amount_minor")
    assert Counter(tuple(line[name] for name in key) for line in told) == Counter(
        tuple(line[name] for name in key) for line in stored
    )
    whole = site.rows(
        "select * from statement where complete and current and opening_minor is not null "
        "and closing_minor is not null and refused_rows = 0 and proof <> 'contradicted'"
    )
    for statement in whole:
        (moved,) = site.rows(
            "select coalesce(sum(sign * amount_minor), 0) minor from line where line_id in "
            "(select line_id from sighting where statement_id = ? and line_class <> 'non_final')",
            statement["statement_id"],
        )
        assert moved["minor"] == statement["closing_minor"] - statement["opening_minor"]


def check_ledger(site: Site) -> None:
    """The sandbox's ledger is what it was before, what others did by hand, and what was approved.

    Each posting that says so stands there once, with its account, amount, date, receipt and
    payment type; nothing else does. What was undone is there, reversed.
    """
    postings = site.rows(
        "select * from posting where state in ('posted', 'verified', 'undone', ?)", _DEAD[3]
    )
    ours = Counter(_as_sent(posting) for posting in postings)
    standing = [
        one for one in site.new_money() if (one.kind, one.transaction_id) not in site.by_hand
    ]
    assert Counter(map(_as_found, standing)) == ours
    numbers = {(one.kind, str(one.transaction_id)) for one in standing}
    assert {(p["account_kind"], p["transaction_id"]) for p in postings} == numbers
    reversed_ = {(one.kind, str(one.transaction_id)) for one in standing if one.reversed}
    assert reversed_ == {
        (p["account_kind"], p["transaction_id"]) for p in postings if p["state"] in _DEAD
    }
    lost = {
        (one.kind, one.transaction_id) for one in site.opened_with
    } - {(one.kind, one.transaction_id) for one in site.ledger()}  # fmt: skip
    assert not lost
    _check_approved(site)


def _as_sent(posting: dict[str, Any]) -> tuple[Any, ...]:
    return (
        posting["account_kind"], posting["account_id"], _TYPE_OF_COMMAND[posting["command"]],
        posting["posted_minor"], posting["value_date"], posting["receipt"],
        posting["payment_type_id"],
    )  # fmt: skip


def _as_found(money: Money) -> tuple[Any, ...]:
    return (
        money.kind, money.account_id, money.type_id, money.amount_minor, money.value_date,
        money.receipt, money.payment_type_id,
    )  # fmt: skip


def _check_approved(site: Site) -> None:
    """Every posting is a row that two people signed, and says the same."""
    rows = site.rows(
        "select r.batch_id, r.row_number, r.row_json, b.prepared_by, b.decided_by from batch_row r "
        "join batch b using (batch_id) where b.state = 'approved' and not r.rejected"
    )
    approved = {(row["batch_id"], row["row_number"]): row for row in rows}
    for posting in site.rows("select * from posting"):
        row = approved[posting["batch_id"], posting["batch_row"]]
        assert row["prepared_by"] != row["decided_by"]
        signed = json.loads(row["row_json"])
        for name in (
            "account_id", "amount_minor", "posted_minor", "value_date", "receipt", "source",
            "purpose", "leg", "command", "payment_type_id", "currency",
        ):  # fmt: skip
            assert posting[name] == signed[name], name


def check_keys(site: Site) -> None:
    """No idempotency key twice, no transaction twice, no receipt twice on one account."""
    keys = [posting["idempotency_key"] for posting in site.rows("select * from posting")]
    assert len(keys) == len(set(keys))
    shared = site.rows(
        "select idempotency_key from exchange group by idempotency_key "
        "having count(distinct posting_id) > 1"
    )
    assert not shared
    sent = Counter(
        (one.kind, one.account_id, one.receipt, one.amount_minor, one.type_id)
        for one in site.new_money()
        if one.receipt and not one.reversed and (one.kind, one.transaction_id) not in site.by_hand
    )
    assert all(count == 1 for count in sent.values()), sent


def check_amounts(site: Site) -> None:
    """No line, item or Fineract transaction is occupied over its amount."""
    live = f"state not in {_DEAD}"
    for table, purposes in (("line", ("post", "park", "pay")), ("item", ("pay", "none"))):
        over = site.rows(
            f"select t.{table}_id, t.amount_minor, "
            f"(select coalesce(sum(amount_minor), 0) from posting p where p.{table}_id = "
            f"t.{table}_id and {live} and purpose in {purposes}) + "
            f"(select coalesce(sum(amount_minor), 0) from link k where k.{table}_id = "
            f"t.{table}_id and not withdrawn) occupied from {table} t "
            "where occupied > t.amount_minor"
        )
        assert not over, (table, over)


def check_second_run(site: Site, returned: Path | None, codes: tuple[int, ...]) -> None:
    """A second run of every command makes no posting, no line and no journal of a posting."""
    site.ok("ledger", "refresh")
    site.ok("match", codes=codes)  # what came back since the last one is known now
    site.ok("verify", codes=codes)
    before, ledger = _memory(site), site.ledger()
    for command in _AGAIN:
        ended = site.ok(*command.split(), "--json", codes=codes).json
        if command == "match":
            assert ended["changed"] == 0
        if command == "fetch":
            assert ended["files"] == []
    if returned is not None:
        site.ok("submit", str(returned), *site.signed("Asha Test"), codes=codes)
    after = _memory(site)
    assert after == before
    assert site.ledger() == ledger


def _memory(site: Site) -> dict[str, Any]:
    """How much the site remembers, and how each posting and line stands."""
    counted = {
        table: site.rows(f"select count(*) number from {table}")[0]["number"] for table in _KEPT
    }
    states = Counter(row["state"] for row in site.rows("select state from posting"))
    told = site.rows(
        "select count(*) number from journal where event like 'posting%' or event like 'link%'"
    )
    lines = Counter(line["state"] for line in site.lines())
    return {**counted, "states": states, "told": told, "lines": lines}
