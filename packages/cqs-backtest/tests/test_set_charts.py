"""Charts of a search: cells, lines and points are those of its rows."""

import numpy as np
import pandas as pd
import pytest

from cqs_core import UsageError

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")

from bokeh.models import BoxSelectTool, CustomJS, TapTool
from test_charts import columns, figures

from cqs_backtest import charts

HOSTILE = "<script>alert(1)</script>"


def rows():
    """A grid of three parameters; the Sharpe rises with the first two, and falls with the third."""
    made = [(a, b, c) for a in (0.1, 0.2, 0.3) for b in (5, 10, 15, 20) for c in ("signal", HOSTILE)]
    frame = pd.DataFrame(made, columns=["ratio", "bars", "exit_at"])
    frame["sharpe"] = 10 * frame["ratio"] + frame["bars"] / 10 - (frame["exit_at"] == HOSTILE)
    frame["mdd"], frame["cagr"] = -frame["sharpe"], 2 * frame["sharpe"]
    frame["profit_factor"] = np.where(frame.index == 3, np.inf, 1.5)
    return frame.assign(set=np.arange(len(frame)))


def cells(chart):
    [shown] = figures(chart)
    found = columns(shown, "zvalues", "set")
    return {
        (x, y): (value, number)
        for x, y, value, number in zip(found["x"], found["y"], found["zvalues"], found["set"], strict=True)
    }


def test_a_cell_has_the_best_of_its_sets_and_says_which():
    found = cells(charts.heatmap(rows(), "ratio", "bars"))
    assert len(found) == 12
    value, number = found["0.3", "20"]
    assert (round(value, 9), rows().loc[int(number), "exit_at"]) == (5.0, "signal")


def test_a_cell_may_have_the_mean_of_its_sets_or_of_its_neighbors():
    mean = cells(charts.heatmap(rows(), "ratio", "bars", others="mean"))
    assert mean["0.3", "20"][0] == pytest.approx(4.5)
    near = cells(charts.heatmap(rows(), "ratio", "bars", others="neighborhood"))
    assert near["0.2", "10"][0] == pytest.approx(2 + 1)
    assert near["0.3", "20"][0] == pytest.approx(np.mean([5, 4.5, 4, 3.5]))


def test_the_best_may_be_the_lowest():
    found = cells(charts.heatmap(rows(), "ratio", "bars", metric="mdd", lower_is_better=True))
    assert found["0.3", "20"][0] == pytest.approx(-5)


def test_choices_are_an_axis_and_so_is_one_parameter_alone():
    found = cells(charts.heatmap(rows(), "bars", "exit_at"))
    assert {y for _, y in found} == {"signal", HOSTILE}
    assert len(cells(charts.heatmap(rows(), "bars", "bars"))) == 4


def test_sets_that_could_not_run_are_no_cells_and_many_values_share_some():
    frame = rows()
    frame.loc[frame["bars"] == 5, "sharpe"] = np.nan
    found = cells(charts.heatmap(frame, "ratio", "bars"))
    assert "5" not in {y for (_, y), (value, _) in found.items() if np.isfinite(value)}
    wide = pd.DataFrame({"a": np.arange(500.0), "b": 1, "sharpe": np.arange(500.0), "set": np.arange(500)})
    assert len(cells(charts.heatmap(wide, "a", "b"))) <= 60


def test_marks_lie_on_their_cells_and_those_elsewhere_are_left_out():
    marks = {"Best set": {"ratio": 0.3, "bars": 20}, "Elsewhere": {"ratio": 9.9, "bars": 20}}
    [shown] = figures(charts.heatmap(rows(), "ratio", "bars", marks=marks))
    drawn = [one.data_source.data for one in shown.renderers if type(one.glyph).__name__ == "Scatter"]
    assert [(list(data["x"]), list(data["y"])) for data in drawn] == [(["0.3"], ["20"])]


def test_lines_pass_the_axes_where_the_values_of_their_set_are():
    frame = rows()
    [shown] = figures(charts.parallel(frame, ["ratio", "exit_at", "sharpe"]))
    lines = columns(shown, "x0", "set")
    mine = lines["set"] == 5
    assert lines["x0"][mine].tolist() == [0, 1]
    span = frame["sharpe"].max() - frame["sharpe"].min()
    assert lines["y1"][mine][1] == pytest.approx((frame["sharpe"][5] - frame["sharpe"].min()) / span)
    assert lines["y0"][mine][1] == lines["y1"][mine][0]  # one line
    assert set(lines["y1"][lines["x0"] == 0]) == {0.0, 1.0}  # of the choices
    assert [type(tool) for tool in shown.toolbar.tools if isinstance(tool, BoxSelectTool)]
    assert [one for one in shown.js_event_callbacks["selectiongeometry"] if isinstance(one, CustomJS)]


def test_of_many_sets_the_best_are_drawn_and_as_many_others():
    count = 3_000
    frame = pd.DataFrame({"a": np.arange(count), "sharpe": np.arange(count) / 100.0, "set": np.arange(count)})
    [shown] = figures(charts.parallel(frame, ["a", "sharpe"]))
    drawn = columns(shown, "x0", "set")["set"]
    assert len(drawn) == 800
    assert set(range(count - 400, count)) <= set(drawn)
    assert len(set(drawn)) == 800


def test_points_are_the_sets_and_can_be_chosen():
    frame = rows()
    [shown] = figures(charts.scatter(frame, "mdd", "profit_factor"))
    drawn = columns(shown, "set", "value")
    assert sorted(drawn["set"]) == [n for n in range(24) if n != 3]  # an infinite figure has no place
    assert {type(tool) for tool in shown.toolbar.tools} >= {BoxSelectTool, TapTool}
    [shown] = figures(charts.scatter(frame, "exit_at", "cagr"))
    assert set(shown.x_range.factors) == {"signal", HOSTILE}


@pytest.mark.parametrize("mode", ["light", "dark", "print", "page"])
def test_every_chart_is_drawn_in_every_look_and_equal_values_too(mode):
    frame = rows().assign(sharpe=1.0)
    drawn = (
        charts.heatmap(frame, "ratio", "bars", mode=mode),
        charts.parallel(frame, ["ratio", "bars", "sharpe"], mode=mode),
        charts.scatter(frame, "ratio", "sharpe", mode=mode),
    )
    assert all(figures(one) for one in drawn)


def test_rows_that_cannot_be_drawn_are_refused():
    with pytest.raises(UsageError, match="no column 'nothing'"):
        charts.heatmap(rows(), "nothing", "bars")
    with pytest.raises(UsageError, match="no set has a known Sharpe"):
        charts.scatter(rows().assign(sharpe=np.nan), "ratio", "bars")
    with pytest.raises(UsageError, match="two or more"):
        charts.parallel(rows(), ["ratio"])
    lonely = rows().assign(sharpe=[1.0, *[np.nan] * 23])
    with pytest.raises(UsageError, match="enough neighbors"):
        charts.heatmap(lonely, "ratio", "bars", others="neighborhood")
