from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from mmrecon.errors import SafetyRefusal, UsageError
from mmrecon.people.keys import fingerprint_of, make_key, public_half, unlock

PASSPHRASE = "four quite unlikely words"


def _change(path: Path, name: str, value: str) -> None:
    fields = json.loads(path.read_text())
    fields[name] = value
    path.write_text(json.dumps(fields))


def test_a_key_opens_with_its_passphrase_and_is_the_one_that_was_made(tmp_path: Path) -> None:
    public = make_key(tmp_path / "keys", PASSPHRASE)
    private = unlock(tmp_path / "keys", public.fingerprint, PASSPHRASE)
    assert public_half(private) == public
    assert fingerprint_of(public.text) == public.fingerprint


def test_a_key_file_is_only_its_owners_and_holds_no_secret_in_clear(tmp_path: Path) -> None:
    public = make_key(tmp_path / "keys", PASSPHRASE)
    path = tmp_path / "keys" / f"{public.fingerprint}.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    raw = unlock(tmp_path / "keys", public.fingerprint, PASSPHRASE).private_bytes_raw()
    assert raw.hex() not in path.read_text()
    assert PASSPHRASE not in path.read_text()
    assert list((tmp_path / "keys").iterdir()) == [path]


def test_a_wrong_passphrase_is_refused(tmp_path: Path) -> None:
    public = make_key(tmp_path, PASSPHRASE)
    with pytest.raises(SafetyRefusal) as refusal:
        unlock(tmp_path, public.fingerprint, PASSPHRASE + "!")
    assert refusal.value.code == "wrong_passphrase"
    assert PASSPHRASE not in str(refusal.value)


def test_guessing_a_passphrase_costs_real_time(tmp_path: Path) -> None:
    public = make_key(tmp_path, PASSPHRASE)
    before_s = time.perf_counter()
    unlock(tmp_path, public.fingerprint, PASSPHRASE)
    assert time.perf_counter() - before_s > 0.03


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("fingerprint", "0" * 64),
        ("kdf", "scrypt:16384:8:1"),
        ("salt", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ],
)
def test_no_part_of_a_key_file_can_be_exchanged(tmp_path: Path, name: str, value: str) -> None:
    public = make_key(tmp_path, PASSPHRASE)
    _change(tmp_path / f"{public.fingerprint}.json", name, value)
    with pytest.raises(SafetyRefusal):
        unlock(tmp_path, public.fingerprint, PASSPHRASE)


@pytest.mark.parametrize("kdf", ["scrypt:1024:8:1", "scrypt:16384:999:1", "plain", "pbkdf2:1:1:1"])
def test_a_key_file_cannot_ask_for_a_cheap_or_endless_stretching(tmp_path: Path, kdf: str) -> None:
    public = make_key(tmp_path, PASSPHRASE)
    _change(tmp_path / f"{public.fingerprint}.json", "kdf", kdf)
    with pytest.raises(SafetyRefusal) as refusal:
        unlock(tmp_path, public.fingerprint, PASSPHRASE)
    assert refusal.value.code == "key_altered"


def test_another_persons_key_file_under_my_name_is_refused(tmp_path: Path) -> None:
    mine, theirs = make_key(tmp_path, PASSPHRASE), make_key(tmp_path, "their own passphrase")
    (tmp_path / f"{theirs.fingerprint}.json").replace(tmp_path / f"{mine.fingerprint}.json")
    with pytest.raises(SafetyRefusal) as refusal:
        unlock(tmp_path, mine.fingerprint, "their own passphrase")
    assert refusal.value.code == "key_altered"


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    public = make_key(tmp_path, PASSPHRASE)
    (tmp_path / f"{public.fingerprint}.json").chmod(0o640)
    with pytest.raises(SafetyRefusal) as refusal:
        unlock(tmp_path, public.fingerprint, PASSPHRASE)
    assert refusal.value.code == "secret_readable_by_others"


def test_a_missing_or_torn_key_file_says_so(tmp_path: Path) -> None:
    public = make_key(tmp_path, PASSPHRASE)
    path = tmp_path / f"{public.fingerprint}.json"
    path.write_text(path.read_text()[:50])
    with pytest.raises(SafetyRefusal, match="damaged"):
        unlock(tmp_path, public.fingerprint, PASSPHRASE)
    path.unlink()
    with pytest.raises(SafetyRefusal) as refusal:
        unlock(tmp_path, public.fingerprint, PASSPHRASE)
    assert refusal.value.code == "key_missing"


def test_a_passphrase_that_is_too_short_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        make_key(tmp_path / "keys", "short  ")
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("text", ["", "AAAA", "no key at all", "é"])
def test_what_is_no_public_key_has_no_fingerprint(text: str) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        fingerprint_of(text)
