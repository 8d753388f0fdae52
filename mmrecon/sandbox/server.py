"""The sandbox as a server: cheroot on loopback over one state folder."""

from __future__ import annotations

import contextlib
import fcntl
import signal
import socket
import struct
import sys
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any, Self

from cheroot import wsgi

from mmrecon.sandbox import faults as fault_rules
from mmrecon.sandbox.application import V1, Application
from mmrecon.sandbox.auth import Users
from mmrecon.sandbox.database import Database, StateOfAnotherVersionError
from mmrecon.sandbox.dialects import Dialect
from mmrecon.sandbox.locks import RowLocks
from mmrecon.sandbox.ports import HOST, PortTakenError, free_port, is_taken
from mmrecon.sandbox.routes import HANDLERS, ROUTES
from mmrecon.sandbox.routing import Router
from mmrecon.sandbox.seed import plant
from mmrecon.sandbox.world import World

THREADS = 40
REQUESTS_A_CONNECTION = 100
IDLE_SECONDS = 60


class FolderInUseError(RuntimeError):
    """Another process serves the state folder."""


def _gateway(request: Any) -> Any:
    """A gateway that lets the application cut the connection.

    As on a real server, a connection serves so many requests and is closed then.
    """
    served = getattr(request.conn, "served", 0) + 1
    request.conn.served = served
    if served >= REQUESTS_A_CONNECTION:
        request.close_connection = True
    gateway = wsgi.Gateway_10(request)

    def hang_up() -> None:
        connection = request.conn.socket
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    gateway.env["sandbox.hang_up"] = hang_up
    return gateway


class SandboxServer:
    """A stand-in Fineract over one state folder, which only one process may serve.

    The port is chosen once and kept in the folder, so that a configuration that names it stays
    valid. ``database`` is ``postgresql`` or ``mariadb``; the folder keeps to the one it was made
    for (postgresql if nothing was said).

    Raises:
        FolderInUseError: another process serves the folder.
        PortTakenError: another process listens on its port.
        StateOfAnotherVersionError: the folder was made by another version of the sandbox, or for
            the other database.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        port: int = 0,
        faults: Path | None = None,
        database: str = "",
    ) -> None:
        self.state_dir = state_dir
        self._asked_dialect = Dialect(database) if database else None
        self._asked_port = port
        self._fault_file = faults
        self._lock_file: IO[str] | None = None
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self.world: World | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int((self.state_dir / "port").read_text(encoding="ascii"))

    @property
    def base_url(self) -> str:
        """The base URL of the API."""
        return f"http://{HOST}:{self.port}{V1}"

    def start(self) -> Self:
        """Serve from a thread in the background; returns when the port is open."""
        self._open()
        self._thread = threading.Thread(target=self._server.serve, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, finish what runs, close the state."""
        if self._server is not None:
            self._server.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _open(self) -> None:
        faults = fault_rules.load(self._fault_file)
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._take_folder()
        try:
            self._listen(faults)
        except (OSError, PortTakenError, StateOfAnotherVersionError):
            self._close()
            raise

    def _listen(self, faults: fault_rules.Faults) -> None:
        dialect = self._kept_dialect()
        self.world = _world(self.state_dir, faults, dialect)
        (self.state_dir / "database").write_text(dialect.value, encoding="ascii")
        port_file = self.state_dir / "port"
        port = self._asked_port
        if not port:
            kept = port_file.exists()
            port = int(port_file.read_text(encoding="ascii")) if kept else free_port()
        if is_taken(port):
            raise PortTakenError(port)
        self._server = wsgi.Server(
            (HOST, port), Application(self.world), numthreads=THREADS, timeout=IDLE_SECONDS
        )
        self._server.gateway = _gateway
        self._server.nodelay = True
        self._server.expiration_interval = 0.1
        self._server.request_queue_size = 100
        self._server.prepare()
        port_file.write_text(str(port), encoding="ascii")

    def _kept_dialect(self) -> Dialect:
        file = self.state_dir / "database"
        kept = Dialect(file.read_text(encoding="ascii")) if file.exists() else None
        asked = self._asked_dialect or kept or Dialect.POSTGRESQL
        if kept not in {None, asked}:
            said = f"the sandbox in {self.state_dir} plays a server on {asked.other().value}"
            raise StateOfAnotherVersionError(said)
        return asked

    def _take_folder(self) -> None:
        self._lock_file = (self.state_dir / "lock").open("a", encoding="ascii")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            self._lock_file.close()
            said = f"another process serves the sandbox in {self.state_dir}"
            raise FolderInUseError(said) from taken

    def _close(self) -> None:
        if self.world is not None:
            self.world.database.close()
            self.world = None
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None


def _world(state_dir: Path, faults: fault_rules.Faults, dialect: Dialect) -> World:
    database = Database(state_dir / "fineract.db", dialect)
    if database.create():
        with database.transaction() as session:
            plant(session)
    router = Router(ROUTES, HANDLERS)
    return World(database, Users(database), RowLocks(), faults, router, state_dir=state_dir)


def serve_forever(state_dir: Path, port: int, faults: Path | None, database: str = "") -> None:
    """Serve until SIGTERM or SIGINT; prints the base URL on one line when ready."""
    finished = threading.Event()

    def finish(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        finished.set()

    signal.signal(signal.SIGTERM, finish)
    signal.signal(signal.SIGINT, finish)
    with SandboxServer(state_dir, port=port, faults=faults, database=database) as server:
        sys.stdout.write(server.base_url + "\n")
        sys.stdout.flush()
        finished.wait()
