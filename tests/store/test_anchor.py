from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.store import journal
from mmrecon.store.anchor import (
    Head,
    anchor_path,
    contains,
    parse_head,
    read_anchor,
    write_anchor,
)
from mmrecon.store.database import reading, transaction


def head_of(engine: Engine, entries: int) -> Head:
    with transaction(engine) as connection:
        for number in range(entries):
            entry = journal.Entry("event", {"number": number})
            journal.append(connection, [entry], at_utc="t", run_id="r")
        return Head(*journal.head(connection))


def test_a_head_comes_back_from_its_printed_form_and_from_the_whole_one(engine: Engine) -> None:
    head = head_of(engine, 3)
    with reading(engine) as connection:
        assert contains(connection, parse_head(head.printed()))
        assert contains(connection, parse_head(f"{head.sequence}:{head.hash}"))
        assert contains(connection, parse_head(f" {head.printed().upper()} "))


@pytest.mark.parametrize(
    "text",
    ["", "12", "12:", "12:9f3a", "x:9f3a11bc0d2e77aa", "12:9f3a11bc0d2e77ag", "12:" + "a" * 65],
)  # fmt: skip
def test_what_is_no_head_is_said_with_the_right_form(text: str) -> None:
    with pytest.raises(UsageError, match="no head") as refused:
        parse_head(text)
    assert "1234:" in refused.value.hint


def test_a_journal_does_not_contain_what_it_never_had(engine: Engine) -> None:
    head = head_of(engine, 3)
    with reading(engine) as connection:
        assert not contains(connection, Head(4, head.hash))
        assert not contains(connection, Head(2, head.hash))
        assert contains(connection, Head(0, ""))


def test_the_anchor_lies_beside_the_state_folder_for_its_owner_alone(tmp_path: Path) -> None:
    state, other = tmp_path / "state", tmp_path / "other"
    assert read_anchor(state) is None
    assert write_anchor(state, Head(7, "ab" * 32))
    assert write_anchor(other, Head(9, "cd" * 32))
    assert read_anchor(state) == Head(7, "ab" * 32)
    assert anchor_path(state) == tmp_path / "anchor"
    assert stat.S_IMODE((tmp_path / "anchor").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if "anchor" in path.name) == ["anchor"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"state": 5}', '{"state": {"sequence": 1}}'])
def test_an_anchor_that_was_changed_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "anchor").write_text(text)
    with pytest.raises(SafetyRefusal, match="was changed"):
        read_anchor(tmp_path / "state")
