"""Ports that can be kept."""

from __future__ import annotations

import secrets
import socket

HOST = "127.0.0.1"
LOWEST_PORT, PORTS = 20_000, 10_000


def free_port() -> int:
    """A free port below those that outgoing connections take, so that it can be kept."""
    while True:
        port = LOWEST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)):
                return port
