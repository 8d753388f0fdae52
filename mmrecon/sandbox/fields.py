"""Reading the fields of a request's body as Fineract does (fineract-api.md 1.3, 1.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any

from mmrecon.sandbox.refusals import FieldError, UnknownToSandboxError, invalid, unsupported_fields
from mmrecon.sandbox.values import micro

LANGUAGES = frozenset(
    files(__package__).joinpath("languages.txt").read_text(encoding="ascii").split()
)
KNOWN_FIELDS: dict[str, list[str]] = json.loads(
    files(__package__).joinpath("known_fields.json").read_text(encoding="utf-8")
)
COMMA_DECIMALS = frozenset(
    ["de", "es", "it", "nl", "pt", "id", "tr", "da", "el", "is", "sl", "hr", "sr", "ro"]
)
POINT_DECIMALS = frozenset(
    ["en", "sw", "ja", "zh", "ko", "th", "he", "iw", "ms", "lg", "am", "so", "hi", "ta", "te"]
)
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
LOCALE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")
TIME_AFTER_DATE = re.compile(r" \d{2}:\d{2}:\d{2}$")


class Fields:
    """The fields of one body; collects complaints until they are asked for."""

    def __init__(self, body: dict[str, Any], resource: str) -> None:
        self.body = body
        self.resource = resource
        self.errors: list[FieldError] = []

    def only(self, names: Collection[str]) -> None:
        """Refuse names that the command does not know, at once.

        Raises:
            RefusalError: 400 for what a real server does not know either.
            UnknownToSandboxError: for what only a real server knows.
        """
        unknown = [name for name in self.body if name not in names]
        beyond = [name for name in unknown if name in KNOWN_FIELDS.get(self.resource, ())]
        if beyond:
            raise UnknownToSandboxError(f"{', '.join(beyond)} of a {self.resource}")
        if unknown:
            raise unsupported_fields(unknown)

    def finish(self) -> None:
        """Refuse with everything that was found wrong."""
        if self.errors:
            raise invalid(*self.errors)

    def given(self, name: str) -> bool:
        """Whether the body has the field at all."""
        return name in self.body

    def complain(self, name: str, tail: str, message: str, *args: Any) -> None:
        """Note an error of one field; tail is the end of its code."""
        code = f"validation.msg.{self.resource}.{name}.{tail}"
        self.errors.append(FieldError(code, message, name, args))

    def missing(self, name: str) -> None:
        """Note that a mandatory field is not there."""
        self.complain(name, "cannot.be.blank", f"The parameter `{name}` is mandatory.", None)

    def text(self, name: str, *, required: bool = False, longest: int | None = None) -> str | None:
        """A text; numbers are taken as they were written."""
        raw = self.body.get(name)
        value = None if raw is None or isinstance(raw, dict | list) else _as_text(raw)
        if required and not (value or "").strip():
            self.missing(name)
        if longest is not None and value is not None and len(value) > longest:
            message = f"The parameter `{name}` exceeds max length of {longest}."
            self.complain(name, "exceeds.max.length", message, longest, value)
        return value

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """A truth value; text ``true`` counts."""
        raw = self.body.get(name)
        if isinstance(raw, bool):
            return raw
        return default if raw is None else str(raw).lower() == "true"

    def integer(self, name: str, *, required: bool = False) -> int | None:
        """A whole number; needs a locale unless the sandbox's own command says otherwise."""
        raw = self.body.get(name)
        if raw is None or raw == "":
            if required:
                self.missing(name)
            return None
        self.locale(name)
        text = _as_text(raw)
        if not re.fullmatch(r"-?\d+", text):
            message = f"The parameter `{name}` has value: {text} which is invalid integer value"
            code = "validation.msg.invalid.integer.format"
            raise invalid(FieldError(code, message, name, (text,), text))
        return int(text)

    def locale(self, name: str) -> str:
        """The locale of the body, checked; missing or unknown is refused at once."""
        locale = self.body.get("locale")
        if not locale:
            message = f"The parameter `{name}` requires a `locale` parameter to be passed with it."
            raise invalid(FieldError("validation.msg.missing.locale.parameter", message, name))
        text = str(locale)
        if not LOCALE.fullmatch(text) or text[:2] not in LANGUAGES:
            message = f"The parameter `locale` has an invalid language value {text} ."
            code = "validation.msg.invalid.locale.format"
            raise invalid(FieldError(code, message, "locale", (text,)))
        return text

    def amount(self, name: str, *, required: bool = False) -> int | None:
        """A decimal in millionths, exact; text follows the locale."""
        raw = self.body.get(name)
        if raw is None or raw == "":
            if required:
                self.missing(name)
            return None
        if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
            return micro(raw)
        return micro(self._localised(name, str(raw)))

    def positive_amount(self, name: str) -> int:
        """A mandatory decimal above zero, in millionths."""
        value = self.amount(name, required=True)
        if value is not None and value <= 0:
            message = f"The parameter `{name}` must be greater than 0."
            shown = Decimal(value) / 1_000_000
            self.complain(name, "not.greater.than.zero", message, shown, 0)
        return value or 0

    def _localised(self, name: str, text: str) -> Decimal:
        locale = self.locale(name)
        language = locale[:2]
        if language in COMMA_DECIMALS:
            plain = text.replace(".", "").replace(",", ".")
            good = bool(re.fullmatch(r"-?[\d.]*(,\d+)?", text))
        elif language in POINT_DECIMALS:
            plain = text.replace(",", "")
            good = bool(re.fullmatch(r"-?[\d,]*(\.\d+)?", text))
        else:
            raise UnknownToSandboxError(f"how numbers are written in locale {locale}")
        try:
            value = Decimal(plain)
        except InvalidOperation:
            good, value = False, Decimal(0)
        if not good:
            message = (
                f"The parameter `{name}` has value: {text} which is invalid decimal value for "
                f"provided locale of [{locale}]."
            )
            code = "validation.msg.invalid.decimal.format"
            raise invalid(FieldError(code, message, name, (text, locale), text))
        return value

    def date(self, name: str, *, required: bool = False) -> date | None:
        """A date in the body's own pattern; a list of numbers counts as missing."""
        raw = self.body.get(name)
        if not isinstance(raw, str) or not raw:
            if required:
                self.missing(name)
            return None
        pattern = self.body.get("dateFormat")
        if not pattern:
            message = (
                f"The parameter `{name}` requires a `dateFormat` parameter to be passed with it."
            )
            raise invalid(FieldError("validation.msg.missing.dateFormat.parameter", message, name))
        locale = self.locale(name)
        day = parse_date(raw, str(pattern), locale)
        if day is None:
            message = (
                f"The parameter `{name}` is invalid based on the dateFormat: `{pattern}` and "
                f"locale: `{locale}` provided:"
            )
            code = "validation.msg.invalid.dateFormat.format"
            raise invalid(FieldError(code, message, name, (None, pattern)))
        return day


