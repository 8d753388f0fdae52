"""Transport to Fineract: one connection, deadlines, no retry of a write inside any library.

Reads that fail end the run with `OutsideUnreachable`; a write whose answer is unclear is a value
(`Reply.fault`), never an exception that loses it (fineract/measured.md i).
"""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential, wait_random
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)

from mmrecon.config import FineractServer
from mmrecon.errors import OutsideUnreachable, UsageError
from mmrecon.fineract.contract import (
    UNHEARD,
    BatchItem,
    BatchReply,
    Fault,
    JsonObject,
    Reply,
    as_list,
    as_object,
    as_text,
    batch_body,
    dump_json,
    read_batch,
)
from mmrecon.secret import read_secret

Parameters = Mapping[str, str | int]

UNREACHABLE: Final = "fineract_unreachable"
"""Code of the trouble that waiting may cure: nothing answers, or a proxy for it."""

_REQUESTS_A_CONNECTION: Final = 90
_IDLE_S: Final = 50.0
_READ_ATTEMPTS: Final = 3
_TRANSIENT: Final = frozenset({502, 503, 504})


class FineractClient:
    """One user's way to one tenant; used by one thread at a time (`another` gives a second one)."""

    def __init__(
        self,
        server: FineractServer,
        password: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        first_pause_s: float = 0.5,
    ) -> None:
        self._server = server
        self._password = password
        self._monotonic = monotonic
        self._first_pause_s = first_pause_s
        self._api_url = _web_address(api_url(server.base_url))
        self._session: requests.Session | None = None
        self._used = 0
        self._last_used = 0.0

    @property
    def base_url(self) -> str:
        """Where this client goes, for messages."""
        return self._server.base_url

    def login(self) -> Reply:
        """Who this user is, and what it may do (fineract-api.md 1.2)."""
        return self.post(
            "authentication", {"username": self._server.username, "password": self._password}
        )

    def another(self) -> FineractClient:
        """A client of the same user with a connection of its own."""
        return FineractClient(
            self._server,
            self._password,
            monotonic=self._monotonic,
            first_pause_s=self._first_pause_s,
        )

    def close(self) -> None:
        """Give the connection back."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def ask(self, path: str, parameters: Parameters | None = None) -> Reply:
        """A GET; a Fineract answer of any status comes back as it is.

        Raises:
            OutsideUnreachable: no answer, a refused login, or something that is not Fineract.
        """
        waiting = Retrying(
            stop=stop_after_attempt(_READ_ATTEMPTS),
            wait=wait_exponential(multiplier=self._first_pause_s, max=10) + wait_random(0, 0.5),
            retry=retry_if_result(_worth_another_read),
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )
        reply: Reply = waiting(self._send, "GET", path, parameters, None)
        return fineract_answer(reply, self._server.base_url)

    def get(self, path: str, parameters: Parameters | None = None) -> object:
        """Parsed JSON of a GET that must succeed.

        Raises:
            OutsideUnreachable: as `ask`, and when Fineract refuses.
        """
        return successful(self.ask(path, parameters), path).json()

    def pages(
        self, path: str, parameters: Parameters | None = None, *, page_rows: int | None = None
    ) -> Iterator[list[JsonObject]]:
        """Pages of a list by `offset` and `limit`, until one is short.

        Totals are not believed (fineract/mariadb.md 1). Give `orderBy` and `sortOrder`.

        Raises:
            OutsideUnreachable: as `get`.
        """
        rows = page_rows or self._server.page_rows
        offset = 0
        while True:
            wanted = {**(parameters or {}), "offset": offset, "limit": rows}
            page = _rows_of(self.get(path, wanted))
            if page:
                yield page
            if len(page) < rows:
                return
            offset += rows

    def post(self, path: str, body: object, *, idempotency_key: str = "") -> Reply:
        """A POST, sent once; an answer that never came is a value."""
        return self._send("POST", path, None, dump_json(body), idempotency_key)

    def put(self, path: str, body: object) -> Reply:
        """A PUT that must be answered.

        Raises:
            OutsideUnreachable: as `ask`.
        """
        return fineract_answer(
            self._send("PUT", path, None, dump_json(body)), self._server.base_url
        )

    def batch(self, items: Sequence[BatchItem], *, enclosing: bool) -> BatchReply:
        """Send `/batches` once; an answer that never came is a value."""
        parameters = {"enclosingTransaction": "true" if enclosing else "false"}
        return read_batch(self._send("POST", "batches", parameters, batch_body(items)))

    def _send(
        self,
        method: str,
        path: str,
        parameters: Parameters | None,
        body: str | None,
        idempotency_key: str = "",
    ) -> Reply:
        session = self._fresh_session()
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        try:
            answer = session.request(
                method,
                f"{self._api_url}/{path.lstrip('/')}",
                params=parameters,
                data=None if body is None else body.encode(),
                headers=headers,
                timeout=(self._server.connect_timeout_s, self._server.read_timeout_s),
                allow_redirects=False,
            )
            text = answer.content.decode("utf-8", errors="replace")
        except requests.RequestException as error:
            self.close()
            return _unanswered(error)
        finally:
            self._last_used = self._monotonic()
        return Reply(
            answer.status_code,
            {name.lower(): value for name, value in answer.headers.items()},
            text,
        )

    def _fresh_session(self) -> requests.Session:
        idle_s = self._monotonic() - self._last_used
        if self._used >= _REQUESTS_A_CONNECTION or idle_s > _IDLE_S:
            self.close()
        if self._session is None:
            self._session = self._new_session()
            self._used = 0
        self._used += 1
        return self._session

    def _new_session(self) -> requests.Session:
        """Nothing of the environment, no proxy, no retry."""
        session = requests.Session()
        session.trust_env = False
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))
        session.verify = str(self._server.ca_file) if self._server.ca_file else True
        session.headers.update(
            {
                "Authorization": basic_login(self._server.username, self._password),
                "Fineract-Platform-TenantId": self._server.tenant,
                "Content-Type": "application/json",
                "Accept": "application/json",
            }
        )
        return session


def open_client(server: FineractServer) -> FineractClient:
    """A client with the password from the environment or from a file only its owner reads.

    Raises:
        UsageError: there is no password, or others can read its file.
    """
    password = read_secret(server.password_variable, server.password_file, "Fineract's password")
    return FineractClient(server, password)


def basic_login(username: str, password: str) -> str:
    """The value of the `Authorization` header (HTTP Basic, UTF-8)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def api_url(base_url: str) -> str:
    """The address of API version 1, whether the base URL names it or not."""
    return base_url.rstrip("/").removesuffix("/api/v1") + "/api/v1"


