"""Codes of the ledger stage."""

from __future__ import annotations

from typing import Final

from mmrecon.model.issue import CodeText

CODES: Final[tuple[CodeText, ...]] = ()
