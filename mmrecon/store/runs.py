"""Runs: who started what when, and how it ended."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Engine, insert, update

from mmrecon import __version__
from mmrecon.errors import ExitCode
from mmrecon.store.database import transaction
from mmrecon.store.schema import RUN


def new_run_id(command: str, now_utc: datetime) -> str:
    """A run's id: sortable by time, unique, short enough for a file name."""
    return f"{now_utc:%Y%m%dT%H%M%S}-{command.split(maxsplit=1)[0]}-{secrets.token_hex(3)}"


def record_start(
    engine: Engine, run_id: str, command: str, started_at_utc: str, settings_digest: str
) -> None:
    """A run begins; it stays without an end when it is killed."""
    with transaction(engine) as connection:
        connection.execute(
            insert(RUN).values(
                run_id=run_id,
                command=command,
                started_at_utc=started_at_utc,
                program_version=__version__,
                settings_digest=settings_digest,
            )
        )


def record_end(engine: Engine, run_id: str, ended_at_utc: str, code: ExitCode) -> None:
    """A run has ended."""
    with transaction(engine) as connection:
        connection.execute(
            update(RUN)
            .where(RUN.c.run_id == run_id)
            .values(ended_at_utc=ended_at_utc, exit_code=int(code))
        )
