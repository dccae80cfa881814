"""Overlays of plugins may be HoloViews elements."""

import datetime as dt
import sys

import numpy as np
import panel as pn
import pytest

from cqs_core import DataError
from cqs_panel.charts import holoviews
from cqs_panel.charts.elements import layers_of
from cqs_panel.shell.chart_types import know_charts_by_name
from cqs_panel.view import Band, Line

DAY = 86_400_000
TIMES = np.array(["2025-01-01", "2025-01-02"], "datetime64[ns]")
MS = [1_735_689_600_000, 1_735_776_000_000]


def test_curves_marks_levels_and_spans_become_layers():
    hv = holoviews()
    drawn = hv.Overlay(
        [
            hv.Curve((TIMES, [1.0, np.nan]), label="average"),
            hv.Scatter((TIMES, [3.0, 4.0]), group="Sell", label="exits"),
            hv.HLine(5.0),
            hv.VSpan(TIMES[0], TIMES[1]),
            hv.VSpans(([TIMES[0]], [TIMES[1]])),
        ]
    )
    line, marks, level, *bands = layers_of(drawn, 10, 20)
    assert (line.label, line.ts.tolist(), line.values[0]) == ("average", MS, 1.0)
    assert (marks.side, marks.ts.tolist(), marks.price.tolist()) == ("sell", MS, [3.0, 4.0])
    assert (level.ts.tolist(), level.values.tolist()) == ([10, 20], [5.0, 5.0])
    assert [(band.start, band.end) for band in bands] == [tuple(MS), tuple(MS)]


def test_one_element_and_a_list_with_layers_are_taken_too():
    hv = holoviews()
    seoul = dt.timezone(dt.timedelta(hours=9))
    aware = [dt.datetime(2025, 1, 1, 9, tzinfo=seoul), dt.datetime(2025, 1, 2, tzinfo=dt.UTC)]
    [line] = layers_of(hv.Curve((aware, [1.0, 2.0])), 0, 1)
    assert line.ts.tolist() == MS
    band, line = layers_of([Band("x", 1, 2), hv.Curve((MS, [1.0, 2.0]))], 0, 1)
    assert isinstance(band, Band)
    assert isinstance(line, Line)
    assert line.ts.tolist() == MS


def test_what_cannot_lie_over_candles_is_refused_in_a_line():
    hv = holoviews()
    words = hv.Curve((["a", "b"], [1.0, 2.0]))
    for element in (hv.HeatMap([(0, 0, 1)]), hv.Scatter((TIMES, [1.0, 2.0])), words, hv.Layout([])):
        with pytest.raises(DataError, match="cannot be drawn") as told:
            layers_of(element, 0, 1)
        assert "\n" not in str(told.value)


def test_panel_knows_charts_without_importing_holoviews(monkeypatch):
    """Else pages wait while another thread imports it, and that import fails with half of a module."""
    hv = holoviews()

    class Own(hv.Curve):
        """Of a plugin."""

    know_charts_by_name()
    chart, own = hv.Curve([1, 2]), Own([1, 2])
    monkeypatch.setitem(sys.modules, "holoviews.core.dimension", None)  # an import of it would raise
    assert [pn.pane.HoloViews.applies(one) for one in (chart, own, chart * own, "text", None)] == [True] * 3 + [
        False
    ] * 2
