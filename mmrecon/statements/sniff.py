"""What a file is, decided by its content alone; its name is no evidence."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final, Literal

from mmrecon.statements.refusal import NotReadableError

Kind = Literal["csv", "xls", "xlsx"]

_OLE2: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_MARKUP: Final = re.compile(
    rb"\s*(?:<!doctype|<html|<head|<body|<table|<\?xml|<script)", re.IGNORECASE
)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text file as UTF-8, and the encoding it came in."""

    content: bytes
    encoding: str


def sniff(content: bytes) -> Kind:
    """The kind of a statement file.

    Raises:
        NotReadableError: it is empty, a PDF, encrypted, markup, or no statement at all.
    """
    if not content[:4096].strip() and not content.strip():
        raise NotReadableError("empty_file")
    if b"%PDF-" in content[:1024]:
        raise NotReadableError("pdf_file", verdict="refused")
    if content.startswith(_OLE2):
        if _ENCRYPTED in content:
            raise NotReadableError("encrypted_workbook")
        return "xls"
    if content.startswith(b"PK\x03\x04"):
        if b"xl/workbook" not in content:
            raise NotReadableError("not_a_statement")
        return "xlsx"
    if _MARKUP.match(content.removeprefix(codecs.BOM_UTF8)[:1024]):
        raise NotReadableError("html_file")
    return "csv"


def decode(content: bytes) -> Text:
    """A text file as UTF-8 without byte-order mark.

    Raises:
        NotReadableError: the bytes are no text.
    """
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return Text(_decoded(content, encoding).encode(), encoding)
    if b"\x00" in content:
        raise NotReadableError("not_a_statement")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return Text(_decoded(content, "cp1252").encode(), "cp1252")
    return Text(content, "utf-8")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotReadableError("not_a_statement") from error
    if "\x00" in text:
        raise NotReadableError("not_a_statement")
    return text
