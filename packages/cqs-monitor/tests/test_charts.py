"""Charts of live bots: what they draw of frames that Python callers get."""

import datetime as dt
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from cqs_core import UsageError

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from cqs_monitor import charts
from cqs_monitor.charts.threshold import threshold
from cqs_monitor.compare.bridge import Bridge
from cqs_panel.theme import ACCENT, OTHERS, tones

HOSTILE = "<script>alert(1)</script>"
BRIDGE = Bridge(1000.0, -300.0, 120.0, -50.0, 10.0, -30.0, 750.0)


def frame(by="day", rows=40, start="2025-01-06"):
    values = np.random.default_rng(0).normal(0, 1e5, (rows, 2))
    index = pd.date_range(start, periods=rows, freq={"day": "D", "week": "W-MON", "month": "MS"}[by], tz="UTC", name=by)
    made = pd.DataFrame(values, index, ["Main", HOSTILE])
    return made.assign(total=made.sum(axis=1))


def figures(chart):
    import holoviews as hv
    from bokeh.plotting import figure

    drawn = hv.render(chart, backend="bokeh")
    return sorted(drawn.select({"type": figure}), key=lambda one: int(one.id[1:]))


def columns(shown, *names):
    found = (one.data_source.data for one in shown.renderers if hasattr(one, "data_source"))
    return next(data for data in found if set(names) <= set(data))


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_a_bar_a_period_inside_of_it_with_the_total_and_every_account(by):
    pnl = frame(by, start="2025-01-01" if by == "month" else "2025-01-06")
    [shown] = figures(charts.periods(pnl))
    bars = columns(shown, "total", "account1")
    assert bars["total"].tolist() == pnl["total"].tolist()
    assert bars["account1"].tolist() == pnl[HOSTILE].tolist()
    left, right = (bars[edge].astype("datetime64[ms]").astype(np.int64) for edge in ("left", "right"))
    starts = np.asarray(pnl.index, "datetime64[ms]").astype(np.int64)
    assert (left > starts).all()
    assert (right[:-1] < starts[1:]).all()


def test_stacked_bars_of_accounts_end_at_the_sums_of_gains_and_of_losses():
    pnl = frame()
    [shown] = figures(charts.periods(pnl, stacked=True))
    stacks = [
        one.data_source.data for one in shown.renderers if one.name != "" and "account1" not in one.data_source.data
    ]
    ends = [data for data in stacks if {"bottom", "top"} <= set(data)]
    assert [item.label.value for item in shown.legend[0].items] == ["Main", HOSTILE]
    gains = pnl[["Main", HOSTILE]].clip(lower=0).sum(axis=1)
    assert max(np.max(data["top"]) for data in ends) == pytest.approx(gains.max())
    heights = sum(np.abs(np.asarray(data["top"]) - np.asarray(data["bottom"])) for data in ends)
    assert heights == pytest.approx(pnl[["Main", HOSTILE]].abs().sum(axis=1).to_numpy())


def test_the_threshold_of_a_rule_is_drawn_over_its_values_with_the_alerts():
    hour = 3_600_000
    steps = {"Main": (np.array([0, 2 * hour, 9 * hour]), np.array([0.0, 7_200.0, np.nan])), "메인": ([], [])}
    [shown] = figures(threshold(steps, 3_600.0, [3 * hour], (hour, 8 * hour), unit="duration"))
    drawn = [one.data_source.data for one in shown.renderers]
    values = next(data["value"] for data in drawn if len(data["value"]) > 2)
    assert np.nanmax(values) == 2.0  # hours
    assert any(np.asarray(data["value"]).tolist() == [1.0, 1.0] for data in drawn)
    assert any(len(data["value"]) == 1 for data in drawn)
    with pytest.raises(UsageError, match="no value over time"):
        threshold({}, 1.0, [], (0, hour))


