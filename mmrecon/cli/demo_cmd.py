"""`mmrecon demo`: a whole day, from statement files to posted and proved."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Where the demo lives: else the demo's folder you stand in, else mmrecon-demo here.",
)
@click.pass_context
def command(context: click.Context, folder: Path | None) -> None:
    """Play a whole day on the built-in sandbox, with the same commands as on a site.

    In a folder that was played in already it plays once more, and posts nothing twice.
    """
    from datetime import timedelta

    from mmrecon.cli.boundary import guarded
    from mmrecon.cli.demo.play import play
    from mmrecon.cli.demo.site import Site, site_around
    from mmrecon.model.clock import local_date, system_clock

    day = local_date(system_clock(), "Africa/Nairobi") - timedelta(days=1)
    here = Path.cwd()
    site = Site(folder.absolute()) if folder else site_around(here) or Site(here / "mmrecon-demo")
    context.exit(guarded(lambda: play(site, day), as_json=False))
