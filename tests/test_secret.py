from __future__ import annotations

import os
from pathlib import Path

import pytest

from mmrecon.errors import ConfigurationError, SafetyRefusal
from mmrecon.secret import read_secret

VARIABLE = "MMRECON_TEST_SECRET"


def _file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_the_environment_variable_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "from the environment")
    file = _file(tmp_path, b"from the file")
    assert read_secret(VARIABLE, file, "the password") == "from the environment"


def test_one_line_end_of_the_file_is_no_part_of_the_secret(tmp_path: Path) -> None:
    assert read_secret("", _file(tmp_path, b" a b \r\n"), "the password") == " a b "
    assert read_secret("", _file(tmp_path, b"a\n\n"), "the password") == "a\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_a_file_others_can_use_is_refused_with_its_remedy(tmp_path: Path, mode: int) -> None:
    file = _file(tmp_path, b"known to all", mode)
    with pytest.raises(SafetyRefusal) as refusal:
        read_secret("", file, "the password")
    assert refusal.value.code == "secret_readable_by_others"
    assert "chmod 600" in refusal.value.hint
    assert "known to all" not in str(refusal.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    file = _file(tmp_path, b"theirs")
    os.chown(file, 12345, 12345)
    with pytest.raises(SafetyRefusal) as refusal:
        read_secret("", file, "the password")
    assert refusal.value.code == "secret_of_another_user"


def test_a_missing_secret_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"{VARIABLE} is not set"):
        read_secret(VARIABLE, None, "the password")
    with pytest.raises(ConfigurationError, match="is empty"):
        read_secret(VARIABLE, _file(tmp_path, b"\n"), "the password")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_secret("", tmp_path / "none", "the password")
    with pytest.raises(ConfigurationError, match="neither"):
        read_secret("", None, "the password")