def test_cumulative_pnl_begins_at_nothing_and_ends_with_the_sum():
    pnl = frame()
    upper, lower = figures(charts.cumulative(pnl))
    drawn = columns(upper, "total", "day", "fall")
    assert drawn["total"][0] == 0
    assert drawn["total"][-1] == pytest.approx(pnl["total"].sum())
    assert drawn["fall"].min() == pytest.approx((drawn["total"] - np.maximum.accumulate(drawn["total"])).min())
    assert [item.label.value for item in upper.legend[0].items] == ["Main", HOSTILE, "Total"]
    assert lower.x_range is upper.x_range
    assert lower.y_range.end == 0


def test_the_picture_of_cumulative_pnl_has_its_curves_in_steps():
    pnl = frame()
    shown = charts.cumulative_still(pnl)
    colors = ("|".join(OTHERS), ACCENT, tones().down)
    accounts, total, fall = (re.findall(rf'd="M([^"]*)" stroke="(?:{one})"', shown) for one in colors)
    assert (len(accounts), len(total), len(fall)) == (2, 1, 1)
    corners = [tuple(map(int, pair.split())) for pair in re.findall(r"\d+ \d+", total[0])]
    assert len(corners) == 2 * len(pnl) + 1
    assert all(x == a or y == b for (a, b), (x, y) in pairwise(corners))
    last = np.cumsum(pnl["total"])
    assert (corners[-1][1] < corners[0][1]) == (last.iloc[-1] > 0)  # downwards, as all of SVG
    assert HOSTILE not in shown
    assert charts.cumulative_still(pnl.iloc[:0]) == ""


def test_one_day_and_days_of_nothing_are_drawn():
    for pnl in (frame(rows=1), frame() * 0, abs(frame()), -abs(frame())):
        for chart in (charts.periods(pnl), charts.cumulative(pnl), charts.calendar(pnl), charts.distribution(pnl)):
            assert figures(chart)
        assert charts.cumulative_still(pnl).count('class="part"') == 2


def test_the_calendar_has_a_square_for_each_day_of_53_weeks():
    last = dt.date(2025, 3, 5)
    [shown] = figures(charts.calendar({last: 5.0, dt.date(2025, 3, 3): -5.0}, last=last, currency="KRW"))
    cells = columns(shown, "day", "told")
    assert cells["day"][-1] == "2025-03-05"
    assert cells["day"][0] == "2024-03-04"
    assert len(cells["day"]) == 52 * 7 + 3
    assert cells["told"][-1] == "Wed 2025-03-05: +₩5.00"
    assert cells["told"][-2] == "Tue 2025-03-04: no sale"
    assert figures(charts.calendar({}))


def test_a_click_on_a_day_of_the_calendar_opens_its_address():
    day = dt.date(2025, 3, 5)
    [shown] = figures(charts.calendar({day: 5.0}, last=day, links={day: "?view=monitor&day=2025-03-05"}))
    cells = columns(shown, "day", "address")
    assert [one for one in zip(cells["day"], cells["address"], strict=True) if one[1]] == [
        ("2025-03-05", "?view=monitor&day=2025-03-05")
    ]
    assert any(type(tool).__name__ == "TapTool" for tool in shown.tools)
    assert not any(type(tool).__name__ == "TapTool" for tool in figures(charts.calendar({day: 5.0}))[0].tools)


def test_full_color_is_that_of_the_strongest_twentieth_of_days():
    from cqs_monitor.charts.calendar import full_strength

    days = [dt.date(2025, 1, 1) + dt.timedelta(days=i) for i in range(100)]
    assert full_strength({day: float(i) for i, day in enumerate(days)}, days) == 94
    assert full_strength({}, days) == 1


