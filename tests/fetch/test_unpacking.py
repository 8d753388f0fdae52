from __future__ import annotations

import base64
import gzip
import io
import zipfile

import openpyxl
import pytest
import pyzipper

from mmrecon.config import ReadingLimits
from mmrecon.fetch.unpacking import Member, members

LIMITS = ReadingLimits(file_bytes=5_000_000, unpacked_bytes=1_000_000, members=5)
CSV = b"Receipt No.,Completion Time\nTHK7ZZ0001,2026-03-02 10:00:00\n"
OLD_CIPHER = (
    "UEsDBBQACQAIABgXeV2hTWW7RgAAADsAAAAFABwAYi5jc3ZVVAkAA3BOBmtwTgZrdXgLAAEEAAAAAAQAAAAAfJy4"
    "x9/WV6hNKEeNQdAE88fqBBkCydigPkRnZzwe9plG9s1i683soBQVNM7Hj6skpw36AUpH11x+W/6umQGjBIplMbzT"
    "bFBLBwihTWW7RgAAADsAAABQSwECHgMUAAkACAAYF3ldoU1lu0YAAAA7AAAABQAYAAAAAAABAAAApIEAAAAAYi5j"
    "c3ZVVAUAA3BOBmt1eAsAAQQAAAAABAAAAABQSwUGAAAAAAEAAQBLAAAAlQAAAAAA"
)
"""`b.csv` under the password of the test, by `zip -P`: no library of ours writes this cipher."""


