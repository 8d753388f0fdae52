"""Ports that can be kept."""

from __future__ import annotations

import secrets
import socket

HOST = "127.0.0.1"
LOWEST_PORT, PORTS = 20_000, 10_000


class PortTakenError(RuntimeError):
    """Another process listens on the port that this folder keeps, or that was asked for."""

    def __init__(self, port: int) -> None:
        super().__init__(f"another process listens on port {port}")


def is_taken(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        return not probe.connect_ex((HOST, port))


def free_port() -> int:
    """A free port below those that outgoing connections take, so that it can be kept."""
    while True:
        port = LOWEST_PORT + secrets.randbelow(PORTS)
        if not is_taken(port):
            return port
