"""The frame around every command: options, run, boundary.

    @click.command("match")
    @with_run(lock=True)
    def command(run: Run) -> Outcome:
        '''One line of help.'''

`--config` and `--json` are added; further click options and arguments go between and become
keyword arguments. Heavy modules are imported inside the function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.boundary import guarded

if TYPE_CHECKING:
    from mmrecon.cli.outcome import Outcome
    from mmrecon.config import Settings

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The configuration file (else MMRECON_CONFIG, config.toml, /etc/mmrecon/config.toml).",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


def with_run(
    *, lock: bool | Callable[[Mapping[str, Any]], bool], silent_when_locked: bool = False
) -> Callable[[Callable[..., Outcome]], Callable[..., None]]:
    """A command that works on a site: it gets a `Run` first.

    `lock`: it holds the run lock; or whether it does, by its options. `silent_when_locked`:
    another run's lock is no trouble to it.
    """

    def decorate(function: Callable[..., Outcome]) -> Callable[..., None]:
        @_CONFIG
        @_JSON
        @functools.wraps(function)
        def command(*, config_path: Path | None, as_json: bool, **options: Any) -> None:
            context = click.get_current_context()
            name = context.command_path.split(" ", 1)[-1]

            def action() -> Outcome:
                from mmrecon.cli.progress import for_terminal
                from mmrecon.wiring import open_run

                progress = for_terminal(quiet=as_json)
                locks = lock if isinstance(lock, bool) else lock(options)
                with open_run(config_path, command=name, progress=progress, lock=locks) as opened:
                    run, ended = opened
                    outcome = _finishing(progress, function, run, options)
                    ended.append(outcome.exit_code)
                    return outcome

            context.exit(
                guarded(_patient(action) if silent_when_locked else action, as_json=as_json)
            )

        return command

    return decorate


def _patient(action: Callable[[], Outcome]) -> Callable[[], Outcome]:
    """An action that does nothing while another run holds the lock."""

    def patient() -> Outcome:
        from mmrecon.cli.outcome import Outcome
        from mmrecon.errors import ExitCode, LockHeld

        try:
            return action()
        except LockHeld as held:
            return Outcome(ExitCode.DONE, {"steps": {}, "waited_for": str(held)})

    return patient


def without_run(function: Callable[..., Outcome]) -> Callable[..., None]:
    """A command that needs no configuration; it gets `config_path`, perhaps None."""

    @_CONFIG
    @_JSON
    @functools.wraps(function)
    def command(*, as_json: bool, **options: Any) -> None:
        context = click.get_current_context()
        context.exit(guarded(lambda: function(**options), as_json=as_json))

    return command


def when_called_alone(function: Callable[..., None]) -> Callable[..., None]:
    """A group that does its own work, unless a command of it is called."""

    @functools.wraps(function)
    def alone(**options: Any) -> None:
        if click.get_current_context().invoked_subcommand is None:
            function(**options)

    return alone


def settings_if_any(config_path: Path | None) -> Settings | None:
    """The configuration that was named or lies where it is looked for; none is needed."""
    from mmrecon.config import find_config, load_settings
    from mmrecon.errors import ConfigurationError

    try:
        path = find_config(config_path)
    except ConfigurationError:
        return None
    return load_settings(path)


def _finishing(progress: Any, function: Callable[..., Outcome], run: Any, options: Any) -> Outcome:
    try:
        return function(run, **options)
    finally:
        progress.finish()
