"""Layouts: all faults at once, tokens, the site's own folder, exactly one claimant."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmrecon.errors import ConfigurationError
from mmrecon.statements.header import claimants
from mmrecon.statements.layout import BUILT_IN, Layout, load_layouts, parse_layout, token
from tests.statements.builders import A_HEADER, B_HEADER, MTN_HEADER

GOOD = (BUILT_IN / "mpesa-b.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [(" Receipt  No. ", "receipt no"), ("Short Code:", "short code"), ("À", "à"), ("", "")],
)
def test_header_cells_are_compared_without_case_space_and_last_dot(
    cell: str, expected: str
) -> None:
    assert token(cell) == expected


@pytest.mark.parametrize(
    ("header", "name"), [(A_HEADER, "mpesa-a"), (B_HEADER, "mpesa-b"), (MTN_HEADER, "mtn-54")]
)
def test_each_header_has_exactly_one_claimant(header: tuple[str, ...], name: str) -> None:
    assert [layout.name for layout in claimants(header, load_layouts(), "csv")] == [name]


def test_a_table_may_be_saved_as_another_kind_of_table_but_not_as_json() -> None:
    for container in ("csv", "xls", "xlsx"):
        claimed = claimants(B_HEADER, load_layouts(), container)
        assert [layout.name for layout in claimed] == ["mpesa-b"]
    assert claimants(B_HEADER, load_layouts(), "json") == []


def test_all_faults_of_a_layout_are_named_at_once() -> None:
    text = GOOD.replace('zone = "Africa/Nairobi"', 'zone = "Mars/Base"\nsurprise = 1').replace(
        'line_class = "funding"', 'line_class = "gift"'
    )
    with pytest.raises(ConfigurationError) as caught:
        parse_layout(text, source="site.toml")
    paths = [path for path, _ in caught.value.faults]
    assert any(path.startswith("zone") for path in paths)
    assert "surprise" in paths
    assert "classes.4.line_class" in paths
    assert "site.toml: " in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('field = "receipt"', 'field = "external_id"', "text_columns lack ['receipt']"),
        ('field = "details"', 'field = "receipt"', "two text_columns fill ['receipt']"),
        ('field = "in"', 'field = "fee"', None),
        ("(?P<reference>", "(?P<whatever>", "are none of"),
        ("'^[A-Z][A-Z0-9]{7,11}$'", "'['", "not a regular expression"),
        ('field = "status"', 'field = "reason_type"', "status words, but no status column"),
        ('format = "%d/%m/%Y %H:%M:%S"', 'format = "%H"', "String should match"),
    ],
)
def test_a_layout_that_cannot_be_read_is_refused(old: str, new: str, words: str | None) -> None:
    assert old in GOOD
    if words is None:
        assert isinstance(parse_layout(GOOD.replace(old, new), source="x"), Layout)
        return
    with pytest.raises(ConfigurationError, match=r"x: 1 fault\b") as caught:
        parse_layout(GOOD.replace(old, new), source="x")
    assert words in str(caught.value)


def test_text_that_is_no_toml_is_a_fault() -> None:
    with pytest.raises(ConfigurationError, match="is no TOML"):
        parse_layout("name = ", source="x")


def test_a_sites_own_folder_is_loaded_beside_the_built_in_layouts(tmp_path: Path) -> None:
    own = GOOD.replace('name = "mpesa-b"', 'name = "own"')
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    names = [layout.name for layout in load_layouts(tmp_path)]
    assert names[-1] == "own"
    assert "mpesa-a" in names


def test_two_layouts_of_one_name_and_a_missing_folder_are_faults(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="mmrecon has a layout mpesa-b of its own"):
        load_layouts(tmp_path)
    with pytest.raises(ConfigurationError, match="is not a folder"):
        load_layouts(tmp_path / "missing")


def test_two_layouts_of_a_site_cannot_share_a_name(tmp_path: Path) -> None:
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text(GOOD.replace('"mpesa-b"', '"site"'), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="two layouts are called site"):
        load_layouts(tmp_path)


def test_what_a_draft_still_asks_is_named_with_its_places() -> None:
    text = GOOD.replace('"mpesa"', '"?"').replace('"Details"\nf', '"?"\nf')
    with pytest.raises(ConfigurationError) as caught:
        parse_layout(text, source="draft.toml")
    assert [message for _, message in caught.value.faults] == ["is still a question: answer it"] * 2
    assert caught.value.faults[0][0] == "provider"
    assert "docs/adding-a-layout.md" in caught.value.hint


def test_every_layout_says_where_its_export_comes_from() -> None:
    assert [layout.name for layout in load_layouts() if not layout.portal] == []
