"""The command line: a group that loads a command's module only when it is called."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Final

import click

from mmrecon import __version__
from mmrecon.cli.boundary import present_error, reader_has_gone

COMMANDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("demo", "demo_cmd", "Play a whole day on the built-in sandbox."),
    ("init", "init_cmd", "Write a first configuration and the cron lines."),
    ("doctor", "doctor_cmd", "Check everything a site needs, each with its remedy."),
    ("nightly", "nightly_cmd", "What cron runs at night: from fetch to workbook."),
    ("tick", "tick_cmd", "What cron runs by day: silent when idle."),
    ("fetch", "fetch_cmd", "Pull new statement files into the archive, once each."),
    ("inspect", "inspect_cmd", "Say what is in a file; stores nothing."),
    ("formats", "formats_cmd", "The layouts; a draft for another export, and its trial."),
    ("import", "import_cmd", "Take statement files from disk."),
    ("ledger", "ledger_cmd", "The snapshot of Fineract's clients and accounts."),
    ("match", "match_cmd", "Propose an owner for every line that has none."),
    ("workbook", "workbook_cmd", "Write the one workbook with every open row."),
    ("submit", "submit_cmd", "The preparer hands the workbook back and signs."),
    ("approve", "approve_cmd", "Another person looks at what waits and signs."),
    ("post", "post_cmd", "Send to Fineract what is approved."),
    ("verify", "verify_cmd", "Read back what was posted."),
    ("undo", "undo_cmd", "Take back what was posted, when two people sign it."),
    ("prove", "prove_cmd", "The two-way reconciliation and the daily proof."),
    ("lines", "lines_cmd", "Every line with its state."),
    ("explain", "explain_cmd", "The whole story of one receipt."),
    ("find", "find_cmd", "Find a line by receipt, amount, date, phone or name."),
    ("status", "status_cmd", "Where every run and shilling stands."),
    ("payouts", "payouts_cmd", "Withdrawal requests and approved loans."),
    ("people", "people_cmd", "Who may do what."),
    ("journal", "journal_cmd", "The journal's chain, against a printed head."),
    ("backup", "backup_cmd", "The state in one file, checked by reading it back."),
    ("restore", "restore_cmd", "Put a backup in place; nothing is sent until Fineract was read."),
    ("upgrade", "upgrade_cmd", "Migrate the database, after a backup."),
    ("sandbox", "sandbox_cmd", "The stand-in Fineract on this machine."),
)
"""Name, module under `mmrecon.cli`, one line of help; each module has a `command`."""

_GARBAGE_AFTER: Final = 100_000
"""New objects before Python looks for cycles; the default looks hundreds of times while the
libraries of one command are imported, and finds nothing."""


class LazyGroup(click.Group):
    """Knows its commands by name; imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a day."""
        del ctx
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        del ctx
        for name, module, _ in COMMANDS:
            if name == cmd_name:
                loaded = importlib.import_module(f"mmrecon.cli.{module}")
                command: click.Command = loaded.command
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, _, help_line in COMMANDS])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mmrecon")
def cli() -> None:
    """Mobile-money statements into Apache Fineract: approved, exactly once, proved.

    Exit codes: 0 done · 1 people have work · 6 look at the server · 2 wrong use or configuration ·
    3 outside unreachable · 4 another run holds the lock · 5 refused for safety · 70 a defect.
    """


def main() -> None:
    """Entry point of the `mmrecon` command."""
    gc.set_threshold(_GARBAGE_AFTER)
    try:
        code = cli.main(standalone_mode=False, prog_name="mmrecon")
        sys.stdout.flush()
    except BrokenPipeError:
        code = reader_has_gone()
    except (click.ClickException, click.Abort) as error:
        code = present_error(error, as_json="--json" in sys.argv)
    except click.exceptions.Exit as error:
        code = error.exit_code
    sys.exit(code)
