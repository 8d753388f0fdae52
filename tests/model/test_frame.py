from __future__ import annotations

import pandas as pd
import pytest

from mmrecon.errors import Defect
from mmrecon.model.frame import Flag, FrameSchema, Integer, OptionalInteger, Text, concat


class SmallFrame(FrameSchema):
    """For these tests."""

    key = ("receipt",)

    receipt: Text
    amount_minor: Integer
    balance_minor: OptionalInteger
    final: Flag


def test_columns_left_out_get_their_empty_value() -> None:
    frame = SmallFrame.build({"receipt": ["A"]})
    assert frame.to_dict("records") == [
        {"receipt": "A", "amount_minor": 0, "balance_minor": None, "final": False}
    ]


def test_missing_text_becomes_the_empty_text() -> None:
    frame = SmallFrame.build({"receipt": ["A", None]})
    assert frame["receipt"].tolist() == ["A", ""]


@pytest.mark.parametrize(
    "columns",
    [{"unknown": [1]}, {"receipt": ["A", "A"]}, {"amount_minor": ["x"]}, {"amount_minor": [None]}],
)
def test_a_frame_that_is_not_as_declared_is_a_defect(columns: dict[str, object]) -> None:
    with pytest.raises(Defect):
        SmallFrame.build(columns)


def test_a_missing_column_is_a_defect() -> None:
    with pytest.raises(Defect, match="columns"):
        SmallFrame.check(pd.DataFrame({"receipt": ["A"]}))


def test_frames_are_joined_below_each_other_with_a_fresh_index() -> None:
    joined = concat(
        SmallFrame, [SmallFrame.build({"receipt": ["A"]}), SmallFrame.build({"receipt": ["B"]})]
    )
    assert joined["receipt"].tolist() == ["A", "B"]
    assert joined.index.tolist() == [0, 1]
    assert len(concat(SmallFrame, [])) == 0
