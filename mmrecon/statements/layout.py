"""A layout: what one kind of statement file looks like, told in one TOML file.

`docs/adding-a-layout.md` explains every key. Facts about real layouts are in
statement-formats.md sections 1, 5 and 10.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from mmrecon.config import Currency, NotEmpty, Zone
from mmrecon.errors import ConfigurationError
from mmrecon.model.clock import iso_utc
from mmrecon.model.line import LineClass, PartyKind

Container = Literal["csv", "xls", "xlsx"]
TextField = Literal[
    "receipt", "completed_at", "initiated_at", "details", "status", "reason_type", "party",
    "party_id", "party_name", "reference", "linked_receipt", "external_id", "currency",
]  # fmt: skip
MoneyField = Literal["in", "out", "amount", "balance", "fee"]
HeaderField = Literal[
    "account", "sub_account", "currency", "period_from", "period_to", "reported_at",
    "opening", "closing", "total_in", "total_out",
]  # fmt: skip
DetailField = Literal[
    "reason_type", "party", "party_id", "party_name", "reference", "linked_receipt"
]
BUILT_IN: Final = Path(__file__).parent / "formats"


def token(name: str) -> str:
    """A header cell as fingerprints compare it: one space, folded, no last dot or colon."""
    return " ".join(name.split()).casefold().rstrip(".:").rstrip()


def _pattern(value: str) -> str:
    try:
        pc.match_substring_regex(pa.array([""]), value)
        re.compile(value)
    except (pa.ArrowInvalid, re.error) as error:
        raise ValueError(f"not a regular expression (RE2): {error}") from error
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]
Token = Annotated[str, AfterValidator(token), Field(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fingerprint(_Table):
    """Header names that say whose file it is."""

    required: Annotated[tuple[Token, ...], Field(min_length=1)]
    optional: tuple[Token, ...] = ()
    forbidden: tuple[Token, ...] = ()


class PreambleLabel(_Table):
    """A label above the header; its value is the next filled cell of the same row."""

    label: Token
    field: HeaderField


class Column(_Table):
    """A column of the header, by its name and how often that name occurred before."""

    name: Token
    occurrence: Annotated[int, Field(ge=1)] = 1
    required: bool = True


class TextColumn(Column):
    """A column taken as text; with `when`, only on rows whose money goes that way."""

    field: TextField
    when: Literal["in", "out", ""] = ""


class MoneyColumn(Column):
    """A column of amounts.

    `printed`: how the file writes it. A `fee` column takes part only on lines of the direction
    `when`, and moves the balance by `effect`.
    """

    field: MoneyField
    printed: Literal["positive", "negative", "signed"] = "positive"
    when: Literal["in", "out", ""] = ""
    effect: Literal[-1, 1] = -1


class MoneyMarks(_Table):
    """How numbers are written."""

    group: Literal["", ",", ".", " ", "'"] = ","
    decimal: Literal[".", ","] = "."


class DateFormat(_Table):
    """One way to write a moment, in `strptime` terms; `resaved` marks what only Excel writes."""

    format: Annotated[str, Field(pattern="%d.*%m|%m.*%d")]
    resaved: bool = False

    @property
    def has_seconds(self) -> bool:
        """Whether it tells seconds."""
        return "%S" in self.format


class Status(_Table):
    """Words of the status column, compared without case."""

    final: Annotated[tuple[NotEmpty, ...], Field(min_length=1)]
    non_final: tuple[NotEmpty, ...] = ()


class DetailRule(_Table):
    """Named groups of a pattern over the details cell fill fields that no column filled."""

    pattern: Pattern

    @model_validator(mode="after")
    def _groups_are_fields(self) -> DetailRule:
        allowed = set(get_args(DetailField))
        strange = set(re.compile(self.pattern).groupindex) - allowed
        if strange:
            raise ValueError(f"groups {sorted(strange)} are none of {sorted(allowed)}")
        return self


class ClassRule(_Table):
    """The first rule whose every condition holds gives a line its class."""

    line_class: LineClass
    reason_type: Pattern | None = None
    details: Pattern | None = None
    party: Pattern | None = None
    linked_receipt: Pattern | None = None
    sign: Literal[1, -1] | None = None


class PartyForm(_Table):
    """One way a party is written; groups `phone` and `name` are taken as printed."""

    kind: PartyKind
    pattern: Pattern


class Layout(_Table):
    """One kind of statement file."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: NotEmpty
    provider: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    refuse: str = ""
    containers: Annotated[tuple[Container, ...], Field(min_length=1)]
    fingerprint: Fingerprint
    zone: Zone | Literal[""] = ""
    zone_by_currency: dict[Currency, Zone] = {}
    currency: Currency | Literal[""] = ""
    currency_words: dict[str, Currency] = {}
    receipt_pattern: Pattern = r"^\S+$"
    newest_first: bool = False
    chain: bool = True
    file_names: tuple[Pattern, ...] = ()
    footers: tuple[Pattern, ...] = ()
    preamble: tuple[PreambleLabel, ...] = ()
    text_columns: tuple[TextColumn, ...] = ()
    money_columns: tuple[MoneyColumn, ...] = ()
    counter_columns: tuple[Token, ...] = ()
    money: MoneyMarks = MoneyMarks()
    dates: tuple[DateFormat, ...] = ()
    status: Status | None = None
    details: tuple[DetailRule, ...] = ()
    classes: tuple[ClassRule, ...] = ()
    parties: tuple[PartyForm, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every declared column."""
        return (*self.text_columns, *self.money_columns)

    @model_validator(mode="after")
    def _can_be_read(self) -> Layout:
        if self.refuse:
            return self
        fields = [column.field for column in self.text_columns]
        money = {column.field for column in self.money_columns}
        missing = {"receipt", "completed_at"} - set(fields)
        if missing:
            raise ValueError(f"text_columns lack {sorted(missing)}")
        if "amount" not in money and not {"in", "out"} & money:
            raise ValueError("money_columns need `amount`, or `in` and `out`")
        if not self.dates:
            raise ValueError("dates are missing")
        places = [(column.field, column.when) for column in self.text_columns]
        doubled = {name for name, when in places if places.count((name, when)) > 1}
        if doubled:
            raise ValueError(f"two text_columns fill {sorted(doubled)}")
        if self.status is not None and "status" not in fields:
            raise ValueError("status words, but no status column")
        return self


def parse_layout(text: str, *, source: str) -> Layout:
    """A layout from TOML.

    Raises:
        ConfigurationError: all faults at once, with their dotted paths.
    """
    try:
        return Layout.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([("file", f"is no TOML: {error}")], source=source) from error
    except ValidationError as error:
        faults = [
            (".".join(str(part) for part in fault["loc"]) or "file", str(fault["msg"]))
            for fault in error.errors()
        ]
        raise ConfigurationError(faults, source=source) from error


@cache
def load_layouts(site_folder: Path | None = None) -> tuple[Layout, ...]:
    """The layouts that come with mmrecon, then those of the site's own folder.

    Raises:
        ConfigurationError: a layout has faults, or two share a name.
    """
    folders = [BUILT_IN] if site_folder is None else [BUILT_IN, site_folder]
    paths = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    if site_folder is not None and not site_folder.is_dir():
        raise ConfigurationError([("formats_folder", "is not a folder")], source=str(site_folder))
    layouts = [parse_layout(path.read_text(encoding="utf-8"), source=path.name) for path in paths]
    names = [layout.name for layout in layouts]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ConfigurationError(
            [("name", f"two layouts are called {name}") for name in doubled], source="layouts"
        )
    return tuple(layouts)


def layouts_changed_at_utc(site_folder: Path | None) -> str:
    """When a layout of the site's own was last written; nothing where there is none."""
    paths = [] if site_folder is None else list(site_folder.glob("*.toml"))
    times = [datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths]
    return iso_utc(max(times)) if times else ""
