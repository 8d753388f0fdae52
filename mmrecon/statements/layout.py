"""A layout: what one kind of statement file looks like, told in one TOML file.

`docs/adding-a-layout.md` explains every key. Facts about real layouts are in
statement-formats.md sections 1 to 7 and 10.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from mmrecon.config import Currency, NotEmpty, Zone
from mmrecon.errors import ConfigurationError
from mmrecon.model.clock import iso_utc
from mmrecon.model.line import LineClass, PartyKind

Container = Literal["csv", "xls", "xlsx", "json"]
TextField = Literal[
    "receipt", "completed_at", "initiated_at", "details", "status", "reason_type", "party",
    "party_id", "party_name", "reference", "linked_receipt", "external_id", "currency", "account",
    "direction",
]  # fmt: skip
MoneyField = Literal["in", "out", "amount", "balance", "before", "fee"]
HeaderField = Literal[
    "account", "sub_account", "currency", "period_from", "period_to", "reported_at",
    "opening", "closing", "total_in", "total_out",
]  # fmt: skip
DetailField = Literal[
    "reason_type", "party", "party_id", "party_name", "reference", "linked_receipt"
]
Way = Literal["in", "out", ""]
ANY_PROVIDER: Final = "any"
"""The provider of a layout that says nothing about it: the wallet's own holds."""
EVERY_OTHER: Final = "*"
BUILT_IN: Final = Path(__file__).parent / "formats"
OPEN: Final = "?"
"""A text that begins like this is a question of a draft that nobody has answered yet."""
_HINT: Final = "docs/adding-a-layout.md explains every key of a layout."


_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def token(name: str) -> str:
    """A header cell as fingerprints compare it: one space, folded, no last dot or colon.

    Marks of direction and other invisible letters count for nothing (domain.md F-18).
    """
    return " ".join(_INVISIBLE.sub("", name).split()).casefold().rstrip(".:").rstrip()


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
    """Header names that say whose file it is.

    `any_of`: one of these too. `closed`: no column that the layout does not know. `yields_to`:
    layouts that take the file where they claim it too; `*` is every other.
    """

    required: Annotated[tuple[Token, ...], Field(min_length=1)]
    any_of: tuple[Token, ...] = ()
    optional: tuple[Token, ...] = ()
    forbidden: tuple[Token, ...] = ()
    closed: bool = False
    yields_to: tuple[NotEmpty, ...] = ()


class PreambleLabel(_Table):
    """A label above the header; its value is the next filled cell of the same row."""

    label: Token
    field: HeaderField


class Column(_Table):
    """A column of the header, by its name and how often that name occurred before.

    `after`: of several columns of that name, the next one after this other column.
    """

    name: Token
    occurrence: Annotated[int, Field(ge=1)] = 1
    after: Token | None = None
    required: bool = True


class TextColumn(Column):
    """A column taken as text; with `when`, only on rows whose money goes that way.

    `join`: added to what an earlier column of its field holds, behind one blank.
    """

    field: TextField
    when: Way = ""
    join: bool = False


class MoneyColumn(Column):
    """A column of amounts.

    `printed`: how the file writes it; `either` is positive or negative, one of them in the whole
    column; `unsigned` takes its direction from elsewhere. A `fee` column takes part only on lines
    of the direction `when`, and moves the balance by `effect`; with `proved` only where the row's
    own balances show it. Balances with a `when` are those of rows of that direction.
    """

    field: MoneyField
    printed: Literal["positive", "negative", "signed", "either", "unsigned"] = "positive"
    when: Way = ""
    effect: Literal[-1, 1] = -1
    proved: bool = False


class MoneyMarks(_Table):
    """How numbers are written."""

    group: Literal["", ",", ".", " ", "'"] = ","
    decimal: Literal[".", ","] = "."


class DateFormat(_Table):
    """One way to write a moment, in `strptime` terms; `resaved` marks what only Excel writes.

    `fraction`: parts of a second may follow the seconds; they are dropped. `zone`: what is
    written like this is in another zone than the file's.
    """

    format: Annotated[str, Field(pattern="%d.*%[mb]|%[mb].*%d")]
    resaved: bool = False
    fraction: bool = False
    zone: Zone | Literal[""] = ""

    @property
    def has_seconds(self) -> bool:
        """Whether it tells seconds."""
        return "%S" in self.format


class Status(_Table):
    """Words of the status column, compared without case; a pattern takes any other word.

    `absent`: what a file without that column says; unless it is `final`, no row has a class.
    """

    final: Annotated[tuple[NotEmpty, ...], Field(min_length=1)]
    non_final: tuple[NotEmpty, ...] = ()
    non_final_pattern: Pattern | None = None
    absent: Literal["unknown", "final"] = "unknown"


class Direction(_Table):
    """Which way an unsigned amount goes: words of the direction column, without case.

    Or the two columns of who paid and who received, one of which holds the own account on every
    row. Where neither tells, the row's own balances do.
    """

    coming: Annotated[tuple[NotEmpty, ...], Field(alias="in")] = ()
    going: Annotated[tuple[NotEmpty, ...], Field(alias="out")] = ()
    payer: Token | None = None
    payee: Token | None = None


