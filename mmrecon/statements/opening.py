"""What a site allows and knows while a statement file is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mmrecon.config import ReadingLimits
from mmrecon.statements.sheet import SheetLimits


@dataclass(frozen=True, slots=True)
class Opening:
    """The limits of the configuration, and the passwords of workbooks."""

    limits: ReadingLimits
    passwords: tuple[str, ...]

    @property
    def sheet(self) -> SheetLimits:
        """How large a table may be."""
        return SheetLimits(self.limits.rows, self.limits.columns, self.limits.cell_characters)

    def order(self) -> dict[str, Any]:
        """What the process that opens a workbook must know."""
        return {
            "limits": self.sheet.as_mapping(),
            "passwords": list(self.passwords),
            "unpacked_bytes": self.limits.unpacked_bytes,
            "ratio": self.limits.ratio,
        }
