"""Faults outside: Fineract and file servers that are away, wrong or somebody else's.

Rows 8 and 9 of issue 5's table. How each fault looks on the wire: `tests/fineract/test_client.py`,
`tests/fetch/test_sftp.py`; a tampered workbook with the cells that were changed:
`tests/cli/test_submit_cmd.py` and `tests/pipeline/test_workbook_and_submit.py`.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from openpyxl import load_workbook

from mmrecon.cli.demo.site import write_secret
from mmrecon.sandbox.demo_wallets import MTN, PAYOUTS
from mmrecon.sandbox.sftp_drop import SftpDrop
from tests.cli.site import ASHA
from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.test_before_sending import approved
from tests.flow.world import (
    AMINA,
    DAUDI,
    FARIDA,
    KATO,
    loan_of,
    paid,
    payout,
    receipt,
    savings_of,
    ugandan,
    write_statement,
)

_ALL = {"method": ".*", "path": ".*"}
_PAGE = b"<!DOCTYPE html><html><body>Please log in to the network</body></html>"


class _Portal(BaseHTTPRequestHandler):
    """A proxy that answers everything with its own page, and HTTP 200."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@contextmanager
def portal(certificate: Path | None = None) -> Iterator[str]:
    """That proxy on loopback, with TLS where a certificate is given; its base URL."""
    server = HTTPServer(("127.0.0.1", 0), _Portal)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_port}/fineract-provider/api/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def self_signed(path: Path) -> Path:
    """A certificate that nobody has reason to trust, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                       critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_fineract_that_cannot_be_used_ends_with_3_and_the_next_run_goes_on(
    site: Site, tmp_path: Path
) -> None:
    """Down, wrong password, a proxy's error page; files are read all the same."""
    approved(site, paid(1, AMINA, savings_of(AMINA), 500_00))
    password = site.folder / "fineract-password"

    def down() -> None:
        site.server.stop()

    def wrong_password() -> None:
        write_secret(password, "guessed")

    def gateway() -> None:
        site.faults({**_ALL, "what": "bad_gateway_502"})

    faults: list[tuple[Callable[[], None], str]] = [
        (down, "did not answer"), (wrong_password, "password"), (gateway, "502"),
    ]  # fmt: skip
    for number, (break_it, words) in enumerate(faults, 2):
        break_it()
        for command in ("ledger refresh", "post"):
            ended = site.call(*command.split())
            assert ended.code == 3, (command, ended)
            told = ended.out + ended.err
            assert words in told, (command, told)
            assert "guessed" not in told
        file = site.deliver(
            ugandan(number, KATO, savings_of(KATO), 10_000 + number), wallet=MTN,
        )  # fmt: skip
        file.rename(file.with_name(f"{MTN.account}_{number}.csv"))
        night = site.call("nightly", "--json")
        assert night.code == 3
        steps = night.json["steps"]
        assert steps["import"]["files"][0]["new_rows"] == 1
        assert steps["post"]["error"]
        assert "path" in steps["workbook"]
        assert site.state_of(receipt(1)) == "approved"
        _repair(site, password)
    site.delivered.clear()
    site.send()
    site.ok("verify")
    assert [money.receipt for money in site.new_money()] == [receipt(1)]
    check_money(site)


def _repair(site: Site, password: Path) -> None:
    """Everything is as it was before the fault."""
    write_secret(password, "password")
    if site.server.world is None:
        site.server.start()
    site.faults()
    assert site.ok("ledger", "refresh").code in {0, 1}


def test_a_proxys_page_or_an_untrusted_certificate_ends_with_3_and_keeps_the_snapshot(
    site: Site, tmp_path: Path
) -> None:
    site.ok("ledger", "refresh")
    good = site.config.read_text()
    base_url = site.server.base_url
    snapshots = site.rows("select count(*) number from snapshot")
    for certificate, words in (
        (None, "is not Fineract"),
        (self_signed(tmp_path / "c.pem"), "certificate"),
    ):
        with portal(certificate) as other:
            site.config.write_text(good.replace(base_url, other))
            ended = site.call("ledger", "refresh")
            assert ended.code == 3, ended
            assert words in ended.err
    assert site.rows("select count(*) number from snapshot") == snapshots
    site.config.write_text(good)
    approved(site, paid(1, AMINA, savings_of(AMINA), 500_00))
    site.send()
    check_money(site)


