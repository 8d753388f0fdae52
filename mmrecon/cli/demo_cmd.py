"""`mmrecon demo`: a whole day, from statement files to posted and proved."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("mmrecon-demo"),
    show_default=True,
    help="Where the demo lives.",
)
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Play a whole day on the built-in sandbox, with the same commands as on a site."""
    from datetime import timedelta

    from mmrecon.cli.boundary import guarded
    from mmrecon.cli.demo.play import play
    from mmrecon.cli.demo.site import Site
    from mmrecon.model.clock import local_date, system_clock

    day = local_date(system_clock(), "Africa/Nairobi") - timedelta(days=1)
    context.exit(guarded(lambda: play(Site(folder.absolute()), day), as_json=False))
