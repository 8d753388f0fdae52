"""Workbooks under a password, opened with the passwords that the site has."""

from __future__ import annotations

import importlib
import io
import struct
from collections.abc import Sequence
from typing import Final

from mmrecon.statements.refusal import NotReadableError

_EVERYBODYS: Final = "VelvetSweatshop"
"""What Excel itself uses where a workbook is only protected against changes."""

_BROKEN: Final = (
    OSError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError, struct.error,
)  # fmt: skip
"""What the library is known to raise on a damaged compound file."""


def decrypted(content: bytes, passwords: Sequence[str]) -> bytes:
    """An encrypted workbook in the clear. The library is loaded here, for few files need it.

    Raises:
        NotReadableError: no password opens it.
    """
    library = importlib.import_module("msoffcrypto")
    wrong = tuple(
        getattr(library.exceptions, name)
        for name in ("FileFormatError", "ParseError", "DecryptionError")
    )
    for password in (_EVERYBODYS, *passwords):
        out = io.BytesIO()
        try:
            file = library.OfficeFile(io.BytesIO(content))
            file.load_key(password=password)
            file.decrypt(out)
        except (*_BROKEN, *wrong):
            continue
        return out.getvalue()
    raise NotReadableError("encrypted_workbook")
