from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mmrecon.fetch.folder import Folder
from mmrecon.fetch.source import NotRead, RemoteFile
from mmrecon.fetch.take import Delivered, Taken, TakeRules, take
from mmrecon.model.catalogue import severity_of
from mmrecon.model.issue import Issue

FAR_LATER_S = 4_000_000_000
YOUNG = TakeRules("*", quiet_s=10, file_bytes=1000, now_utc_s=0)
OLD = TakeRules("*", quiet_s=10, file_bytes=1000, now_utc_s=FAR_LATER_S)
EAGER = TakeRules("*", quiet_s=0, file_bytes=1000, now_utc_s=0)


def _names(
    folder: Path,
    rules: TakeRules,
    known: set[Delivered] | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> tuple[list[str], list[tuple[str, str]], list[float]]:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        meanwhile()

    results = list(take(Folder(folder), known or set(), rules, sleep))
    taken = [result.name for result in results if isinstance(result, Taken)]
    issues = [(result.code, result.file) for result in results if isinstance(result, Issue)]
    return taken, issues, slept


def test_files_quiet_by_the_clock_are_taken_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    assert _names(tmp_path, OLD) == (["a.csv"], [], [])


def test_a_young_file_is_taken_when_two_listings_agree(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    assert _names(tmp_path, YOUNG) == (["a.csv"], [], [10])


def test_a_growing_file_is_left_for_the_next_run_and_the_others_are_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    (tmp_path / "b.csv").write_bytes(b"abc")
    grow = (tmp_path / "b.csv").open("ab")

    def meanwhile() -> None:
        grow.write(b"more")
        grow.flush()

    found = _names(tmp_path, YOUNG, meanwhile=meanwhile)
    grow.close()
    assert found == (["a.csv"], [("file_still_growing", "b.csv")], [10])


def test_a_file_taken_away_between_two_listings_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    taken, issues, _ = _names(tmp_path, YOUNG, meanwhile=(tmp_path / "a.csv").unlink)
    assert (taken, issues) == ([], [("file_still_growing", "a.csv")])


def test_what_is_known_is_not_read_again_until_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    (listed,) = Folder(tmp_path).listing()
    known = {("a.csv", 3, listed.modified_utc_s)}
    assert _names(tmp_path, YOUNG, known) == ([], [], [])
    (tmp_path / "a.csv").write_bytes(b"abcd")
    assert _names(tmp_path, OLD, known)[0] == ["a.csv"]


def test_names_outside_the_pattern_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    (tmp_path / "a.pdf").write_bytes(b"abc")
    rules = TakeRules("*.csv", 0, 1000, 0)
    assert _names(tmp_path, rules)[0] == ["a.csv"]


def test_a_file_over_the_limit_is_an_issue_and_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(bytes(1001))
    assert _names(tmp_path, OLD) == ([], [("file_too_large", "a.csv")], [])


@dataclass
class _Lying:
    """A source whose listing says what a server likes to say."""

    files: list[RemoteFile]
    asked: list[str] = field(default_factory=list)
    label: str = "lying"
    answer: NotRead = NotRead.GONE

    def listing(self) -> list[RemoteFile]:
        return self.files

    def read(self, file: RemoteFile) -> NotRead:
        self.asked.append(file.name)
        return self.answer

    def delete(self, file: RemoteFile) -> bool:
        return file not in self.files


def test_a_name_with_a_path_in_it_is_never_asked_for() -> None:
    source = _Lying([RemoteFile("../../etc/passwd", 3, 0), RemoteFile("x/y", 3, 0)])
    issues = [result for result in take(source, set(), OLD) if isinstance(result, Issue)]
    assert [issue.code for issue in issues] == ["file_name_refused"] * 2
    assert source.asked == []


@pytest.mark.parametrize("answer", NotRead)
def test_a_file_that_cannot_be_read_is_an_issue_that_says_why(answer: NotRead) -> None:
    source = _Lying([RemoteFile("a\x1b.csv", 3, 0)], answer=answer)
    (issue,) = take(source, set(), EAGER)
    assert isinstance(issue, Issue)
    assert (issue.code, issue.file) == (answer.value, "a\\x1b.csv")
    assert severity_of(issue)


def test_a_link_is_an_issue_and_is_never_asked_for() -> None:
    source = _Lying([RemoteFile("a.csv", 3, 0, is_link=True), RemoteFile(".l", 3, 0, is_link=True)])
    (issue,) = take(source, set(), EAGER)
    assert isinstance(issue, Issue)
    assert (issue.code, issue.file, source.asked) == ("file_is_link", "a.csv", [])


def test_a_name_longer_than_any_file_system_allows_is_refused_and_shown_cut() -> None:
    source = _Lying([RemoteFile("é" * 128, 3, 0), RemoteFile("x" * 100_000, 3, 0)])
    first, second = take(source, set(), EAGER)
    assert isinstance(first, Issue)
    assert isinstance(second, Issue)
    assert (first.code, second.code) == ("file_name_refused", "file_name_refused")
    assert (second.file, source.asked) == ("x" * 255 + "…", [])


def test_what_became_known_on_the_way_is_not_asked_for_any_more() -> None:
    source = _Lying([RemoteFile("a.csv", 3, 1), RemoteFile("b.csv", 3, 2)])
    known: set[Delivered] = set()
    results = take(source, known, EAGER)
    next(results)
    known.add(("b.csv", 3, 2))
    assert list(results) == []
    assert source.asked == ["a.csv"]


def test_files_are_taken_oldest_first(tmp_path: Path) -> None:
    listed = [RemoteFile("b", 1, 5), RemoteFile("c", 1, 1), RemoteFile("a", 1, 5)]
    results = take(_Lying(listed), set(), EAGER)
    assert [result.file for result in results if isinstance(result, Issue)] == ["c", "a", "b"]
