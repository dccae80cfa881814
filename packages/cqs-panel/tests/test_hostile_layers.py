"""Layers of plugins are drawn, or refused in one line."""

from __future__ import annotations

import numpy as np
import pytest

from cqs_core import DataError
from cqs_panel.charts.layers import checked
from cqs_panel.view import Band, Line, Marks

TS = np.array([1, 2, 3])

WRONG = {
    "no layer": "a line",
    "none": None,
    "another length": Line("x", TS, np.zeros(2)),
    "two dimensions": Line("x", TS[:, None], np.zeros((3, 1))),
    "text for numbers": Line("x", TS, np.array(["a", "b", "c"])),
    "no times": Line("x", None, np.zeros(3)),
    "a mark on no side": Marks("x", TS, np.zeros(3), "hold"),
    "text that is none": Marks("x", TS, np.zeros(3), "buy", None),
    "a band without end": Band("x", 1, None),
    "a band of an odd tone": Band("x", 1, 2, "pink"),
    "a band for ever": Band("x", 1, float("inf")),
}


@pytest.mark.parametrize("layer", WRONG.values(), ids=WRONG)
def test_what_cannot_be_drawn_is_refused(layer):
    with pytest.raises(DataError, match=r"cannot be drawn|is not a layer") as told:
        checked(layer)
    assert "\n" not in str(told.value)


def test_lists_are_taken_for_arrays():
    line, marks = checked(Line("x", [1, 2], [1, np.nan])), checked(Marks("x", [1, 2], [3, 4], "sell", ["one"]))
    assert (line.ts.dtype, line.values.dtype) == (np.int64, np.float64)
    assert (marks.price.tolist(), marks.text) == ([3.0, 4.0], ["one"])
    assert checked(Band("x", 1.0, 2.0)) == Band("x", 1, 2)
