"""Charts of a run: what they draw, and that they leave the program's other plots alone."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cqs_core import UsageError

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")

from bokeh.document import Document

from cqs_backtest import charts
from cqs_backtest.metrics import monthly_returns, yearly_returns

DAY = 86_400_000
HOSTILE = "<script>alert(1)</script>"


def made(bars=800, seed=1, **changes):
    moves = np.random.default_rng(seed).normal(0.0005, 0.02, bars)
    ts = np.datetime64("2021-03-05", "ms").astype(np.int64) + np.arange(bars) * DAY
    run = {"ts": ts, "equity": 1e7 * np.cumprod(1 + moves), "capital": 1e7, "day_start": 0}
    run |= {"benchmark": 1e7 * np.cumprod(1 - moves), "held": HOSTILE}
    return SimpleNamespace(**run | changes)


def figures(chart):
    import holoviews as hv
    from bokeh.plotting import figure

    drawn = hv.render(chart, backend="bokeh")
    return sorted(drawn.select({"type": figure}), key=lambda one: int(one.id[1:]))


def columns(shown, *names):
    """Data of the first glyphs that have these columns."""
    found = (one.data_source.data for one in shown.renderers if hasattr(one, "data_source"))
    return next(data for data in found if set(names) <= set(data))


def test_the_picture_of_equity_has_both_curves_and_none_without_bars():
    shown = charts.equity_still(made())
    assert [shown.count(part) for part in ("<svg", 'class="part"', "fill-opacity")] == [2, 2, 1]
    assert "0 %" in shown
    assert charts.equity_still(made(ts=[], equity=[])) == ""


def test_equity_and_drawdown_are_those_of_the_run_and_share_their_time():
    run = made()
    upper, lower = figures(charts.equity(run))
    drawn = columns(upper, "equity", "drawdown", "benchmark")
    assert drawn["equity"].tolist() == run.equity.tolist()
    assert drawn["benchmark"].tolist() == run.benchmark.tolist()
    high = np.maximum(np.maximum.accumulate(run.equity), run.capital)
    assert drawn["drawdown"] == pytest.approx(100 * (run.equity / high - 1))
    assert drawn["ts"].astype("datetime64[ms]").astype(np.int64).tolist() == run.ts.tolist()
    assert upper.x_range is lower.x_range
    assert upper.x_range.start < run.ts[0]
    assert upper.x_range.end > run.ts[-1]


def test_a_long_curve_keeps_its_extremes():
    run = made(200_000)
    [upper, _] = figures(charts.equity(run, benchmark=False))
    drawn = columns(upper, "equity")["equity"]
    assert len(drawn) <= 3_002
    assert (drawn.min(), drawn.max()) == (run.equity.min(), run.equity.max())


def test_a_series_indexed_by_time_is_taken_as_it_is():
    run = made()
    series = pd.Series(run.equity, pd.to_datetime(run.ts, unit="ms", utc=True))
    [upper, _] = figures(charts.equity(made(ts=None, equity=series)))
    assert columns(upper, "equity")["ts"].astype("datetime64[ms]").astype(np.int64).tolist() == run.ts.tolist()


def test_runs_are_compared_from_their_own_beginnings():
    first, second = made(), made(300, 2)
    upper, lower = figures(charts.compare({"first": first, HOSTILE: second}))
    grown = [one.data_source.data["value"] for one in upper.renderers]
    assert [values[0] for values in grown] == [0, 0]
    assert grown[1][-1] == pytest.approx(100 * (second.equity[-1] / second.equity[0] - 1))
    assert [item.label.value for item in upper.legend[0].items] == ["first", HOSTILE]
    assert len(lower.renderers) == 2
    assert len(figures(charts.compare([first]))) == 2
    with pytest.raises(UsageError, match="nothing to compare"):
        charts.compare([])


def test_years_and_months_are_those_of_the_metrics():
    run = made()
    from cqs_core.trading.metrics import daily_equity

    daily = daily_equity(run.ts, run.equity)
    [shown] = figures(charts.years(run))
    assert columns(shown, "name", "told")["value"].tolist() == list(yearly_returns(*daily, 1e7).values())
    [shown] = figures(charts.months(run))
    cells = columns(shown, "zvalues")
    assert np.nansum(cells["zvalues"]) == pytest.approx(sum(monthly_returns(*daily, 1e7).values()))
    texts = columns(shown, "text")
    totals = [text for text, column in zip(texts["text"], texts["column"], strict=True) if column == "Year"]
    assert totals == [f"{value:.1f}" for value in yearly_returns(*daily, 1e7).values()]


def test_the_distribution_counts_every_day_and_no_bar_has_gains_and_losses():
    [shown] = figures(charts.distribution(made()))
    bars = columns(shown, "top")
    assert sum(bars["top"]) == 800
    assert not any(left < -1e-9 and right > 1e-9 for left, right in zip(bars["left"], bars["right"], strict=True))


def test_rolling_needs_days_and_a_metric_of_them():
    [shown] = figures(charts.rolling(made(), window=30))
    assert len(columns(shown, "value")["value"]) == 800 - 29
    with pytest.raises(UsageError, match="more than 90 days"):
        charts.rolling(made(40))
    with pytest.raises(UsageError, match="no rolling 'beta_of'"):
        charts.rolling(made(), metric="beta_of")
    with pytest.raises(UsageError, match="no rolling 'num_trades'"):
        charts.rolling(made(), metric="num_trades")


def test_growth_by_regime_has_a_line_for_each():
    run = made(200)
    days = pd.date_range("2021-03-04", periods=200, tz="UTC")
    said = pd.Series(np.where(np.arange(200) // 50 % 2, "BEAR_TREND", HOSTILE), days)
    [shown] = figures(charts.by_regime(run, said))
    assert [item.label.value for item in shown.legend[0].items] == [HOSTILE, "BEAR_TREND"]
    ends = [one.data_source.data["value"][-1] for one in shown.renderers]
    assert np.prod([1 + end / 100 for end in ends]) == pytest.approx(run.equity[-1] / run.capital)
    with pytest.raises(UsageError, match="no regime to draw"):
        charts.by_regime(run, said[:0])


@pytest.mark.parametrize("bars", [1, 3])
def test_a_short_run_is_drawn(bars):
    run = made(bars)
    for chart in (charts.equity(run), charts.years(run), charts.months(run), charts.distribution(run)):
        assert figures(chart)


def test_a_run_that_lost_everything_or_never_moved_is_drawn():
    for equity in (np.r_[np.full(50, 1e7), np.zeros(50)], np.full(100, 1e7)):
        run = made(100, equity=equity)
        drawn = (charts.equity(run, log=True), charts.years(run), charts.months(run), charts.distribution(run))
        assert all(figures(one) for one in drawn)


def test_no_bars_and_no_such_mode_are_refused():
    with pytest.raises(UsageError, match="no bars"):
        charts.equity(made(0))
    with pytest.raises(UsageError, match="unknown look 'night'"):
        charts.years(made(), mode="night")


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
def test_a_chart_paints_its_ground_but_on_a_page(mode):
    [shown] = figures(charts.years(made(), mode=mode))
    assert shown.styles == {"background-color": "#161a21" if mode == "dark" else "#ffffff"}
    [page] = figures(charts.years(made(), mode="page"))
    assert page.styles == {}


def test_colors_follow_the_setting(monkeypatch):
    [western] = figures(charts.years(made()))
    monkeypatch.setenv("CQS_COLORS", "korean")
    [korean] = figures(charts.years(made()))
    assert set(columns(western, "color")["color"]) <= {"#26a69a", "#ef5350"}
    assert set(columns(korean, "color")["color"]) <= {"#ef5350", "#4f8ff7"}


def test_one_chart_can_be_drawn_twice():
    chart = charts.equity(made())
    for shown in (figures(chart), figures(chart)):
        page = Document()
        for one in shown:
            page.add_root(one)
        assert page.to_json()


def test_charts_change_no_other_plot_and_load_no_extension():
    import holoviews as hv
    import holoviews.plotting.bokeh

    def state():
        defaults = hv.Store.options(backend="bokeh").Curve.groups["plot"].kwargs
        [plain] = figures(hv.Curve([1, 2]))
        own = plain.height, plain.toolbar_location, plain.xgrid[0].visible, plain.output_backend
        return getattr(hv.extension, "_loaded", False), hv.Store.current_backend, defaults, own

    before = state()
    assert before[0] is False
    for chart in (charts.equity(made()), charts.years(made()), charts.rolling(made())):
        assert figures(chart)
    assert state() == before
    assert not hasattr(pd.DataFrame, "hvplot")


def test_every_custom_figure_of_a_tooltip_has_its_formatter():
    from bokeh.models import HoverTool

    for shown in [*figures(charts.equity(made())), *figures(charts.compare({"a": made(), "b": made()}))]:
        for tool in shown.select(HoverTool):
            asked = [text.partition("{custom}")[0] for _, text in tool.tooltips if "{custom}" in text]
            assert set(asked) <= set(tool.formatters), tool.tooltips
