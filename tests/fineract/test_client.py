"""The transport over real sockets: what is lost, what is refused, and what never left."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mmrecon.config import FineractServer
from mmrecon.errors import OutsideUnreachable, UsageError
from mmrecon.fineract.client import api_url, open_client
from mmrecon.fineract.contract import BatchItem, Fault
from mmrecon.fineract.contract_replies import Meaning, understand_posting
from tests.fineract.peer import Handler, client_of, cut, peer, say
from tests.fineract.recorded import posting


def test_a_read_gives_json_with_exact_decimals_and_says_who_asks() -> None:
    with peer(lambda handler: handler.say(200, '{"amount": 10.10}')) as at, client_of(at.url) as c:
        assert c.get("offices/1", {"limit": 3}) == {"amount": Decimal("10.10")}
    headers = at.seen[0].headers
    assert at.seen[0].path == "/fineract-provider/api/v1/offices/1?limit=3"
    assert headers["Fineract-Platform-TenantId"] == "default"
    assert headers["Authorization"].startswith("Basic ")


def test_the_base_url_may_name_the_version_or_not() -> None:
    assert api_url("http://h/fineract-provider") == "http://h/fineract-provider/api/v1"
    assert api_url("http://h/fineract-provider/api/v1/") == "http://h/fineract-provider/api/v1"


@pytest.mark.parametrize("base_url", ["fineract.example.org/x", "ftp://h/x", "http://", "http://["])
def test_a_base_url_that_is_no_web_address_is_a_wrong_use(base_url: str) -> None:
    with pytest.raises(UsageError) as caught, client_of(base_url):
        pass
    assert caught.value.code == "base_url_wrong"


def test_a_list_is_paged_until_a_page_is_short_whatever_its_total_says() -> None:
    rows = [{"id": number} for number in range(5)]

    def answer(handler: Handler) -> None:
        offset = int(handler.path.partition("offset=")[2].partition("&")[0])
        page = rows[offset : offset + 2]
        handler.say(200, json.dumps({"totalFilteredRecords": 0, "pageItems": page}))

    with peer(answer) as at, client_of(at.url, page_rows=2) as c:
        assert [len(page) for page in c.pages("loans")] == [2, 2, 1]
    assert len(at.seen) == 3


def test_a_wrong_password_ends_the_run_with_a_hint_and_without_the_password() -> None:
    body = {"timestamp": "x", "status": 401, "error": "Unauthorized", "path": "/x"}
    refused = pytest.raises(OutsideUnreachable)
    with peer(say(401, body)) as at, client_of(at.url) as c, refused as caught:
        c.get("offices/1")
    assert caught.value.code == "fineract_login_refused"
    assert "geheim" not in f"{caught.value}{caught.value.hint}{c!r}"


def test_html_of_a_proxy_is_not_fineract() -> None:
    refused = pytest.raises(OutsideUnreachable)
    html = partial(Handler.say, status=200, text="<html></html>", kind="text/html")
    with peer(html) as at, client_of(at.url) as c, refused as caught:
        c.get("offices/1")
    assert caught.value.code == "fineract_not_there"


def test_a_missing_permission_is_named() -> None:
    error = {
        "userMessageGlobalisationCode": "error.msg.not.authorized",
        "defaultUserMessage": "User has no authority to READ clients",
    }
    refused = pytest.raises(OutsideUnreachable)
    with peer(say(403, {"errors": [error]})) as at, client_of(at.url) as c, refused as caught:
        c.get("clients")
    assert "READ clients" in caught.value.hint


def test_a_refused_connection_is_exit_3_for_a_read_and_not_sent_for_a_write() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with client_of(f"http://127.0.0.1:{port}") as c:
        with pytest.raises(OutsideUnreachable) as caught:
            c.get("offices/1")
        reply = c.post("offices", {})
    assert int(caught.value.exit_code) == 3
    assert reply.fault is Fault.NOT_SENT
    assert understand_posting(posting("savings_deposit", 1), reply).meaning is Meaning.NOT_SENT


def test_an_unknown_host_name_is_said_to_be_one() -> None:
    with client_of("http://fineract.invalid") as c:
        try:
            reply = c.post("offices", {})
        except RuntimeError:
            pytest.skip("name service is closed to tests")
    assert reply.fault is Fault.NOT_SENT


def test_an_untrusted_certificate_is_exit_3_and_the_right_ca_file_is_enough(tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    with peer(say(200, {"id": 1}), context) as at:
        url = at.url.replace("http://", "https://")
        with client_of(url) as c:
            with pytest.raises(OutsideUnreachable) as caught:
                c.get("offices/1")
            assert c.post("offices", {}).fault is Fault.NOT_SENT
        with client_of(url, ca_file=tmp_path / "certificate.pem") as c:
            assert c.get("offices/1") == {"id": 1}
    assert "ca_file" in caught.value.hint
    assert len(at.seen) == 1


def test_a_write_whose_connection_breaks_is_sent_once_and_is_a_value() -> None:
    with peer(cut) as at, client_of(at.url) as c:
        reply = c.post("offices", {})
    assert reply.fault is Fault.UNHEARD
    assert len(at.seen) == 1
    assert understand_posting(posting("savings_deposit", 1), reply).meaning is Meaning.UNKNOWN


def test_a_write_that_is_not_answered_in_time_is_a_value() -> None:
    released = threading.Event()

    def answer(handler: Handler) -> None:
        released.wait(5)
        handler.say(200, "[]")

    with peer(answer) as at, client_of(at.url, read_timeout_s=1) as c:
        reply = c.batch([BatchItem(1, "GET", "v1/loans/1")], enclosing=True).whole
        released.set()
    assert reply.fault is Fault.UNHEARD
    assert len(at.seen) == 1


def test_a_read_whose_connection_breaks_is_tried_again() -> None:
    def answer(handler: Handler) -> None:
        if len(handler.seen) < 3:
            cut(handler)
        else:
            handler.say(200, '{"id": 1}')

    with peer(answer) as at, client_of(at.url) as c:
        assert c.get("offices/1") == {"id": 1}


def test_a_proxy_that_is_briefly_overloaded_is_asked_again_for_a_read_only() -> None:
    def answer(handler: Handler) -> None:
        if len(handler.seen) == 2:
            handler.say(200, "{}")
        else:
            handler.say(502, "<html></html>", "text/html")

    with peer(answer) as at, client_of(at.url) as c:
        assert c.get("offices/1") == {}
        assert c.post("offices", {}).status == 502
    assert len(at.seen) == 3


def test_the_connection_is_renewed_before_the_server_would_close_it() -> None:
    with peer(say(200, {})) as at, client_of(at.url) as c:
        for _ in range(91):
            c.get("offices/1")
    ports = [handler.port for handler in at.seen]
    assert len(set(ports[:90])) == 1
    assert ports[90] != ports[0]


def test_an_idle_connection_is_not_used_again() -> None:
    moments = iter([0.0, 0.0, 30.0, 30.0, 81.0, 81.0])
    with peer(say(200, {})) as at, client_of(at.url, monotonic=lambda: next(moments)) as c:
        for _ in range(3):
            c.get("offices/1")
    ports = [handler.port for handler in at.seen]
    assert ports[0] == ports[1] != ports[2]


def test_a_redirect_is_not_followed() -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/login")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with peer(answer) as at, client_of(at.url) as c, pytest.raises(OutsideUnreachable):
        c.get("offices/1")
    assert len(at.seen) == 1


def test_a_batch_says_whether_it_encloses_and_its_items_come_back_by_number() -> None:
    elements = [
        {
            "requestId": 2,
            "statusCode": 404,
            "headers": [{"name": "X-A", "value": "1"}],
            "body": "{}",
        },
        {"requestId": 1, "statusCode": 200, "headers": None, "body": '{"id": 5}'},
    ]
    with peer(say(200, elements)) as at, client_of(at.url) as c:
        answer = c.batch([BatchItem(1, "GET", "v1/loans/1")], enclosing=False)
    assert at.seen[0].path.endswith("/batches?enclosingTransaction=false")
    assert answer.by_request()[1].json() == {"id": 5}
    assert answer.by_request()[2].headers == {"x-a": "1"}


def test_the_password_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("geheim\n", encoding="utf-8")
    file.chmod(0o600)
    server = FineractServer(
        base_url="http://127.0.0.1:1", zone="UTC", username="mmrecon", password_file=file
    )
    assert open_client(server).base_url == "http://127.0.0.1:1"


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)

    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_file = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_file)
    return context
