"""`mmrecon fetch`: pull new statement files into the archive, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.issues_view import issues_text
from mmrecon.cli.outcome import Outcome

if TYPE_CHECKING:
    from mmrecon.pipeline.fetching import Fetched
    from mmrecon.pipeline.run import Run


@click.command("fetch")
@click.argument("wallets", nargs=-1, metavar="[WALLET]...")
@with_run(lock=True)
def command(run: Run, wallets: tuple[str, ...]) -> Outcome:
    """Pull new files of these wallets, or of all, into the archive, once each."""
    from mmrecon.pipeline.fetching import fetch

    return outcome(run, fetch(run, wallets))


def outcome(_run: Run, fetched: Fetched) -> Outcome:
    """What arrived."""
    return Outcome(fetched.exit_code(), _summary(fetched), _shown(fetched))


def _summary(fetched: Fetched) -> dict[str, Any]:
    return {
        "files": [
            {
                "wallet": file.wallet_name,
                "file": file.name,
                "sha256": file.sha256,
                "size_bytes": file.size_bytes,
                "new": file.is_new,
                "first_seen_at": file.first_seen_at_utc,
            }
            for file in fetched.files
        ],
        "issues": [_issue(issue) for issue in fetched.issues],
        "troubles": [
            {"wallet": trouble.wallet, "code": trouble.error.code, "message": str(trouble.error)}
            for trouble in fetched.troubles
        ],
    }


def _issue(issue: Any) -> dict[str, str]:
    from mmrecon.model.catalogue import next_step_of, sentence_of

    return {
        "code": issue.code,
        "wallet": issue.wallet,
        "file": issue.file,
        "message": sentence_of(issue),
        "next_step": next_step_of(issue),
    }


def _shown(fetched: Fetched) -> list[Any]:
    from mmrecon.cli.render import table

    shown: list[Any] = []
    if fetched.files:
        rows = [
            (f"{file.wallet_name}: {file.name}", f"{file.size_bytes:,}", _news(file))
            for file in fetched.files
        ]
        names = ["file", "bytes", "is"]
        shown.append(table(names, rows, right=["bytes"], whole=["file"]))
    else:
        shown.append("No new files.")
    shown.extend(issues_text(fetched.issues))
    shown.extend(
        f"! {trouble.wallet}: {trouble.error}\n  → {trouble.error.hint}"
        for trouble in fetched.troubles
    )
    return shown


def _news(file: Any) -> str:
    return "new" if file.is_new else f"known since {file.first_seen_at_utc[:10]}"
