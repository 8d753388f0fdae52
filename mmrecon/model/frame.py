"""Bulk data is a pandas frame whose columns, types and invariants are declared once.

A schema is a class whose annotations name columns in order:

    class AmountFrame(FrameSchema):
        receipt: Text
        amount_minor: Integer

Dtypes: Text is pandas' Arrow-backed `str` and never missing ("" is "not there"); Integer is
int64; OptionalInteger is nullable Int64; Flag is bool.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Annotated, Any, ClassVar, cast, get_args, get_origin, get_type_hints

import pandas as pd

from mmrecon.errors import Defect

Text = Annotated[str, "str"]
Integer = Annotated[int, "int64"]
OptionalInteger = Annotated[int, "Int64"]
Flag = Annotated[bool, "bool"]


class FrameSchema:
    """Base of all frame declarations; never instantiated."""

    key: ClassVar[tuple[str, ...]] = ()
    _dtypes: ClassVar[dict[str, str]]

    @classmethod
    def dtypes(cls) -> dict[str, str]:
        """Column name to dtype, in the declared order."""
        if "_dtypes" not in cls.__dict__:
            hints = get_type_hints(cls, include_extras=True).items()
            cls._dtypes = {
                name: get_args(hint)[1] for name, hint in hints if get_origin(hint) is Annotated
            }
        return cls._dtypes.copy()

    @classmethod
    def columns(cls) -> list[str]:
        """Column names in the declared order."""
        return list(cls.dtypes())

    @classmethod
    def empty(cls) -> pd.DataFrame:
        """A frame of this schema without rows."""
        return cls.build({})

    @classmethod
    def build(cls, data: dict[str, object] | pd.DataFrame) -> pd.DataFrame:
        """A checked frame from columns; columns left out get their empty value.

        Raises:
            Defect: a column is not declared, or does not take its dtype.
        """
        columns: dict[str, object] = {str(name): column for name, column in data.items()}
        unknown = set(columns) - set(cls.dtypes())
        if unknown:
            raise Defect(f"{cls.__name__} has no column {sorted(unknown)}")
        length = max((len(cast("Sized", column)) for column in columns.values()), default=0)
        arrays: dict[str, Any] = {}
        for name, dtype in cls.dtypes().items():
            given = columns.get(name)
            values = _default(dtype, length) if given is None else given
            arrays[name] = _as_dtype(cls.__name__, name, values, dtype)
        return cls._check_key(pd.DataFrame(arrays, index=pd.RangeIndex(length)))

    @classmethod
    def check(cls, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame itself, when columns, dtypes, missing values and key are as declared.

        Raises:
            Defect: names the first thing that is not.
        """
        if list(frame.columns) != cls.columns():
            raise Defect(f"{cls.__name__}: columns {list(frame.columns)} are not {cls.columns()}")
        for (name, dtype), found in zip(cls.dtypes().items(), frame.dtypes, strict=True):
            if str(found) != dtype:
                raise Defect(f"{cls.__name__}.{name} is {found}, not {dtype}")
            if dtype == "str" and frame[name].hasnans:
                raise Defect(f"{cls.__name__}.{name} has missing values")
        return cls._check_key(frame)

    @classmethod
    def _check_key(cls, frame: pd.DataFrame) -> pd.DataFrame:
        if cls.key and bool(frame.duplicated(list(cls.key)).any()):
            raise Defect(f"{cls.__name__}: {cls.key} is not unique")
        return frame


def concat(schema: type[FrameSchema], frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of one schema below each other, with a fresh index."""
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return schema.empty()
    return schema.check(pd.concat(filled, ignore_index=True))


def _default(dtype: str, length: int) -> list[object]:
    empty: dict[str, object] = {"str": "", "int64": 0, "Int64": None, "bool": False}
    return [empty[dtype]] * length


def _as_dtype(schema: str, name: str, values: object, dtype: str) -> Any:
    """The array of a column, without an index, which the frame gives to all of them."""
    try:
        series = values if isinstance(values, pd.Series) else pd.Series(cast("Any", values))
        if str(series.dtype) != dtype:
            series = series.astype(cast("Any", dtype))
    except (TypeError, ValueError) as error:
        raise Defect(f"{schema}.{name} does not take dtype {dtype}") from error
    return (series.fillna("") if dtype == "str" and series.hasnans else series).array
