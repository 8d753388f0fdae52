"""What a file is, decided by its content alone; its name is no evidence."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final, Literal

from mmrecon.statements.mojibake import whole_text
from mmrecon.statements.refusal import NotReadableError

Kind = Literal["csv", "xls", "xlsx", "html", "xml"]

_OLE2: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ODS: Final = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_PACKED: Final = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xfd7zXZ\x00",
    b"BZh",
    b"\x28\xb5\x2f\xfd",
)
_SPREADSHEET: Final = b"urn:schemas-microsoft-com:office:spreadsheet"
_MARKUP: Final = re.compile(
    rb"\s*(?:<!doctype|<!--|<html|<head|<body|<table|<meta|<style|<div|<\?xml|<script|<workbook)",
    re.IGNORECASE,
)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT: Final = 4096
_PARTLY: Final = re.compile(
    rb"(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text file as UTF-8, the encoding it came in, and notices about it."""

    content: bytes
    encoding: str
    notices: tuple[str, ...] = ()


def sniff(content: bytes) -> Kind:
    """The kind of a statement file.

    Raises:
        NotReadableError: it is empty, a PDF, packed in an unknown way, or no statement at all.
    """
    if not content[:_LOOKED_AT].strip() and not content.strip():
        raise NotReadableError("empty_file")
    if b"%PDF-" in content[:1024]:
        raise NotReadableError("pdf_file", verdict="refused")
    if content.startswith(_PACKED):
        raise NotReadableError("archive_unknown")
    if content.startswith(_OLE2):
        return "xls"
    if content.startswith(b"PK\x03\x04"):
        if b"xl/workbook" not in content and _ODS not in content[:200]:
            raise NotReadableError("not_a_statement")
        return "xlsx"
    head = _head(content)
    if _MARKUP.match(head):
        return "xml" if _SPREADSHEET in head else "html"
    return "csv"


def _head(content: bytes) -> bytes:
    """The first characters as UTF-8, whatever the byte-order mark."""
    head = content[:_LOOKED_AT]
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head.decode(encoding, errors="ignore").encode()
    return head


def decode(content: bytes) -> Text:
    """A text file as UTF-8 without byte-order mark; mojibake is repaired where that is exact.

    Raises:
        NotReadableError: the bytes are no text.
    """
    text, encoding = _decoded(content)
    if text is None:
        return Text(content, encoding)
    if "\x00" in text:
        raise NotReadableError("not_a_statement")
    whole, notice = whole_text(text)
    return Text(whole.encode(), encoding, (notice,) if notice else ())


def _decoded(content: bytes) -> tuple[str | None, str]:
    """The text and its encoding; no text where the bytes are plain ASCII already."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return _strict(content, encoding), encoding
    if b"\x00" in content:
        encoding = _wide_encoding(content)
        return _strict(content, encoding), encoding
    if content.isascii():
        return None, "utf-8"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _mixed(content)


def _mixed(content: bytes) -> tuple[str, str]:
    """Text with bytes that are no UTF-8: cp1252, alone or between letters that are UTF-8."""
    if not _PARTLY.search(content):
        return _strict(content, "cp1252"), "cp1252"
    parts: list[str] = []
    at = 0
    for found in _PARTLY.finditer(content):
        parts += [_strict(content[at : found.start()], "cp1252"), _strict(found[0], "utf-8")]
        at = found.end()
    parts.append(_strict(content[at:], "cp1252"))
    return "".join(parts), "utf-8 mixed with cp1252"


def _wide_encoding(content: bytes) -> str:
    """UTF-16 without a byte-order mark, by where its zero bytes stand.

    Raises:
        NotReadableError: zero bytes stand anywhere.
    """
    head = content[:_LOOKED_AT]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if 4 * odd > len(head) and not even:
        return "utf-16-le"
    if 4 * even > len(head) and not odd:
        return "utf-16-be"
    raise NotReadableError("not_a_statement")


def _strict(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotReadableError("not_a_statement") from error
