from __future__ import annotations

from pathlib import Path

import pytest

from mmrecon.errors import SafetyRefusal
from mmrecon.model.enrolment import Founder
from mmrecon.people.founders import read_founders, write_founders

TWO = (Founder("Asha Test", "a" * 64), Founder("Beno Test", "b" * 64))


def _code(path: Path) -> str:
    with pytest.raises(SafetyRefusal) as refusal:
        read_founders(path)
    return refusal.value.code


def test_founders_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_founders(tmp_path / "founders", TWO, interrupted=False)
    assert read_founders(tmp_path / "founders") == TWO
    assert (tmp_path / "founders").stat().st_mode & 0o777 == 0o444


def test_founders_are_written_once(tmp_path: Path) -> None:
    write_founders(tmp_path / "founders", TWO, interrupted=False)
    with pytest.raises(SafetyRefusal) as refusal:
        write_founders(tmp_path / "founders", TWO[::-1], interrupted=False)
    assert refusal.value.code == "founders_exist"
    assert read_founders(tmp_path / "founders") == TWO
    assert [path.name for path in tmp_path.iterdir() if "founders" in path.name] == ["founders"]


def test_what_a_killed_enrolment_left_is_replaced(tmp_path: Path) -> None:
    write_founders(tmp_path / "founders", TWO[::-1], interrupted=False)
    write_founders(tmp_path / "founders", TWO, interrupted=True)
    assert read_founders(tmp_path / "founders") == TWO


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{'a' * 64} Asha Test\n",
        f"{'a' * 64} Asha Test\n{'a' * 64} Beno Test\n",
        f"{'a' * 64} Asha Test\n{'b' * 64} asha  TEST\n",
        f"{'a' * 64} Asha\n{'b' * 64} Beno\n{'c' * 64} Caro\n",
        "nonsense\n",
        "\xff",
    ],
)
def test_a_file_that_does_not_name_two_people_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "founders").write_bytes(text.encode("latin-1"))
    assert _code(tmp_path / "founders") == "founders_changed"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert _code(tmp_path / "founders") == "founders_missing"
