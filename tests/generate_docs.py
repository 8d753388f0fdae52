"""Writes docs/reference/ from the product: `python -m tests.generate_docs`.

Every page is a function that gives its text; `tests/test_docs.py` compares it with the file.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click

from mmrecon.cli.app import cli
from mmrecon.config import Settings
from mmrecon.matching.vetoes import BIT, PREVENTS_LEGS
from mmrecon.model.catalogue import STAGES
from mmrecon.model.catalogue.matching import EVIDENCE, RULES, VETOES
from mmrecon.model.issue import CodeText
from mmrecon.model.line_state import WORDS
from mmrecon.model.match import Tier
from mmrecon.statements.layout import BUILT_IN, Layout, parse_layout
from mmrecon.statements.layout_words import classes_told_apart, proves
from tests.documented_keys import Key, documented_keys

ROOT: Final = Path(__file__).parents[1]
REFERENCE: Final = ROOT / "docs" / "reference"
_NOTE: Final = "Written by `python -m tests.generate_docs`; do not edit by hand.\n"

_TIERS: Final = {
    Tier.A1: ("one open account's own number or external id, unique in every register", "ready"),
    Tier.A2: ("a client's number and a product: one open account", "ready"),
    Tier.A3: (
        "a client's number, external id or national id; the waterfall says which account",
        'ready if `member_number = "ready"`, else review with the account filled in',
    ),
    Tier.B: (
        "the reference is one client's phone; or it is no use, and the payer is one client",
        "review, account filled in",
    ),
    Tier.C: ("something near: one candidate", "review, candidates ranked"),
    Tier.D: ("several candidates, or evidence that disagrees", "review, nothing filled in"),
    Tier.E: ("nothing", "suspense; a line of unknown class: review"),
    Tier.P: (
        "a payout and the request or approved loan it settles",
        "ready if the payout names the request; by phone and amount: review, filled in",
    ),
    Tier.NONE: ("charges, transfers, settlements, funding: no client's money", "no posting"),
}
_RULE_TIERS: Final = {
    "account_number": "A1", "account_external_id": "A1", "kind_and_number": "A1",
    "account_and_product": "A1", "member_and_product": "A2", "client_number": "A3",
    "client_external_id": "A3", "national_id": "A3", "phone_reference": "B",
    "payer_phone_and_name": "B", "item_echoed": "P", "item_phone_amount": "P", "several": "D",
    "near": "C, D", "nothing": "E", "reversal": "D, E", "no_owner_wanted": "", "unknown_class": "E",
}  # fmt: skip


def pages() -> dict[str, str]:
    """File name under docs/reference/ to its text."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "cli.md": _cli_page,
        "configuration.md": _configuration_page,
        "issue-codes.md": _issue_codes_page,
        "layouts.md": _layouts_page,
        "line-states.md": _line_states_page,
        "match-rules.md": _match_rules_page,
    }
    return {name: "\n".join([*page(), "", _NOTE]) for name, page in made.items()}