def _as_text(raw: object) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)


def parse_date(text: str, pattern: str, locale: str) -> date | None:
    """A date by a Java pattern of y, M and d; strict; none if it does not fit."""
    trimmed = text if "H" in pattern else TIME_AFTER_DATE.sub("", text)
    regex, order = _pattern_regex(pattern)
    match = re.fullmatch(regex, trimmed, re.IGNORECASE)
    if match is None:
        return None
    parts = dict(zip(order, match.groups(), strict=True))
    month = _month(parts["M"], locale)
    if month is None:
        return None
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    try:
        return date(year, month, int(parts["d"]))
    except ValueError:
        return None


def _pattern_regex(pattern: str) -> tuple[str, str]:
    regex, order = "", ""
    for run in re.finditer(r"y+|u+|M+|d+|[^yuMd]", pattern):
        piece = run.group()
        letter = "y" if piece[0] == "u" else piece[0]
        if letter not in "yMd":
            if piece.isalpha():
                raise UnknownToSandboxError(f"date pattern {pattern}")
            regex += re.escape(piece)
            continue
        order += letter
        regex += _piece_regex(letter, len(piece))
    if sorted(order) != ["M", "d", "y"]:
        raise UnknownToSandboxError(f"date pattern {pattern}")
    return regex, order


def _piece_regex(letter: str, length: int) -> str:
    if letter == "M" and length >= 3:
        return r"([^\W\d]+\.?)"
    if letter == "y":
        return r"(\d{2})" if length == 2 else r"(\d{4})"
    return r"(\d{1,2})" if length == 1 else r"(\d{2})"


def _month(text: str, locale: str) -> int | None:
    if text.isdigit():
        return int(text) if 1 <= int(text) <= 12 else None
    name = text.lower().rstrip(".")
    english = [n for n, full in enumerate(MONTHS, 1) if name in (full, full[:3])]
    if locale[:2] == "en":
        return english[0] if english else None
    if english:
        return None
    raise UnknownToSandboxError(f"month names of locale {locale}")
