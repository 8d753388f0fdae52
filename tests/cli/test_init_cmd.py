from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from mmrecon.cli.app import cli
from mmrecon.config import FolderSource, SftpSource, load_settings
from tests.cli.site import ASHA, BENO, at_terminal, init


def test_a_first_configuration_is_valid_and_says_what_was_answered(tmp_path: Path) -> None:
    ended = init(
        tmp_path / "site", "--wallet", "momo:mtn:256700000900:UGX:Africa/Kampala:UG",
        "--source", "momo=sftp://sacco@sftp.example:2222/out#SHA256:" + "A" * 43,
        "--gl-accounts", "pay=12,13", "--shadow", "--fineract-zone", "Asia/Kolkata",
    )  # fmt: skip
    assert ended.code == 0
    settings = load_settings(tmp_path / "site" / "config.toml")
    pay, momo = settings.wallets
    assert (pay.account, pay.zone, pay.gl_account_ids) == ("600001", "Africa/Nairobi", (12, 13))
    assert (momo.zone, momo.country, momo.payment_type) == ("Africa/Kampala", "UG", None)
    assert pay.mode == momo.mode == "shadow"
    assert pay.payment_type is not None
    assert pay.payment_type.name == "M-PESA"
    assert settings.fineract is not None
    assert settings.fineract.zone == "Asia/Kolkata"
    assert isinstance(pay.sources[0], FolderSource)
    assert pay.sources[0].path.is_dir()
    source = momo.sources[0]
    assert isinstance(source, SftpSource)
    assert (source.host, source.port, source.path) == ("sftp.example", 2222, "out")


def test_it_prints_the_cron_lines_and_each_founders_code_once(tmp_path: Path) -> None:
    ended = init(tmp_path, "--founder", ASHA, "--founder", BENO)
    assert ended.code == 0
    assert f"nightly --config {tmp_path / 'config.toml'}" in ended.out
    assert "tick" in ended.out
    assert ASHA in ended.out
    assert BENO in ended.out


def test_it_never_writes_over_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("mine")
    ended = init(tmp_path)
    assert ended.code == 2
    assert "there already" in ended.err
    assert (tmp_path / "config.toml").read_text() == "mine"


def test_without_fineract_everything_up_to_the_workbook_is_configured(tmp_path: Path) -> None:
    assert init(tmp_path, "--fineract-url", "").code == 0
    assert load_settings(tmp_path / "config.toml").fineract is None


def test_a_name_with_quotes_stays_a_name(tmp_path: Path) -> None:
    name = 'The "Umoja" \\ SACCO\n[people]'
    assert init(tmp_path, "--institution", name).code == 0
    assert load_settings(tmp_path / "config.toml").institution.name == name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--zone", "Nowhere/Here"), "zone"),
        (("--wallet", "pay:mpesa"), "--wallet"),
        (("--wallet", "momo:mtn:1:XXX"), "currency"),
        (("--payment-type", "other=3:M-PESA"), "--payment-type"),
        (("--payment-type", "pay=three:M-PESA"), "--payment-type"),
        (("--gl-accounts", "pay=a,b"), "--gl-accounts"),
        (("--source", "nothing"), "--source"),
        (("--founder", ASHA), "founders"),
        (("--founder", ASHA, "--founder", "asha test"), "founders"),
        (("--founder", ASHA, "--founder", "a/b"), "--founder"),
        (("--source", "pay=sftp://sacco@host/path"), "host_key_fingerprint"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_written(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    ended = init(tmp_path / "site", *options)
    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "site").exists()


def test_at_a_terminal_a_person_is_asked_what_is_missing(tmp_path: Path) -> None:
    answers = {
        "institution": "Example SACCO",
        "A wallet": "pay:mpesa:600100:KES",
        "base URL": "",
        "first founder": ASHA,
        "second founder": BENO,
    }
    seen = at_terminal(["init", "--folder", str(tmp_path / "site")], answers)
    assert "One-time codes" in seen
    assert load_settings(tmp_path / "site" / "config.toml").fineract is None


def test_without_a_terminal_every_missing_option_is_named_at_once(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["init", "--folder", str(tmp_path / "site")])
    assert result.exit_code == 2
    assert "--institution and --wallet are missing" in result.stderr
    only = CliRunner().invoke(cli, ["init", "--folder", str(tmp_path / "s"), "--institution", "X"])
    assert "--wallet is missing" in only.stderr