def _web_address(url: str) -> str:
    """The address itself.

    Raises:
        UsageError: it is none of `http` or `https`.
    """
    try:
        parsed = urlsplit(url)
        known = parsed.scheme in {"http", "https"} and bool(parsed.hostname)
    except ValueError:
        known = False
    if not known:
        raise UsageError(
            "fineract.base_url is no address of a web server",
            hint="Write it as https://HOST/fineract-provider",
            code="base_url_wrong",
        )
    return url


def fineract_answer(reply: Reply, base_url: str) -> Reply:
    """The reply, when Fineract itself answered and knows the user.

    Raises:
        OutsideUnreachable: with a hint that fits the trouble.
    """
    if reply.status == UNHEARD:
        raise OutsideUnreachable(
            f"Fineract at {base_url} did not answer: {reply.trouble}",
            hint=_HINTS.get(reply.trouble, "Try again; nothing was changed."),
            code=UNREACHABLE if may_come_back(reply) else "fineract_not_trusted",
        )
    if reply.status in _TRANSIENT and reply.json() is None:
        raise OutsideUnreachable(
            f"Fineract at {base_url} does not answer; a proxy says HTTP {reply.status}",
            hint="See whether Fineract is running; then run this again.",
            code=UNREACHABLE,
        )
    if reply.status == 401:
        raise OutsideUnreachable(
            f"Fineract at {base_url} refuses the user name or the password",
            hint="Check `fineract.username` and the password's variable or file.",
            code="fineract_login_refused",
        )
    if reply.json() is None or 300 <= reply.status < 400:
        raise OutsideUnreachable(
            f"what answers at {base_url} is not Fineract (HTTP {reply.status}, no JSON)",
            hint="A proxy or another program answers there: check `fineract.base_url`.",
            code="fineract_not_there",
        )
    return reply


def may_come_back(reply: Reply) -> bool:
    """Whether waiting may help a request that was not answered."""
    return reply.trouble != _UNTRUSTED


def successful(reply: Reply, path: str) -> Reply:
    """The reply, when it says 200.

    Raises:
        OutsideUnreachable: names the address without its parameters, and what is missing.
    """
    if reply.status == 200:
        return reply
    said = as_object(reply.json())
    first = next(iter(as_list(said.get("errors"))), said)
    code = as_text(first.get("userMessageGlobalisationCode"))
    if code == "error.msg.not.authorized":
        raise OutsideUnreachable(
            f"Fineract lets this user not read {path}",
            hint=f"{as_text(first.get('defaultUserMessage'))}: give its role that permission.",
            code="fineract_not_authorised",
        )
    raise OutsideUnreachable(
        f"Fineract answered {path} with HTTP {reply.status} {code}".rstrip(),
        hint="Check `fineract.tenant`, and what Fineract's own log says.",
        code="fineract_refused",
    )


def _worth_another_read(reply: Reply) -> bool:
    if reply.fault is Fault.UNHEARD:
        return reply.trouble != _TOO_SLOW
    return reply.status in _TRANSIENT and reply.json() is None


def _rows_of(answer: object) -> list[JsonObject]:
    return as_list(answer if isinstance(answer, list) else as_object(answer).get("pageItems"))


_UNTRUSTED: Final = "its certificate is not trusted"
_NO_HOST: Final = "its host name is unknown"
_REFUSED: Final = "the connection was refused"
_TOO_SLOW: Final = "no answer in time"
_BROKEN: Final = "the connection broke"
_HINTS: Final = {
    _UNTRUSTED: "Put the certificate authority's file into `fineract.ca_file`.",
    _NO_HOST: "Check the host in `fineract.base_url`, and this machine's name service.",
    _REFUSED: "Is Fineract running, and is the port in `fineract.base_url` right?",
    _TOO_SLOW: "Fineract is busy or hangs; see whether it answers in a browser.",
    _BROKEN: "See whether Fineract is running; then run this again.",
}


def _unanswered(error: requests.RequestException) -> Reply:
    """Whether the request certainly never left, told by what urllib3 gave as the reason."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Reply(UNHEARD, fault=Fault.NOT_SENT, trouble=_TOO_SLOW)
    if isinstance(error, requests.exceptions.Timeout):
        return Reply(UNHEARD, fault=Fault.UNHEARD, trouble=_TOO_SLOW)
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(reason, SSLError) and isinstance(reason.args[0], ssl.SSLCertVerificationError):
        return Reply(UNHEARD, fault=Fault.NOT_SENT, trouble=_UNTRUSTED)
    if isinstance(reason, NameResolutionError):
        return Reply(UNHEARD, fault=Fault.NOT_SENT, trouble=_NO_HOST)
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return Reply(UNHEARD, fault=Fault.NOT_SENT, trouble=_REFUSED)
    return Reply(UNHEARD, fault=Fault.UNHEARD, trouble=_BROKEN)