def _zip(entries: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _locked(content: bytes, password: str, cipher: str) -> bytes:
    """A zip with one member under a password; the old cipher comes as bytes made by Info-ZIP."""
    if cipher == "old":
        return base64.b64decode(OLD_CIPHER)
    packed = io.BytesIO()
    with pyzipper.AESZipFile(
        packed, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(password.encode())
        archive.writestr("b.csv", content)
    return packed.getvalue()


def _workbook() -> bytes:
    written = io.BytesIO()
    openpyxl.Workbook().save(written)
    return written.getvalue()


def _codes(content: bytes, limits: ReadingLimits = LIMITS) -> list[tuple[str, str]]:
    return [(issue.code, issue.file) for issue in members(content, "a.zip", limits)[1]]


def test_a_plain_file_is_its_own_only_member() -> None:
    assert members(CSV, "a.csv", LIMITS) == ([Member("a.csv", CSV)], [])
    assert members(b"", "empty.csv", LIMITS) == ([Member("empty.csv", b"")], [])


def test_a_workbook_is_a_plain_file_whatever_it_is_called() -> None:
    content = _workbook()
    assert members(content, "a.zip", LIMITS) == ([Member("a.zip", content)], [])


def test_a_gz_keeps_its_own_name_and_is_known_by_its_content() -> None:
    assert members(gzip.compress(CSV), "a.csv", LIMITS) == ([Member("a.csv", CSV)], [])
    assert members(gzip.compress(CSV), "a.csv.gz", LIMITS)[0] == [Member("a.csv.gz", CSV)]


def test_members_of_a_zip_are_entries_of_their_own_also_when_a_workbook_is_one() -> None:
    workbook = _workbook()
    found, issues = members(_zip({"b.csv": CSV, "mai/c.xlsx": workbook}), "a.zip", LIMITS)
    assert found == [Member("a.zip/b.csv", CSV), Member("a.zip/mai/c.xlsx", workbook)]
    assert issues == []


def test_packed_files_inside_packed_files_are_opened_as_deep_as_is_allowed() -> None:
    content = _zip({"b.csv": CSV, "c.gz": gzip.compress(CSV), "d.zip": _zip({"e.csv": CSV})})
    found, issues = members(content, "a.zip", LIMITS)
    names = ["a.zip/b.csv", "a.zip/c.gz", "a.zip/d.zip/e.csv"]
    assert found == [Member(name, CSV) for name in names]
    assert issues == []
    flat = LIMITS.model_copy(update={"nesting": 0})
    assert members(content, "a.zip", flat)[0] == [Member("a.zip/b.csv", CSV)]
    nested = [("archive_nested", "a.zip/c.gz"), ("archive_nested", "a.zip/d.zip")]
    assert _codes(content, flat) == nested
    deep = gzip.compress(gzip.compress(gzip.compress(CSV)))
    assert _codes(deep) == [("archive_nested", "a.zip")]


def test_members_of_every_level_count_together() -> None:
    inner = _zip({f"{number}.csv": CSV for number in range(3)})
    assert _codes(_zip({"b.zip": inner, "c.zip": inner})) == [("archive_too_many_members", "a.zip")]


def test_what_unpacks_to_many_times_its_size_is_refused() -> None:
    zeros = bytes(3_000_000)
    roomy = LIMITS.model_copy(update={"unpacked_bytes": 100_000_000})
    assert _codes(_zip({"b.csv": zeros}), roomy) == [("archive_ratio", "a.zip")]
    assert _codes(gzip.compress(zeros), roomy) == [("archive_ratio", "a.zip")]
    wide = roomy.model_copy(update={"ratio": 5_000})
    assert members(gzip.compress(zeros), "a.gz", wide)[0] == [Member("a.gz", zeros)]


@pytest.mark.parametrize("cipher", ["aes", "old"])
def test_a_member_under_a_known_password_is_read(cipher: str) -> None:
    content = _locked(CSV, "open sesame", cipher)
    assert _codes(content) == [("archive_encrypted", "a.zip/b.csv")]
    found, issues = members(content, "a.zip", LIMITS, ["wrong", "open sesame"])
    assert (found, issues) == ([Member("a.zip/b.csv", CSV)], [])
    assert members(content, "a.zip", LIMITS, ["wrong"])[1][0].code == "archive_encrypted"


def test_a_bomb_under_a_known_password_stops_at_the_limit_too() -> None:
    content = _locked(bytes(1_000_001), "secret", "aes")
    _, issues = members(content, "a.zip", LIMITS, ["secret"])
    assert [issue.code for issue in issues] == ["archive_too_large"]


def test_files_of_a_file_manager_are_left_out_and_counted() -> None:
    content = _zip({"b.csv": CSV, "__MACOSX/._b.csv": b"x", ".DS_Store": b"x", "~$b.xlsx": b"x"})
    found, issues = members(content, "a.zip", LIMITS)
    assert [member.name for member in found] == ["a.zip/b.csv"]
    assert [(issue.code, issue.arguments) for issue in issues] == [
        ("archive_members_skipped", {"members": 3})
    ]


def test_an_empty_zip_is_an_issue() -> None:
    assert _codes(_zip({})) == [("archive_empty", "a.zip")]


@pytest.mark.parametrize("cut", [40, 100, 5])
def test_a_packed_file_cut_short_is_damaged(cut: int) -> None:
    assert _codes(_zip({"b.csv": CSV})[:-cut]) == [("archive_damaged", "a.zip")]
    assert _codes(gzip.compress(CSV * 100)[: -min(cut, 20)]) == [("archive_damaged", "a.zip")]


def test_a_damaged_member_does_not_lose_the_others() -> None:
    content = bytearray(_zip({"b.csv": CSV, "c.csv": CSV * 50}))
    content[content.index(b"b.csv") + 10] ^= 0xFF
    found, issues = members(bytes(content), "a.zip", LIMITS)
    assert [member.name for member in found] == ["a.zip/c.csv"]
    assert [(issue.code, issue.file) for issue in issues] == [("archive_damaged", "a.zip/b.csv")]


def test_an_encrypted_member_is_an_issue() -> None:
    content = bytearray(_zip({"b.csv": CSV}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    assert _codes(bytes(content)) == [("archive_encrypted", "a.zip/b.csv")]


def test_bombs_stop_at_the_limit() -> None:
    zeros = bytes(1_000_001)
    assert members(_zip({"b.csv": zeros}), "a.zip", LIMITS)[0] == []
    assert _codes(_zip({"b.csv": zeros})) == [("archive_too_large", "a.zip")]
    assert _codes(_zip({"b": zeros[:600_000], "c": zeros[:600_000]}))[0][0] == "archive_too_large"
    assert _codes(gzip.compress(zeros)) == [("archive_too_large", "a.zip")]
    assert members(gzip.compress(zeros[1:]), "a.gz", LIMITS)[1] == []


def test_too_many_members_are_refused_before_any_is_read() -> None:
    content = _zip({f"{number}.csv": CSV for number in range(6)})
    assert members(content, "a.zip", LIMITS)[0] == []
    assert _codes(content) == [("archive_too_many_members", "a.zip")]


def test_a_file_over_the_limit_is_not_opened() -> None:
    limits = LIMITS.model_copy(update={"file_bytes": 10})
    assert members(CSV, "a.csv", limits)[0] == []
    assert _codes(CSV, limits) == [("file_too_large", "a.zip")]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../b.csv", "a.zip/../b.csv"),
        ("/etc/b.csv", "a.zip//etc/b.csv"),
        ("x/../../b.csv", "a.zip/x/../../b.csv"),
        ("..\\b.csv", "a.zip/..\\\\b.csv"),
        ("C:b.csv", "a.zip/C:b.csv"),
    ],
)
def test_names_that_point_elsewhere_are_issues(name: str, shown: str) -> None:
    content = _zip({name: CSV, "good.csv": CSV})
    assert [member.name for member in members(content, "a.zip", LIMITS)[0]] == ["a.zip/good.csv"]
    assert _codes(content) == [("archive_member_name", shown)]


def test_links_and_doubled_names_inside_are_issues() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("b.csv", CSV)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("b.csv", CSV)
    assert _codes(packed.getvalue()) == [
        ("archive_member_name", "a.zip/link.csv"),
        ("archive_member_name", "a.zip/b.csv"),
        ("archive_member_name", "a.zip/b.csv"),
    ]


def test_control_characters_in_a_members_name_are_shown_harmlessly() -> None:
    found, _ = members(_zip({"\x1b[31mred.csv": CSV}), "a.zip", LIMITS)
    assert [member.name for member in found] == ["a.zip/\\x1b[31mred.csv"]
