"""The keys of the configuration: types, defaults, and meanings from config.example.toml."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mmrecon.config import FolderSource, SftpSource, WaterfallStep

EXAMPLE: Final = Path(__file__).parents[1] / "config.example.toml"

_KINDS: Final = {"str": "text", "int": "whole number", "bool": "true or false", "Path": "path",
                 "date": "date", "time": "time of day"}  # fmt: skip
_MODELS_OF_LISTS: Final = {"FolderSource": 'kind = "folder"', "SftpSource": 'kind = "sftp"'}


@dataclass(frozen=True, slots=True)
class Key:
    """One key; `table` is its dotted table with the kind where a table has several."""

    table: str
    title: str
    table_meaning: str
    name: str
    type_words: str
    default_words: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Meanings:
    """Comments of config.example.toml, by table and by (table, key)."""

    tables: dict[str, str]
    keys: dict[tuple[str, str], str]


def documented_keys(settings: type[BaseModel]) -> list[Key]:
    """Every key, in the order of the tables."""
    return list(_keys(settings, "", meanings(EXAMPLE.read_text(encoding="utf-8"))))


def meanings(text: str) -> Meanings:
    """What the comments say: beside a key, else above it; above a table."""
    found = Meanings({}, {})
    table, above = "", list[str]()
    for line in text.splitlines():
        if line.startswith("#"):
            above.append(line.removeprefix("#").strip())
        elif header := re.match(r"\[+([\w.]+)\]+(?:\s+#\s*(.+))?", line):
            table = header[1]
            found.tables.setdefault(table, header[2] or " ".join(above))
            above = []
        elif key := re.match(r'(\w+) = (?:"[^"]*"|[^"#])*(?:#\s*(.*))?$', line):
            found.keys.setdefault((table, key[1]), "")
            found.keys[table, key[1]] = found.keys[table, key[1]] or key[2] or " ".join(above)
            above = []
        elif not line:
            above = []
    return found


def _keys(model: type[BaseModel], table: str, known: Meanings) -> Iterator[Key]:
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        models = [kind for kind in _walk(field.annotation) if _is_table(kind)]
        if models:
            inner += [(f"{table}.{name}".removeprefix("."), kind) for kind in models]
            continue
        yield Key(
            table=f"{table} {_MODELS_OF_LISTS.get(model.__name__, '')}".strip(),
            title=_title(table, model),
            table_meaning=known.tables.get(table, ""),
            name=name,
            type_words=type_words(field.annotation, field.metadata),
            default_words=_default(field),
            meaning=known.keys.get((table, name), ""),
        )
    for path, kind in inner:
        yield from _keys(kind, path, known)


def _title(table: str, model: type[BaseModel]) -> str:
    if not table:
        return "Before the first table"
    several = model in {FolderSource, SftpSource, WaterfallStep} or table == "wallets"
    kind = (
        f" with `{_MODELS_OF_LISTS[model.__name__]}`" if model.__name__ in _MODELS_OF_LISTS else ""
    )
    return (f"`[[{table}]]`" if several else f"`[{table}]`") + kind


def _walk(kind: Any) -> Iterator[Any]:
    yield kind
    for argument in get_args(kind):
        yield from _walk(argument)


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def type_words(kind: Any, metadata: list[Any]) -> str:
    """A type as an administrator says it."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return type_words(arguments[0], list(arguments[1:]))
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(type_words(each, []) for each in arguments if each is not type(None))
    if origin is dict:
        return f"table: {type_words(arguments[0], [])} → {type_words(arguments[1], [])}"
    if origin is tuple:
        return f"list of: {type_words(arguments[0], [])}"
    return _constrained(_KINDS[kind.__name__], metadata)


def _constrained(words: str, metadata: list[Any]) -> str:
    flat = [one for item in metadata for one in getattr(item, "metadata", [item])]
    for one in flat:
        if isinstance(one, AfterValidator):
            words = {"_zone": "time zone", "_currency": "currency code"}[one.func.__name__]
    low = next((one.ge for one in flat if isinstance(one, annotated_types.Ge)), None)
    high = next((one.le for one in flat if isinstance(one, annotated_types.Le)), None)
    if low is not None:
        return f"{words}, {low} to {high}" if high is not None else f"{words}, {low} or more"
    if any(isinstance(one, annotated_types.Gt) for one in flat):
        return f"{words}, above 0"
    return words


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "none: must be there"
    if value is None or value in ("", (), {}):
        return "nothing"
    return f"`{value}`" if not isinstance(value, str | Path) else f'`"{value}"`'
