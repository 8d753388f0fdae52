"""`mmrecon status`: where every run and shilling stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from mmrecon.cli.frame import with_run
from mmrecon.cli.outcome import Outcome
from mmrecon.model.words import counted

if TYPE_CHECKING:
    from mmrecon.pipeline.run import Run

SIGNS: Final = {
    "none": ".", "partial": "~", "full": "=", "contradicted": "!", "open": "o", "proved": "#"
}  # fmt: skip
"""One sign per word of the calendar; the legend below it says them all."""


@click.command("status")
@with_run(lock=False)
def command(run: Run) -> Outcome:
    """Where every run and shilling stands."""
    from mmrecon.pipeline.standing import exit_code, status

    document = status(run)
    return Outcome(exit_code(document), document, status_shown(document))


def status_shown(document: Mapping[str, Any]) -> tuple[Any, ...]:
    """The state of a site for a terminal."""
    zone = document["zone"]
    shown: list[Any] = [line for wallet in document["wallets"] for line in _wallet(wallet)]
    shown.append("  " + "   ".join(f"{sign} {word}" for word, sign in SIGNS.items()))
    shown += [
        *[f"! {one['message']}\n  → {one['next_step']}" for one in document["missing"]],
        *_lines(document["lines"]),
        *_held(document["held_until"]),
        *[f"! {one['message']}\n  → {one['next_step']}" for one in document["configuration"]],
        *_batches(document["batches_waiting"]),
        *_links(document["links_unsigned"]),
        *_unknowns(document["open_unknowns"], zone),
        *[_quarantined(each) for each in document["quarantined"]],
        *[_refused(each) for each in document["refused_rows"]],
        f"Ledger snapshot: {_at(document['ledger_snapshot_at_utc'], zone) or 'none yet'}.",
        *_runs(document["runs"], zone),
        *_quiet_ticks(document["last_quiet_tick_at_utc"], zone),
        f"All times are {zone}.",
    ]  # fmt: skip
    return tuple(shown)


def _wallet(wallet: Mapping[str, Any]) -> list[str]:
    newest = wallet["newest_statement"]
    shadow = " (shadow: nothing is sent)" if wallet["mode"] == "shadow" else ""
    if newest is None:
        headline = f"{wallet['wallet']}{shadow}: no statement yet."
    else:
        headline = (
            f"{wallet['wallet']}{shadow}: newest statement day {wallet['newest_day'] or '?'}, "
            f"read up to {wallet['read_up_to']}; last file {newest['name']} "
            f"({newest['proof'] or newest['outcome']})."
        )
    days = wallet["calendar"]
    first, last = days[0]["day"], days[-1]["day"]
    numbers = " ".join(day["day"][-2:] for day in days)
    signs = " ".join(f" {SIGNS[day['word']]}" for day in days)
    wrong = [text for one in wallet["contradicted"] for text in _contradicted(one)]
    last_light = [f"  last proof {wallet['last_light']}"] if wallet["last_light"] else []
    hidden, since = wallet["older_days"], wallet["oldest_day"]
    older = [f"  not shown: {counted(hidden, 'older day')} with statements, from {since} on"]
    older = older if hidden else []
    return [
        headline,
        f"  {first} to {last}",
        f"  {numbers}",
        f"  {signs}",
        *older,
        *last_light,
        *wrong,
    ]


def _contradicted(one: Mapping[str, Any]) -> list[str]:
    """Why a statement contradicts itself, and what to write to the provider."""
    return [
        f"! {one['file']} is contradicted: {' '.join(one['failed'])}",
        *[f"  ! {fault['message']}\n    → {fault['next_step']}" for fault in one["faults"]],
    ]


def _lines(rows: Sequence[dict[str, Any]]) -> list[Any]:
    from mmrecon.cli.render import table
    from mmrecon.model.money import to_text
    from mmrecon.pipeline.standing import by_urgency

    if not rows:
        return ["No lines yet."]
    headers = ("wallet", "state", "lines", "in", "out")
    cells = [
        (
            row["wallet"], row["state"], f"{row['lines']:,}",
            to_text(row["in_minor"], row["currency"]) if row["in_minor"] else "",
            to_text(row["out_minor"], row["currency"]) if row["out_minor"] else "",
        )
        for row in by_urgency(rows)
    ]  # fmt: skip
    return [table(headers, cells, right=headers[2:])]


def _held(held: Sequence[Mapping[str, Any]]) -> list[str]:
    from mmrecon.model.money import to_text

    return [
        f"Held until {each['until']}: {counted(each['lines'], 'line')} of {each['wallet']}, "
        f"{to_text(each['amount_minor'], each['currency'])}."
        for each in held
    ]


def _batches(batches: Sequence[Mapping[str, Any]]) -> list[str]:
    from mmrecon.model.money import to_text

    if not batches:
        return ["No batch waits for anybody."]
    told = []
    for batch in batches:
        totals = ", ".join(to_text(minor, code) for code, minor in batch["totals"].items())
        whom = "a second approver" if batch["approved_once"] else "an approver"
        told.append(
            f"Batch {batch['batch_id']} ({batch['kind']}, {counted(batch['row_count'], 'row')}"
            f"{f', {totals}' if totals else ''}) waits for {whom} other than "
            f"{batch['prepared_by']}: `mmrecon approve {batch['batch_id']}`."
        )
    return told


def _links(unsigned: Mapping[str, Any]) -> list[str]:
    from mmrecon.model.money import to_text

    if not unsigned["lines"]:
        return []
    totals = ", ".join(to_text(minor, code) for code, minor in unsigned["totals"].items())
    lines = counted(unsigned["lines"], "line")
    found = f"Found in Fineract, posted by somebody else: {lines}, {totals}"
    return [f"{found}: `mmrecon submit --as NAME` signs their links, another person approves them."]


def _unknowns(unknowns: Sequence[Mapping[str, Any]], zone: str) -> list[str]:
    from mmrecon.model.money import to_text
    from mmrecon.model.resolution import way_out

    return [
        f"{counted(each['count'], 'posting')} {'is' if each['count'] == 1 else 'are'} "
        f"{each['state'].replace('_', ' ')}, "
        f"{to_text(each['amount_minor'], each['currency'])}, the oldest sent "
        f"{_at(each['oldest_sent_at_utc'], zone) or 'at an unknown time'}: "
        f"{way_out(each['state'])}."
        for each in unknowns
    ]


def _quarantined(each: Mapping[str, Any]) -> str:
    """What is wrong with a file, what helps, and how to be done with it."""
    told = f"! Quarantined: {each['file']}: {each['message']}."
    dismiss = f"mmrecon import --dismiss {each['sha256'][:8]} --reason TEXT"
    return f"{told}\n  → {each['next_step']} If it is nobody's statement: {dismiss}"


def _refused(each: Mapping[str, Any]) -> str:
    """Rows of a file that could not be read, with the money that they are known to have."""
    from mmrecon.model.money import to_text

    sides = [
        f"{side} {to_text(each[minor], each['currency'])}"
        for side, minor in (("in", "in_minor"), ("out", "out_minor"))
        if each[minor]
    ]
    blind = each["rows_without_money"]
    sides += [f"{counted(blind, 'row')} whose amount nobody can read"] if blind else []
    told = f"{counted(each['rows'], 'row')} of {each['file']} refused ({each['wallet']})"
    return (
        f"! {told}: {', '.join(sides) or 'no money in them'}.\n"
        "  → Get the file anew from the provider and import it; "
        "`mmrecon find RECEIPT` says why a row was refused."
    )


def _at(at_utc: str, zone: str) -> str:
    from mmrecon.model.clock import local_time

    return local_time(at_utc, zone) if at_utc else ""


def _runs(runs: Sequence[Mapping[str, Any]], zone: str) -> list[Any]:
    from mmrecon.cli.render import table

    if not runs:
        return ["No run yet."]
    rows = [
        (
            _at(run["started_at_utc"], zone), run["command"],
            "not ended" if run["exit_code"] is None else f"exit {run['exit_code']}",
        )
        for run in runs
    ]  # fmt: skip
    return [table(("run started", "command", "end"), rows)]


def _quiet_ticks(last_at_utc: str, zone: str) -> list[str]:
    if not last_at_utc:
        return []
    last = _at(last_at_utc, zone)
    return [f"Ticks that had nothing to tell are not listed; the last began {last}."]
