"""How a person shows that it is they: a passphrase, typed or in a file only they can read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mmrecon.errors import UsageError

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run

_TRIES: Final = 3


def signed_by(*, required: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options `--as NAME` (`person`) and `--passphrase-file FILE` (`passphrase_file`)."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        person = click.option(
            "--as", "person", metavar="NAME", required=required, help="Who signs."
        )
        return person(passphrase_file_option(function))

    return decorate


passphrase_file_option = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read the passphrase from this file, which only its owner may read.",
)


def passphrase(file: Path | None, *, new: bool = False) -> str:
    """The passphrase from the file, or typed without being shown (`new`: twice).

    Raises:
        UsageError: there is neither a file nor a terminal.
        SafetyRefusal: others than its owner can read the file.
    """
    if file is not None:
        from mmrecon.secret import read_secret

        return read_secret("", file, "the passphrase")
    if not on_terminal():
        raise UsageError(
            "the passphrase cannot be asked: this is no terminal",
            hint="Give it in a file only you can read: --passphrase-file FILE (chmod 600).",
            code="no_terminal",
        )
    typed: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=new, err=True)
    return typed


def signer_passphrase(run: Run, name: str, file: Path | None) -> str:
    """The passphrase of somebody who may sign; a mistyped one is asked again, three times in all.

    Raises:
        UsageError: nobody can sign yet, or there is neither a file nor a terminal.
        SafetyRefusal: nobody of that name may sign, or others can read the file.
    """
    from mmrecon.pipeline.people import known_person, opens_key

    person = known_person(run, name)
    typed = passphrase(file)
    for _ in range(_TRIES - 1):
        if file is not None or opens_key(run, person, typed):
            break
        click.echo("That passphrase does not open this key; type it again.", err=True)
        typed = passphrase(None)
    return typed


def on_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