def test_the_bridge_has_every_part_its_number_and_the_totals():
    [shown] = figures(charts.bridge(BRIDGE, currency="KRW"))
    bars = columns(shown, "name", "told")
    assert list(bars["name"]) == ["backtest", "missed", "extra", "price", "size", "fees", "live"]
    assert bars["told"][0] == "+₩1,000"
    heights = [top - bottom for top, bottom in zip(bars["top"], bars["bottom"], strict=True)]
    assert heights == [1000, 300, 120, 50, 10, 30, 750]
    assert list(columns(shown, "text")["text"]) == ["+1k", "-300", "+120", "-50", "+10", "-30", "+750"]
    assert figures(charts.bridge(Bridge(*[0.0] * 7)))


def test_symbols_and_hours_are_summed_over_sales():
    times = pd.to_datetime(["2025-01-06 00:10", "2025-01-06 15:10", "2025-01-07 15:20"], utc=True)
    trades = pd.DataFrame(
        {"timestamp": times, "symbol": ["BTC", HOSTILE, "BTC"], "action": ["BUY", "SELL", "SELL"]},
    ).assign(profit=[np.nan, 5.0, -3.0], currency="KRW")
    [shown] = figures(charts.symbols(trades))
    assert dict(zip(*(columns(shown, "name", "value")[key] for key in ("name", "value")), strict=True)) == {
        HOSTILE: 5.0,
        "BTC": -3.0,
    }
    [shown] = figures(charts.hours(trades, zone="Asia/Seoul"))
    bars = columns(shown, "name", "value")
    assert {name: value for name, value in zip(bars["name"], bars["value"], strict=True) if value} == {"00": 2.0}
    [shown] = figures(charts.symbols({f"S{i}": float(i) for i in range(1, 31)}))
    bars = columns(shown, "name", "value")
    assert list(bars["name"])[-1] == "others"
    assert sum(bars["value"]) == sum(range(1, 31))


def test_two_currencies_are_never_drawn_as_one():
    times = pd.to_datetime(["2025-01-06", "2025-01-07"], utc=True)
    rows = {"timestamp": times, "symbol": "BTC", "action": "SELL", "profit": 1.0, "currency": ["KRW", "USDT"]}
    for chart in (charts.symbols, charts.hours):
        with pytest.raises(UsageError, match="KRW and USDT"):
            chart(pd.DataFrame(rows))


def test_regimes_are_bands_that_end_where_a_day_is_missing():
    days = pd.date_range("2025-01-01", periods=6, tz="UTC").delete(3)
    said = pd.Series(["BULL_TREND", "BULL_TREND", "SIDEWAYS", "SIDEWAYS", "SIDEWAYS"], days)
    for prices in (None, pd.Series([1.0, 2.0, 3.0, 2.0, 1.0], days)):
        [shown] = figures(charts.regimes(said, prices))
        bands = [columns_of["left"] for one in shown.renderers if "left" in (columns_of := one.data_source.data)]
        assert [len(left) for left in bands] == [1, 2]


def test_what_has_nothing_to_draw_says_so():
    for chart in (charts.periods, charts.cumulative):
        with pytest.raises(UsageError, match="no PnL to draw"):
            chart(frame().iloc[:0])
    with pytest.raises(UsageError, match="no regime"):
        charts.regimes(pd.Series([], dtype=object))
    with pytest.raises(UsageError, match="nothing was sold"):
        charts.symbols({})


def test_totals_of_several_currencies_are_not_added_up():
    pnl = frame().rename(columns={"total": "total KRW"})
    for chart in (charts.periods, charts.cumulative, charts.cumulative_still):
        with pytest.raises(UsageError, match="total KRW; choose accounts of one currency"):
            chart(pnl)


def test_pnl_of_two_currencies_is_not_added_up():
    sold = pd.DataFrame({"symbol": ["BTC", "ETH"], "action": "SELL", "currency": ["KRW", "USDT"], "profit": [1.0, 2.0]})
    sold["timestamp"] = pd.date_range("2025-01-01", periods=2, freq="h", tz="UTC")
    for draw in (charts.symbols, charts.hours):
        with pytest.raises(UsageError, match="the trades are in KRW and USDT; draw one currency at a time"):
            draw(sold)
