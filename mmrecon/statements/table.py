"""A table as a file holds it: text cells under a header, every record accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mmrecon.statements.layout import Layout

Record = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RaggedRecord:
    """A record with another number of cells than the header."""

    row: int
    cells: Record


@dataclass(frozen=True)
class RawTable:
    """Cells under one header.

    `columns[i]` belongs to `header[i]` and holds text, never null; `rows` are the record numbers
    of their cells (from 1, with preamble, header and blank lines). `true_dates[i]` marks cells of
    column i that the workbook holds as dates; they are written `YYYY-MM-DD HH:MM:SS`.
    `notices` are (code, arguments) about the reading itself.
    """

    layout: Layout
    sheet: str
    header: Record
    header_row: int
    preamble: tuple[Record, ...]
    columns: Sequence[pa.Array]
    rows: npt.NDArray[np.int64]
    ragged: tuple[RaggedRecord, ...] = ()
    true_dates: Mapping[int, npt.NDArray[np.bool_]] = field(default_factory=dict)
    notices: tuple[tuple[str, Mapping[str, str | int]], ...] = ()
    delimiter: str = ","