def test_a_fineract_that_is_lost_while_sending_is_asked_again_by_the_next_run(site: Site) -> None:
    approved(
        site, paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, FARIDA, savings_of(FARIDA), 600_00)
    )
    enclosing = r"/batches\?enclosingTransaction=true"
    site.faults({"method": "POST", "path": enclosing, "what": "drop_after", "nth": 1})
    site.send(codes=(0, 1, 3, 6))
    site.faults()
    site.send()
    site.ok("verify")
    assert {money.receipt for money in site.new_money()} == {receipt(1), receipt(2)}
    check_money(site)


def test_one_wallets_source_that_is_away_stops_no_other(site: Site) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    site.statements(PAYOUTS).rmdir()
    fetched = site.call("fetch", "--json")
    assert fetched.code == 3
    assert [trouble["wallet"] for trouble in fetched.json["troubles"]] == [PAYOUTS.name]
    night = site.call("nightly", "--json")
    assert night.code == 3
    assert site.state_of(receipt(1)) == "ready"
    site.statements(PAYOUTS).mkdir()
    site.decide()
    site.send()
    check_money(site)


def test_a_changed_host_key_fetches_nothing_there_and_is_in_the_journal(
    site: Site, tmp_path: Path
) -> None:
    drop, users = tmp_path / "drop", {"mmrecon": "drop"}
    write_statement(drop, [payout(5, DAUDI, loan_of(DAUDI), 6_000_00)], wallet=PAYOUTS)
    site.deliver(paid(1, AMINA, savings_of(AMINA), 500_00))
    with SftpDrop(drop, port=0, host_key=tmp_path / "key", users=users) as server:
        port, pinned = server.port, server.fingerprint
    write_secret(site.folder / "payouts-sftp-password", "drop")
    site.configure(
        f'kind = "folder"\nquiet_s = 0\npath = "statements/{PAYOUTS.name}"\n',
        f'kind = "sftp"\nquiet_s = 1\nhost = "127.0.0.1"\nport = {port}\nusername = "mmrecon"\n'
        f'path = "."\nhost_key_fingerprint = "{pinned}"\n'
        'password_file = "payouts-sftp-password"\n',
    )
    with SftpDrop(drop, port=port, host_key=tmp_path / "another", users=users) as server:
        ended = site.call("fetch")
        assert ended.code == 5
        assert pinned in ended.out
        assert server.fingerprint in ended.out
        assert "ORG_600101" in ended.out
        (entry,) = site.journal("host_key_changed")
        assert server.fingerprint in entry["payload_json"]
        assert site.call("nightly").code == 5
    assert site.state_of(receipt(1)) == "ready"
    with SftpDrop(drop, port=port, host_key=tmp_path / "key", users=users):
        told = site.ok("fetch", "--json").json["files"]
        assert [file["wallet"] for file in told] == [PAYOUTS.name]
        site.sign_pending()
        site.whole_day()
        assert len(site.new_money()) == 2
        check_money(site)


def test_a_tampered_workbook_is_refused_in_the_journal_and_its_other_rows_are_taken(
    site: Site,
) -> None:
    site.deliver(
        paid(1, AMINA, savings_of(AMINA), 500_00), paid(2, FARIDA, savings_of(FARIDA), 600_00)
    )
    site.take_in()
    returned = site.answer()
    book = load_workbook(returned)
    sheet = book["To approve"]
    amount = next(cell.column for cell in sheet[2] if cell.value == "Amount")
    at = next(row[1].row for row in sheet.iter_rows(min_row=3) if row[1].value == receipt(1))
    sheet.cell(int(at or 0), int(amount or 0)).value = 50_000
    book.save(returned)
    ended = site.call("submit", str(returned), *site.signed(ASHA), "--json")
    assert ended.code == 5
    assert [row["receipt"] for row in ended.json["refused"]] == [receipt(1)]
    told = json.dumps(site.journal("refused"))
    assert "R0000" in told, told
    site.approve_everything("Beno Test")
    site.send()
    site.ok("verify")
    assert [money.receipt for money in site.new_money()] == [receipt(2)]
    assert site.state_of(receipt(1)) == "ready"
    check_money(site)