class SkipRule(_Table):
    """Rows that are no movement: counted under `reason` and left out where every cell fits."""

    where: Annotated[dict[Token, Pattern], Field(min_length=1)]
    reason: Annotated[str, Field(pattern="^[a-z][a-z ]*$")]


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
    portal: str = ""
    provider: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    refuse: str = ""
    containers: Annotated[tuple[Container, ...], Field(min_length=1)]
    fingerprint: Fingerprint
    zone: Zone | Literal[""] = ""
    zone_by_currency: dict[Currency, Zone] = {}
    currency: Currency | Literal[""] = ""
    currency_words: dict[str, Currency] = {}
    also_called: dict[Token, tuple[Token, ...]] = {}
    receipt_pattern: Pattern = r"^\S+$"
    newest_first: bool = False
    chain: bool = True
    file_names: tuple[Pattern, ...] = ()
    footers: tuple[Pattern, ...] = ()
    skips: tuple[SkipRule, ...] = ()
    surplus_cells: Token | None = None
    preamble: tuple[PreambleLabel, ...] = ()
    text_columns: tuple[TextColumn, ...] = ()
    money_columns: tuple[MoneyColumn, ...] = ()
    counter_columns: tuple[Token, ...] = ()
    money: MoneyMarks = MoneyMarks()
    dates: tuple[DateFormat, ...] = ()
    status: Status | None = None
    direction: Direction | None = None
    details: tuple[DetailRule, ...] = ()
    classes: tuple[ClassRule, ...] = ()
    parties: tuple[PartyForm, ...] = ()

    @property
    def columns(self) -> tuple[TextColumn | MoneyColumn, ...]:
        """Every declared column."""
        return (*self.text_columns, *self.money_columns)

    def name_of(self, field: TextField) -> str:
        """The name of the first column of a field."""
        return next((column.name for column in self.text_columns if column.field == field), field)

    @cached_property
    def own_names(self) -> dict[str, str]:
        """Other spellings of header names to the layout's own."""
        return {word: name for name, words in self.also_called.items() for word in words}

    def header_tokens(self, cells: Iterable[str]) -> list[str]:
        """Header cells as this layout calls its columns."""
        tokens = [token(cell) for cell in cells]
        return [self.own_names.get(each, each) for each in tokens] if self.own_names else tokens

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
        places = [(column.field, column.when) for column in self.text_columns if not column.join]
        doubled = {name for name, when in places if places.count((name, when)) > 1}
        if doubled:
            raise ValueError(f"two text_columns fill {sorted(doubled)}")
        if self.status is not None and "status" not in fields:
            raise ValueError("status words, but no status column")
        unsigned = any(column.printed == "unsigned" for column in self.money_columns)
        if unsigned and self.direction is None and "before" not in money:
            raise ValueError("an unsigned amount, and nothing that tells its direction")
        return self


def parse_layout(text: str, *, source: str) -> Layout:
    """A layout from TOML; what a draft still asks is a fault like any other.

    Raises:
        ConfigurationError: all faults at once, with their dotted paths.
    """
    try:
        told = tomllib.loads(text)
        asked = [(path, "is still a question: answer it") for path in _open_places("", told)]
        if asked:
            raise ConfigurationError(asked, source=source, hint=_HINT)
        return Layout.model_validate(told)
    except tomllib.TOMLDecodeError as error:
        fault = ("file", f"is no TOML: {error}")
        raise ConfigurationError([fault], source=source, hint=_HINT) from error
    except ValidationError as error:
        faults = [
            (".".join(str(part) for part in fault["loc"]) or "file", str(fault["msg"]))
            for fault in error.errors()
        ]
        raise ConfigurationError(faults, source=source, hint=_HINT) from error


def _open_places(path: str, value: object) -> Iterator[str]:
    """Where a text still begins with the question mark that a draft put there."""
    if isinstance(value, str) and value.startswith(OPEN):
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _open_places(f"{path}.{name}" if path else name, inner)
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _open_places(f"{path}.{place}", inner)


def built_in_names() -> frozenset[str]:
    """The names that no layout of a site's own may have."""
    return frozenset(path.stem for path in BUILT_IN.glob("*.toml"))


@cache
def load_layouts(site_folder: Path | None = None) -> tuple[Layout, ...]:
    """The layouts that come with mmrecon, then those of the site's own folder.

    Raises:
        ConfigurationError: a layout has faults, or two share a name: mmrecon's own layouts are
            replaced by nobody's.
    """
    folders = [BUILT_IN] if site_folder is None else [BUILT_IN, site_folder]
    paths = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    if site_folder is not None and not site_folder.is_dir():
        raise ConfigurationError([("formats_folder", "is not a folder")], source=str(site_folder))
    layouts = [parse_layout(path.read_text(encoding="utf-8"), source=path.name) for path in paths]
    names = [layout.name for layout in layouts]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        faults = [("name", _why_doubled(name)) for name in doubled]
        raise ConfigurationError(faults, source="layouts", hint=_HINT)
    return tuple(layouts)


def _why_doubled(name: str) -> str:
    if name in built_in_names():
        return f"mmrecon has a layout {name} of its own; give yours another name"
    return f"two layouts are called {name}"


def layouts_changed_at_utc(site_folder: Path | None) -> str:
    """When a layout of the site's own was last written; nothing where there is none."""
    paths = [] if site_folder is None else list(site_folder.glob("*.toml"))
    times = [datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in paths]
    return iso_utc(max(times)) if times else ""
