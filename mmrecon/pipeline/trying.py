"""`mmrecon formats try`: what a layout that is not in use yet would read. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from mmrecon.config import ReadingLimits, Settings
from mmrecon.errors import ConfigurationError, UsageError
from mmrecon.model.issue import Issue
from mmrecon.model.line import LineClass, PartyKind
from mmrecon.pipeline.inspecting import Inspection, look_into
from mmrecon.statements.column_shapes import date_formats
from mmrecon.statements.draft_marks import DraftMark, guesses, open_questions
from mmrecon.statements.layout import (
    ANY_PROVIDER,
    Layout,
    built_in_names,
    load_layouts,
    parse_layout,
)
from mmrecon.statements.reading import Reading

_TOO_MANY: Final = 5
"""From more than so many repeats in a hundred on, another column is the receipt."""
_SEVERAL: Final = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """What a layout makes of a file: each member's reading, and what the layout itself lacks."""

    layout_name: str
    inspections: tuple[Inspection, ...] = ()
    questions: tuple[DraftMark, ...] = ()
    guesses: tuple[DraftMark, ...] = ()
    issues: tuple[Issue, ...] = ()

    def all_issues(self) -> list[Issue]:
        """Those of the layout, then those of every member."""
        return [*self.issues, *(i for one in self.inspections for i in one.reading.issues)]


def try_layout(
    path: Path, layout_path: Path, settings: Settings | None, wallet_name: str = ""
) -> Trial:
    """Read a file with a layout beside those in use; a site's own of its name gives way to it.

    A layout with open questions reads nothing.

    Raises:
        UsageError: a path cannot be read, or no wallet has that name.
        ConfigurationError: the layout has faults, or the name of one of mmrecon's own.
    """
    text = _text_of(layout_path)
    asked = tuple(open_questions(text))
    if asked:
        issue = Issue("layout_open", layout_path.name, arguments={"questions": len(asked)})
        return Trial(layout_path.name, questions=asked, issues=(issue,))
    layout = parse_layout(text, source=layout_path.name)
    if layout.name in built_in_names():
        fault = f"mmrecon has a layout {layout.name} of its own; give yours another name"
        raise ConfigurationError([("name", fault)], source=layout_path.name)
    found = _inspected(path, layout, settings, wallet_name)
    unchecked = tuple(guesses(text))
    issues = list(_about_layout(layout, layout_path, settings, unchecked))
    inspections = tuple(_with_doubts(one, layout) for one in found)
    return Trial(layout.name, inspections, guesses=unchecked, issues=tuple(issues))


def _text_of(layout_path: Path) -> str:
    try:
        return layout_path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{layout_path} cannot be read: {error.strerror}", hint="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{layout_path} is not written in UTF-8", hint="Save it as UTF-8 in your editor."
        ) from error


def _inspected(
    path: Path, layout: Layout, settings: Settings | None, wallet_name: str
) -> list[Inspection]:
    limits = ReadingLimits() if settings is None else settings.reading
    known = load_layouts(None if settings is None else settings.formats_folder)
    others = [other for other in known if other.name != layout.name]
    wallets = () if settings is None else settings.wallets
    if wallet_name and wallet_name not in {wallet.name for wallet in wallets}:
        raise UsageError(
            f"no wallet is called {wallet_name}", hint="Its name stands in config.toml."
        )
    if not wallet_name and not _has_wallet(layout, settings):
        wallets = ()
    found = look_into([path], [*others, layout], wallets, limits, wallet_name)
    if all(one.reading.reason.startswith("no_layout") for one in found):
        return look_into([path], [layout], wallets, limits, wallet_name)
    return found


def _has_wallet(layout: Layout, settings: Settings | None) -> bool:
    wallets = () if settings is None else settings.wallets
    return any(layout.provider in (ANY_PROVIDER, wallet.provider) for wallet in wallets)


def _about_layout(
    layout: Layout, path: Path, settings: Settings | None, unchecked: tuple[DraftMark, ...]
) -> Iterator[Issue]:
    if unchecked:
        yield Issue("layout_guessed", path.name, arguments={"guesses": len(unchecked)})
    if settings is not None and not _has_wallet(layout, settings):
        yield Issue("layout_without_wallet", path.name, arguments={"provider": layout.provider})


def _with_doubts(inspection: Inspection, layout: Layout) -> Inspection:
    """The reading with what makes a layout doubtful, though every row could be read."""
    reading = inspection.reading
    doubts = tuple(
        Issue(code, inspection.file, arguments=arguments)
        for code, arguments in _doubts(reading, layout)
    )
    return replace(inspection, reading=replace(reading, issues=(*reading.issues, *doubts)))


def _doubts(reading: Reading, layout: Layout) -> Iterator[tuple[str, dict[str, str | int]]]:
    if reading.header is None:
        return
    if reading.header.layout != layout.name:
        yield "layout_not_used", {"layout": reading.header.layout, "tried": layout.name}
        return
    lines = reading.lines
    main = lines.loc[lines["line_class"] != LineClass.CHARGE.value]
    repeated = int(main.duplicated(["receipt", "sign"], keep=False).sum())
    if 100 * repeated > _TOO_MANY * len(main):
        yield "layout_receipts_repeat", {"repeated": repeated, "lines": len(main)}
    strange = (main["party"] != "") & (main["party_kind"] == PartyKind.NONE.value)
    if strange.any():
        yield "layout_parties_strange", {"lines": int(strange.sum())}
    received = lines.loc[lines["line_class"] == LineClass.COLLECTION.value, "reference"]
    if any(column.field == "reference" for column in layout.text_columns) and len(received):
        yield from _doubtful_references(received.str.strip())
    unproved = main["balance_minor"].isna() & (main["line_class"] != LineClass.NON_FINAL.value)
    if any(column.field == "balance" for column in layout.money_columns) and unproved.any():
        yield "layout_balances_missing", {"lines": int(unproved.sum())}


def _doubtful_references(references: pd.Series) -> Iterator[tuple[str, dict[str, str | int]]]:
    """What payers type is filled somewhere, is no date, and is not the same on every row."""
    filled = references[references != ""]
    if filled.empty:
        yield "layout_references_empty", {}
    elif date_formats(pa.array(filled.unique().tolist(), pa.string())):
        yield "layout_references_strange", {"why": "are dates"}
    elif len(filled) >= _SEVERAL and len(filled.unique()) == 1:
        yield "layout_references_strange", {"why": "are the same on every row"}
