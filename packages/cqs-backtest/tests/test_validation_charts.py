"""Charts of validations: they draw what the tests of a run say."""

import numpy as np
import pytest

from cqs_core import UsageError

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")

from test_charts import columns, figures, made

from cqs_backtest import charts

DAY = 86_400_000
HOSTILE = "<script>alert(1)</script>"
BANDS = {
    name: (1 + np.arange(1, 6) * growth).tolist()
    for name, growth in zip(("p5", "p25", "p50", "p75", "p95"), (-0.05, -0.01, 0.02, 0.04, 0.1), strict=True)
}


def iso(day):
    return f"{np.datetime64('2021-03-05') + day}T00:00:00+00:00"


def window(start, earned):
    test = None if earned is None else {"total_return": earned, "sharpe": 1.0}
    edges = ("optimize_start", "optimize_stop", "test_start", "test_stop")
    dates = dict(zip(edges, (iso(start), iso(start + 100), iso(start + 100), iso(start + 150)), strict=True))
    return dates | {"parameters": None if earned is None else {"bars": 5, "exit_at": HOSTILE}, "test": test}


def test_windows_lie_over_the_equity_of_their_tries_and_share_its_time():
    rows = [window(0, 5.0), window(50, -3.0), window(100, None)]
    run = made(150, ts=made().ts[100:250], benchmark=None)
    drawn = figures(charts.walk_forward(rows, run))
    assert len(drawn) == 3
    assert len({id(one.x_range) for one in drawn}) == 1
    upper = next(one for one in drawn if any("earned" in each.data_source.data for each in one.renderers))
    tried = columns(upper, "earned", "chosen")
    assert tried["earned"].tolist() == [5.0, -3.0, 0.0]
    assert list(tried["chosen"]) == [f"bars=5, exit_at={HOSTILE}"] * 2 + ["none: cash was held"]
    assert len(set(tried["color"])) == 3
    assert upper.x_range.start < np.datetime64(iso(0)[:10], "ms").astype(np.int64)


def test_a_fan_has_its_bands_and_begins_with_the_capital():
    [shown] = figures(charts.fan(BANDS))
    middle = columns(shown, "p50", "p95")
    assert middle["p50"].tolist() == pytest.approx([0, 2, 4, 6, 8, 10])
    assert middle["p5"][-1] == pytest.approx(-25)
    assert (middle["share"][0], middle["share"][-1]) == (0, 100)


def test_outcomes_are_counted_and_marked_even_beyond_the_bars():
    [shown] = figures(
        charts.outcomes({"edges": [0.0, 1.0, 2.0], "counts": [3, 1]}, marks={HOSTILE: 9.0, "median": 0.8})
    )
    assert columns(shown, "top")["top"].tolist() == [3, 1]
    assert list(columns(shown, "text")["text"]) == [HOSTILE, "median"]
    assert shown.x_range.end > 9


@pytest.mark.parametrize("mode", ["light", "dark", "print", "page"])
def test_every_chart_is_drawn_in_every_look(mode):
    flat = {name: [1.0] for name in BANDS}
    assert figures(charts.fan(flat, mode=mode))
    assert figures(charts.outcomes({"edges": [1.0, 1.0], "counts": [0]}, mode=mode))
    assert len(figures(charts.walk_forward([window(0, 0.0)], made(50, benchmark=None), mode=mode))) == 3


def test_no_window_is_refused():
    with pytest.raises(UsageError, match="no window"):
        charts.walk_forward([], made())
