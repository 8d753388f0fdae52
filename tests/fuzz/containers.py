"""Records written as every container that a statement comes in."""

from __future__ import annotations

import csv
import gzip
import html
import io
import random
import zipfile
from collections.abc import Callable, Sequence

import msoffcrypto
import pyzipper
import xlsxwriter
from msoffcrypto.format.ooxml import OOXMLFile

from tests.statements.builders import as_xls, as_xlsx

Records = Sequence[list[str]]
PASSWORD = "open sesame"


def as_text(records: Records, rng: random.Random) -> bytes:
    """Delimited text, with any delimiter, line end, quoting and encoding."""
    out = io.StringIO(newline="")
    line_end = rng.choice(["\r\n", "\n", "\r\n", "\r"])
    quotes_all = line_end != "\r\n" or rng.random() < 0.3  # the module quotes its line end only
    csv.writer(
        out,
        delimiter=rng.choice([",", ",", ",", ";", "\t", "|"]),
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL,
    ).writerows(records)
    text = out.getvalue()
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode("utf-8", errors="replace")


def as_wrapped_text(records: Records, rng: random.Random) -> bytes:
    """Each record in one quoted cell, as Excel saves what it did not take apart."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for record in records:
        line = io.StringIO(newline="")
        csv.writer(line).writerow(record)
        writer.writerow([line.getvalue().removesuffix("\r\n")] if record else [])
    return out.getvalue().encode()


def as_html(records: Records, rng: random.Random) -> bytes:
    """A page with a table, as portals write under the name `.xls`."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in record) + "</tr>\n"
        for record in records
    )
    return f"<html><head><title>Statement</title></head><body><table>{rows}</table>".encode()


def as_spreadsheet_xml(records: Records, rng: random.Random) -> bytes:
    """Excel's XML Spreadsheet 2003."""
    name = "urn:schemas-microsoft-com:office:spreadsheet"
    rows = "".join(
        "<Row>"
        + "".join(f'<Cell><Data ss:Type="String">{html.escape(c)}</Data></Cell>' for c in record)
        + "</Row>\n"
        for record in records
    )
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{name}" xmlns:ss="{name}">'
        f'<Worksheet ss:Name="S"><Table>{rows}</Table></Worksheet></Workbook>'
    ).encode()


def as_typed_workbook(records: Records, rng: random.Random) -> bytes:
    """A workbook in which money is numbers, as Excel makes of it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for at, record in enumerate(records):
            for place, cell in enumerate(record):
                if cell.replace("-", "", 1).replace(".", "", 1).isdigit() and "." in cell:
                    page.write_number(at, place, float(cell))
                else:
                    page.write_string(at, place, cell)
    return out.getvalue()


def as_locked_workbook(records: Records, rng: random.Random) -> bytes:
    """A workbook under a password that the site knows."""
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(as_xlsx(records))).encrypt(PASSWORD, out)
    assert msoffcrypto.OfficeFile(io.BytesIO(out.getvalue())).is_encrypted()
    return out.getvalue()


def as_plain_workbook(records: Records, rng: random.Random) -> bytes:
    """A workbook of texts."""
    return as_xlsx(records)


def as_old_workbook(records: Records, rng: random.Random) -> bytes:
    """An OLE2 workbook of texts."""
    return as_xls(records)


TEXTS: tuple[Callable[[Records, random.Random], bytes], ...] = (as_text, as_text, as_wrapped_text)
WORKBOOKS: tuple[Callable[[Records, random.Random], bytes], ...] = (
    as_html,
    as_spreadsheet_xml,
    as_typed_workbook,
    as_locked_workbook,
    as_plain_workbook,
    as_old_workbook,
)


def zipped(content: bytes, rng: random.Random, *, locked: bool = False) -> bytes:
    """A zip with the file in it."""
    out = io.BytesIO()
    if locked:
        with pyzipper.AESZipFile(
            out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
        ) as archive:
            archive.setpassword(PASSWORD.encode())
            archive.writestr("b.csv", content)
        return out.getvalue()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(rng.choice(["b.csv", "mai/b.csv", "B (1).CSV"]), content)
        if rng.random() < 0.3:
            archive.writestr("__MACOSX/._b.csv", b"x")
    return out.getvalue()


def gzipped(content: bytes, rng: random.Random) -> bytes:
    """A gz of the file."""
    return gzip.compress(content, mtime=0)
