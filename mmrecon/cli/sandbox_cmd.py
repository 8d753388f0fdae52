"""`mmrecon sandbox serve`: the stand-in Fineract on loopback."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from mmrecon.errors import ExitCode, LockHeld, UsageError


@click.group("sandbox")
def command() -> None:
    """The stand-in Fineract on this machine, for trying things out."""


@command.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: the kept or a free one.")
@click.option(
    "--state",
    "state_folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("sandbox"),
    show_default=True,
    help="Where the server keeps its state; an empty folder is a bare server.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    help="A JSON file with the faults to play.",
)
@click.option(
    "--database",
    type=click.Choice(["postgresql", "mariadb"]),
    default=None,
    help="Which server it plays; a folder keeps to the one it was made for.  [default: postgresql]",
)
def serve(port: int, state_folder: Path, faults: Path | None, database: str | None) -> None:
    """Serve Fineract's API until stopped; prints the base URL when ready."""
    from mmrecon.cli.boundary import guarded

    served = partial(_serve, state_folder, port, faults, database or "")
    click.get_current_context().exit(guarded(served, as_json=False))


def _serve(state_folder: Path, port: int, faults: Path | None, database: str) -> int:
    from mmrecon.sandbox.database import StateOfAnotherVersionError
    from mmrecon.sandbox.ports import PortTakenError
    from mmrecon.sandbox.served import serve_all
    from mmrecon.sandbox.server import FolderInUseError

    try:
        serve_all(state_folder, port, faults, database)
    except FolderInUseError as error:
        hint = "Stop that one first, or name another folder with --state."
        raise LockHeld(str(error), hint=hint, code="sandbox_in_use") from error
    except PortTakenError as error:
        hint = "Stop that one, or choose another port with --port."
        raise LockHeld(str(error), hint=hint, code="port_taken") from error
    except StateOfAnotherVersionError as error:
        hint = "Name an empty folder with --state; a demo is made anew in another --folder."
        raise UsageError(str(error), hint=hint, code="sandbox_of_another_version") from error
    return ExitCode.DONE
