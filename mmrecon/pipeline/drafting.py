"""`mmrecon formats new`: a draft for an export that no layout reads. Nothing else is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mmrecon.config import ReadingLimits, Settings
from mmrecon.errors import UsageError
from mmrecon.fetch.unpacking import Member, members
from mmrecon.model.issue import Issue
from mmrecon.pipeline.inspecting import read_path, statement_passwords
from mmrecon.statements.column_words import plain
from mmrecon.statements.draft_marks import DraftMark, guesses, open_questions
from mmrecon.statements.drafted_head import About
from mmrecon.statements.drafting import draft_of
from mmrecon.statements.header import nearest
from mmrecon.statements.layout import Layout, load_layouts
from mmrecon.statements.opening import Opening
from mmrecon.statements.reading import read_member
from mmrecon.statements.refusal import NotReadableError
from mmrecon.statements.unknown import Unknown, understood
from mmrecon.statements.unknown_table import unknown_table

_UNREAD: Final = frozenset({"no_layout", "no_layout_at_all", "columns_missing"})


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft as written: its columns with their fields, what it asks and guesses.

    Without a `path` no draft could be made; the issues say why.
    """

    file: str
    path: Path | None = None
    nearest: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    unused: tuple[str, ...] = ()
    questions: tuple[DraftMark, ...] = ()
    guesses: tuple[DraftMark, ...] = ()
    issues: tuple[Issue, ...] = ()


def new_draft(path: Path, output: Path | None, settings: Settings | None) -> Drafted:
    """Write a draft for a file.

    Raises:
        UsageError: the file cannot be read, holds several, is read by a layout already, or the
            draft would lie over another file or among the layouts in use.
    """
    limits = ReadingLimits() if settings is None else settings.reading
    layouts = load_layouts(None if settings is None else settings.formats_folder)
    passwords = statement_passwords(limits)
    found, issues = members(read_path(path, limits), str(path), limits, passwords)
    if not found:
        return Drafted(str(path), issues=tuple(issues))
    member = _only(found)
    reading = read_member(member.content, member.name, layouts, limits=limits, passwords=passwords)
    if reading.reason not in _UNREAD:
        if reading.header is None and reading.reason != "wallet_unknown":
            return Drafted(member.name, issues=reading.issues)
        raise _known(path, "" if reading.header is None else reading.header.layout)
    try:
        table, is_json = unknown_table(member.content, Opening(limits, passwords))
    except NotReadableError as refusal:
        issue = Issue(refusal.code, member.name, arguments=refusal.arguments)
        return Drafted(member.name, issues=(issue,))
    found_out = understood(table, is_json=is_json)
    return _written(path, output, found_out, layouts, settings)


def _only(found: Sequence[Member]) -> Member:
    if len(found) > 1:
        raise UsageError(
            f"the file holds {len(found)} files", hint="Unpack it and name one of them."
        )
    return found[0]


def _known(path: Path, layout: str) -> UsageError:
    return UsageError(
        f"the layout {layout} reads {path.name} already",
        hint="`mmrecon inspect` shows what is in it; no layout is missing.",
        code="layout_known",
    )


def _written(
    path: Path,
    output: Path | None,
    unknown: Unknown,
    layouts: Sequence[Layout],
    settings: Settings | None,
) -> Drafted:
    name = _name(path, {layout.name for layout in layouts})
    target = Path(f"{name}.toml") if output is None else output
    _refuse_place(target, settings)
    near = nearest([unknown.table.header], [one for one in layouts if not one.refuse])
    wallets = () if settings is None else settings.wallets
    about = About(path.name, name, near, [wallet.provider for wallet in wallets])
    text = draft_of(unknown, about)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(
            f"{target} cannot be written: {error.strerror}", hint="Name another with --output."
        ) from error
    return Drafted(
        str(path),
        target,
        "" if near is None else near.layout,
        tuple((one.column.name.strip(), one.field) for one in unknown.guesses),
        tuple(one.name.strip() for one in unknown.unused),
        tuple(open_questions(text)),
        tuple(guesses(text)),
    )


def _refuse_place(target: Path, settings: Settings | None) -> None:
    """A draft among the layouts in use would stop every command until it is finished."""
    folder = None if settings is None else settings.formats_folder
    if folder is not None and target.resolve().parent == folder.resolve():
        raise UsageError(
            f"{target} would be in use at once",
            hint="Write it elsewhere; put it there when `mmrecon formats try` is content.",
            code="draft_in_formats_folder",
        )


def _name(path: Path, taken: set[str]) -> str:
    """A layout's name from the words of the file's; its figures are of one day."""
    words = re.findall(r"[a-z]+", plain(path.name.split(".", 1)[0]))
    name = "-".join(words) or "own-layout"
    return f"{name}-own" if name in taken else name
