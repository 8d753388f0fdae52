from __future__ import annotations

from pathlib import Path

import pytest

from mmrecon.config import load_settings, parse_settings
from mmrecon.errors import ConfigurationError

WALLET = {
    "name": "collections",
    "provider": "mpesa",
    "account": "990501",
    "currency": "KES",
    "zone": "Africa/Nairobi",
    "country": "KE",
    "live_from": "2026-01-01",
}
MINIMAL: dict[str, object] = {"institution": {"name": "Example SACCO"}, "wallets": [WALLET]}


def faults_of(data: dict[str, object]) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        parse_settings(data, source="config.toml", base=Path("/site"))
    return [path for path, _ in refused.value.faults]


def test_a_minimal_configuration_is_enough() -> None:
    settings = parse_settings(MINIMAL, source="config.toml", base=Path("/site"))
    assert settings.state.folder == Path("/site/state")
    assert settings.wallet("collections").mode == "live"


def test_an_unknown_key_and_a_wrong_type_are_shown_together_with_their_paths() -> None:
    wallet = WALLET | {"acount": "990501", "live_from": "yesterday"}
    assert faults_of({"institution": {"name": "X"}, "wallets": [wallet]}) == [
        "wallets[collections].live_from",
        "wallets[collections].acount",
    ]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"currency": "KSH"}, "wallets[collections].currency"),
        ({"zone": "Nairobi"}, "wallets[collections].zone"),
        ({"country": "Kenya"}, "wallets[collections].country"),
        ({"mode": "test"}, "wallets[collections].mode"),
        ({"sources": [{"kind": "ftp"}]}, "wallets[collections].sources[#1]"),
        ({"sources": [{"kind": "sftp", "host": "x", "username": "y"}]},
         "wallets[collections].sources[#1]"),
        ({"sources": [{"kind": "sftp", "host": "x", "username": "y",
                       "host_key_fingerprint": "SHA256:short"}]},
         "wallets[collections].sources[#1].host_key_fingerprint"),
        ({"sources": [{"kind": "sftp", "host": "x", "username": "y", "known_hosts_file": "known",
                       "host_key_fingerprint": "SHA256:" + "A" * 43}]},
         "wallets[collections].sources[#1]"),
    ],
)  # fmt: skip
def test_each_fault_names_its_place(change: dict[str, object], path: str) -> None:
    assert faults_of(MINIMAL | {"wallets": [WALLET | change]}) == [path]


@pytest.mark.parametrize("change", [{"name": "other"}, {"account": "990502"}])
def test_two_wallets_may_share_neither_name_nor_account(change: dict[str, object]) -> None:
    data: dict[str, object] = MINIMAL | {"wallets": [WALLET, WALLET | change]}
    assert faults_of(data) == ["file"]
    with pytest.raises(ConfigurationError, match="file: two wallets share the same"):
        parse_settings(data, source="config.toml", base=Path("/site"))


def test_a_wallet_without_a_name_is_told_by_its_place() -> None:
    nameless = {key: value for key, value in WALLET.items() if key != "name"}
    assert faults_of(MINIMAL | {"wallets": [WALLET, nameless]}) == ["wallets[#2].name"]


@pytest.mark.parametrize(
    ("text", "fault"), [(None, "does not exist"), ("[institution", "is no TOML")]
)
def test_a_missing_file_and_broken_toml_are_configuration_faults(
    tmp_path: Path, text: str | None, fault: str
) -> None:
    path = tmp_path / "config.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=fault):
        load_settings(path)


def test_the_digest_changes_with_any_value_and_not_with_the_order_of_keys() -> None:
    first = parse_settings(MINIMAL, source="x", base=Path("/site"))
    turned = dict(reversed(list(WALLET.items())))
    second = parse_settings(MINIMAL | {"wallets": [turned]}, source="x", base=Path("/site"))
    other = parse_settings(
        MINIMAL | {"wallets": [WALLET | {"live_from": "2026-01-02"}]},
        source="x",
        base=Path("/site"),
    )
    assert first.digest() == second.digest()
    assert first.digest() != other.digest()


def test_a_site_may_move_without_a_new_approval() -> None:
    here = parse_settings(MINIMAL, source="x", base=Path("/site"))
    there = parse_settings(MINIMAL, source="x", base=Path("/elsewhere"))
    assert here.digest() == there.digest()
    assert here.state.folder != there.state.folder
