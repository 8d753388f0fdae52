from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrecon.model.keys import (
    PostingFacts,
    canonical_json,
    line_source,
    loan_source,
    request_source,
)

SOURCE = line_source("mpesa", "990501", "Utility Account", "TAA0EXAMP1", 1, 150000, 1, 0)
FACTS = PostingFacts(
    tenant="default",
    command="savings_deposit",
    account_kind="savings",
    account_id=42,
    source=SOURCE,
    purpose="post",
    leg=1,
    posted_minor=150000,
    value_date="2026-01-31",
    attempt=1,
)


def test_derivations_are_pinned_and_may_not_change_between_versions() -> None:
    assert SOURCE == '["line","mpesa","990501","Utility Account","TAA0EXAMP1",1,150000,1,0]'
    assert request_source("Nairobi", "W-17") == '["withdrawal_request","Nairobi","W-17"]'
    assert loan_source(12, 1) == '["approved_loan",12,1]'
    assert FACTS.idempotency_key(0) == "ziy2i2snxjnnvnwbxynpjz7dy7emvy672fnpflxi7csi2ucx7w"
    assert FACTS.idempotency_key(1) == "gv5thje7ypnfoqijapih7n7uxht5vxbdu6uy7k4xpvl5tq3eir"
    assert FACTS.external_id() == "mm-8b8c9640d4e7da91c06b1d877af0b08f1cf303e0"


def test_a_key_has_only_lower_case_letters_and_digits() -> None:
    assert re.fullmatch(r"[a-z0-9]{50}", FACTS.idempotency_key(0))


def test_an_external_id_fits_a_batch_address() -> None:
    assert re.fullmatch(r"mm-[0-9a-f]{40}", FACTS.external_id())


@given(
    st.sampled_from(
        ["tenant", "command", "account_kind", "account_id", "source", "purpose", "leg",
         "posted_minor", "value_date", "attempt"]
    )
)  # fmt: skip
def test_every_fact_changes_key_and_external_id(name: str) -> None:
    facts = {field: getattr(FACTS, field) for field in FACTS.__dataclass_fields__}
    facts[name] = facts[name] + (1 if isinstance(facts[name], int) else "x")
    other = PostingFacts(**facts)
    assert other.idempotency_key(0) != FACTS.idempotency_key(0)
    assert other.external_id() != FACTS.external_id()


def test_a_float_is_refused_wherever_it_hides() -> None:
    with pytest.raises(TypeError):
        canonical_json({"rows": [{"amount": 1.5}]})


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none() | st.booleans()))
def test_canonical_text_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical_json(value) == canonical_json(turned)
