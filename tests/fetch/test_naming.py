from __future__ import annotations

import pytest

from mmrecon.fetch.naming import is_impossible, is_wanted, shown_name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("statement 2026-03-02.csv", "statement 2026-03-02.csv"),
        ("Übersicht_São.csv", "Übersicht_São.csv"),
        ("\x1b[2J.csv", "\\x1b[2J.csv"),
        ("a\nb.csv", "a\\nb.csv"),
        ("\u202evsc.exe", "\\u202evsc.exe"),
        ("a\\x1b.csv", "a\\\\x1b.csv"),
        ("caf\udce9.csv", "caf\\udce9.csv"),
        ("a\u200bb.csv", "a\\u200bb.csv"),
    ],
)
def test_a_name_is_shown_harmlessly(raw: str, shown: str) -> None:
    assert shown_name(raw) == shown


def test_different_names_stay_different() -> None:
    assert shown_name("\x1b") != shown_name("\\x1b")


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/a", "a\0b"])
def test_no_file_can_have_such_a_name(name: str) -> None:
    assert is_impossible(name)


@pytest.mark.parametrize(
    "name",
    [".hidden.csv", "~$a.csv", "a.csv.part", "a.csv.TMP", "a.csv.filepart", "a.csv.crdownload"],
)
def test_hidden_files_locks_and_unfinished_uploads_are_passed_over(name: str) -> None:
    assert not is_wanted(name, "*")


def test_only_names_of_the_pattern_are_wanted() -> None:
    assert is_wanted("ORG_600001_x.csv", "ORG_600001_*")
    assert not is_wanted("ORG_600002_x.csv", "ORG_600001_*")
