from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmrecon.errors import OutsideUnreachable
from mmrecon.fetch.folder import Folder
from mmrecon.fetch.source import NotRead


def test_a_folder_lists_files_and_links_and_never_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    (tmp_path / "below").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.csv")
    os.mkfifo(tmp_path / "pipe")
    source = Folder(tmp_path)
    listed, link = sorted(source.listing(), key=lambda file: file.name)
    assert (listed.name, listed.size_bytes, listed.is_link) == ("a.csv", 3, False)
    assert (link.name, link.is_link) == ("link.csv", True)
    assert source.read(link) is NotRead.CHANGED
    assert source.read(listed) == b"abc"
    assert source.label == f"folder:{tmp_path}"


def test_a_missing_folder_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(OutsideUnreachable) as trouble:
        Folder(tmp_path / "none").listing()
    assert trouble.value.code == "folder_unreachable"


def test_a_file_that_grew_shrank_went_or_became_a_link_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    source = Folder(tmp_path)
    for change in (b"abcd", b"ab"):
        path.write_bytes(b"abc")
        (listed,) = source.listing()
        path.write_bytes(change)
        assert source.read(listed) is NotRead.CHANGED
    (listed,) = source.listing()
    path.unlink()
    assert source.read(listed) is NotRead.GONE
    (tmp_path / "secret").write_bytes(b"ab")
    path.symlink_to(tmp_path / "secret")
    assert source.read(listed) is NotRead.CHANGED


def test_nothing_is_ever_deleted_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"abc")
    source = Folder(tmp_path)
    assert not source.delete(source.listing()[0])
    assert (tmp_path / "a.csv").exists()
