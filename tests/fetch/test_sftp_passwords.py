from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrecon.config import SftpSource
from mmrecon.errors import MmreconError, OutsideUnreachable, SafetyRefusal
from mmrecon.fetch.sftp import open_sftp
from mmrecon.sandbox.sftp_drop import SftpDrop

USER, PASSWORD, VARIABLE = "provider", "an invented pässword", "TEST_SFTP_PASSWORD"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpDrop]:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"abc")
    with SftpDrop(folder, host_key=tmp_path / "host_key", users={USER: PASSWORD}) as started:
        yield started


def _settings(server: SftpDrop, **changes: object) -> SftpSource:
    facts: dict[str, object] = {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": server.port,
        "username": USER,
        "host_key_fingerprint": server.fingerprint,
        "timeout_s": 10,
    }
    return SftpSource.model_validate(facts | changes)


def _end(settings: SftpSource) -> MmreconError:
    with pytest.raises(MmreconError) as end, open_sftp(settings, "paybill"):
        pytest.fail("it should not have been opened")
    return end.value


def test_a_password_from_the_environment_or_an_owners_file_lets_in(
    server: SftpDrop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    with open_sftp(_settings(server, password_file=file), "paybill") as source:
        assert [source.read(listed) for listed in source.listing()] == [b"abc"]
    monkeypatch.setenv(VARIABLE, PASSWORD)
    with open_sftp(_settings(server, password_variable=VARIABLE), "paybill") as source:
        assert len(source.listing()) == 1


def test_a_wrong_password_is_a_refused_login_that_does_not_tell_it(
    server: SftpDrop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "a wrong password")
    end = _end(_settings(server, password_variable=VARIABLE))
    assert isinstance(end, OutsideUnreachable)
    assert end.code == "login_refused"
    assert "a wrong password" not in f"{end} {end.hint}"


def test_a_password_file_that_others_can_read_is_refused(server: SftpDrop, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    file.chmod(0o644)
    end = _end(_settings(server, password_file=file))
    assert isinstance(end, SafetyRefusal)
    assert end.code == "secret_readable_by_others"


def test_a_new_host_key_is_refused_before_the_password_is_sent(
    server: SftpDrop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)
    other = SftpDrop(server.folder, host_key=tmp_path / "another_key", users={})
    with other:
        settings = _settings(other, password_variable=VARIABLE)
        pinned = settings.model_copy(update={"host_key_fingerprint": server.fingerprint})
        end = _end(pinned)
    assert end.code == "host_key_changed"
    assert other.fingerprint in str(end)