def commands(
    group: click.Group = cli, path: str = "mmrecon"
) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before what is in them."""
    yield path, group
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _cli_page() -> Iterator[str]:
    yield "# Commands\n"
    yield "Every command with what its `--help` says. What the numbers at the end mean stands in"
    yield "[Exit codes](../exit-codes.md).\n"
    for path, command in commands():
        context = click.Context(command, info_name=path, terminal_width=88, max_content_width=88)
        yield f"## {path}\n"
        yield f"```text\n{command.get_help(context)}\n```\n"


def _configuration_page() -> Iterator[str]:
    yield "# Configuration\n"
    yield "Every key of `config.toml`. [config.example.toml](../../config.example.toml) is a whole"
    yield "file. A key without a default must be there if its table is. Relative paths start from"
    yield "the folder of `config.toml`. An unknown key is refused; all faults are shown at once.\n"
    table = None
    for key in documented_keys(Settings):
        if key.table != table:
            table = key.table
            yield from _key_table_head(key)
        yield _row(f"`{key.name}`", key.type_words, key.default_words, key.meaning)


def _key_table_head(key: Key) -> Iterator[str]:
    yield f"\n## {key.title}\n"
    if key.table_meaning:
        yield f"{key.table_meaning}\n"
    yield _row("key", "type", "default", "meaning")
    yield _row("---", "---", "---", "---")


def _issue_codes_page() -> Iterator[str]:
    yield "# Issue codes\n"
    yield "Every code mmrecon reports, with its sentence and what a person does next. Words in"
    yield "braces are filled in when it happens. A notice does not change the exit code, work makes"
    yield "it 1, attention makes it 6. A code never changes its meaning.\n"
    for stage, codes in STAGES.items():
        yield f"## {stage}\n"
        told = [text for text in codes if text.next_step]
        yield from _table(("code", "severity", "says", "what to do"), map(_code_row, told))
        silent = [text for text in codes if not text.next_step]
        if silent:
            yield "\nWords of explanations; nothing is to be done about them:\n"
            yield from _table(("code", "says"), ((f"`{t.code}`", t.sentence) for t in silent))
        yield ""


def _code_row(text: CodeText) -> tuple[str, ...]:
    return f"`{text.code}`", text.severity.value, text.sentence, text.next_step


def _layouts_page() -> Iterator[str]:
    yield "# Layouts\n"
    yield "The statement files mmrecon reads; `mmrecon formats` lists them too. A file is taken by"
    yield "a layout when all its required columns are there and none of its forbidden ones; case,"
    yield "blanks and a last dot do not count."
    yield "Where each export is in the portal, and what it proves: [M-PESA](../providers/mpesa.md),"
    yield "[MTN](../providers/mtn.md), [Airtel](../providers/airtel.md), [pawaPay and"
    yield "others](../providers/pawapay-and-others.md). How to add one: [Adding a"
    yield "layout](../adding-a-layout.md).\n"
    for path in sorted(BUILT_IN.glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        yield from _layout(tomllib.loads(text), parse_layout(text, source=path.name))


def _layout(layout: dict[str, Any], parsed: Layout) -> Iterator[str]:
    """One layout; `layout` has its names as they are written, `parsed` what they mean."""
    fingerprint = layout["fingerprint"]
    yield f"## {layout['name']}\n"
    yield f"{layout['title']}.\n"
    yield f"- Provider: `{layout['provider']}`"
    yield f"- Where it comes from: {layout['portal']}"
    yield f"- Files: {', '.join(layout['containers'])}"
    for words, name in (
        ("Required", "required"),
        ("One of these", "any_of"),
        ("Forbidden", "forbidden"),
        ("Known", "optional"),
    ):
        if fingerprint.get(name):
            yield f"- {words} columns: {', '.join(f'`{each}`' for each in fingerprint[name])}"
    yield from _also(layout, fingerprint)
    yield f"- What it proves: {proves(parsed)}"
    classes = ", ".join(classes_told_apart(parsed))
    if classes:
        yield f"- Classes it tells apart, first rule first: {classes}; else unknown"
    yield ""


def _also(layout: dict[str, Any], fingerprint: dict[str, Any]) -> Iterator[str]:
    for name, others in layout.get("also_called", {}).items():
        yield f"- `{name}` may also be called {', '.join(f'`{each}`' for each in others)}"
    if fingerprint.get("closed"):
        yield "- Any other column: not this layout"
    if fingerprint.get("yields_to") == ["*"]:
        yield "- Where another layout takes the file too, that one does"
    absent = [
        f"`{column['name']}`"
        for column in (*layout.get("text_columns", ()), *layout.get("money_columns", ()))
        if not column.get("required", True)
    ]
    if absent:
        yield f"- May be missing: {', '.join(dict.fromkeys(absent))}"


def _line_states_page() -> Iterator[str]:
    yield "# States of a line\n"
    yield "What `mmrecon lines`, `find`, `explain` and `status` say of a line. A line whose parts"
    yield "stand differently has the state of the part that needs somebody most.\n"
    told = ((f"`{state.value}`", f"The line {words}.") for state, words in WORDS.items())
    yield from _table(("state", "means"), told)


def _match_rules_page() -> Iterator[str]:
    yield "# Match rules\n"
    yield "How a line finds its owner. Only `ready` can be approved by count and total; everything"
    yield "else is decided row by row.\n"
    yield "## Tiers\n"
    tiers = ((tier.value or "none", *_TIERS[tier]) for tier in Tier)
    yield from _table(("tier", "evidence", "without a veto"), tiers)
    yield "\n## Rules\n"
    yield "Every match names one.\n"
    rules = ((f"`{t.code}`", _RULE_TIERS[t.code], t.sentence) for t in RULES)
    yield from _table(("rule", "tier", "says"), rules)
    yield "\n## Vetoes\n"
    yield "A line with a veto is never ready, whatever its tier. With some of them the workbook"
    yield "fills in no account: the officer says where the money goes.\n"
    vetoes = ((f"`{t.code}`", t.sentence, _fills_in(t.code), t.next_step) for t in VETOES)
    yield from _table(("veto", "says", "fills in", "what to do"), vetoes)
    yield "\n## What speaks for a candidate\n"
    yield from _table(("evidence", "says"), ((f"`{t.code}`", t.sentence) for t in EVIDENCE))


def _fills_in(code: str) -> str:
    return "nothing" if PREVENTS_LEGS & BIT[code] else "the account"


def _table(names: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    names = tuple(names)
    yield _row(*names)
    yield _row(*("---" for _ in names))
    yield from (_row(*row) for row in rows)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def write() -> int:
    """Write every page that differs; how many did."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    changed = 0
    for name, text in pages().items():
        path = REFERENCE / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed += 1
    return changed


if __name__ == "__main__":
    sys.stdout.write(f"{write()} page(s) written.\n")
