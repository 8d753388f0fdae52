"""`mmrecon sandbox serve`: the stand-in Fineract on loopback."""

from __future__ import annotations

from pathlib import Path

import click


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
def serve(port: int, state_folder: Path, faults: Path | None) -> None:
    """Serve Fineract's API until stopped; prints the base URL when ready."""
    from mmrecon.sandbox.served import serve_all

    serve_all(state_folder, port, faults)
