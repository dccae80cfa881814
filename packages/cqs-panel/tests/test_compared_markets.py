"""Other markets on a candle chart: which series, which points, what the address keeps."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from instant import InstantShell

from cqs_core import Lake, Series
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY, HOUR
from cqs_panel import CandleChart, LakeCandles
from cqs_panel.charts import compared_market
from cqs_panel.charts.buckets import of_rows
from cqs_panel.charts.compared_lines import curve_of
from cqs_panel.charts.compared_market import Market, fitting
from cqs_panel.state import PageState
from cqs_panel.theme.palette import COMPARED, MODES, WESTERN


@pytest.fixture
def lake(tmp_path):
    """Ten days of hours of BTC and ETH, of days of SOL; XRP has a hole of one day."""
    lake = Lake(str(tmp_path))
    for market, price in (("BTC/KRW", 100.0), ("ETH/KRW", 10.0)):
        lake.append(Series("upbit", market, "1h"), flat_table(240, 0, price, interval="1h"), 0, 10 * DAY)
    lake.append(Series("upbit", "SOL/KRW", "1d"), flat_table(10, 0, 5.0), 0, 10 * DAY)
    xrp = Series("binance", "XRP/USDT", "1h")
    lake.append(xrp, flat_table(96, 0, 1.0, interval="1h"), 0, 4 * DAY)
    lake.append(xrp, flat_table(120, 5 * DAY, 2.0, interval="1h"), 5 * DAY, 10 * DAY)
    return lake


def opened(lake, **query):
    shell = InstantShell(lake.bucket)
    page = PageState(shell, "x", {name.replace("_", "-"): value for name, value in query.items()})
    chart = CandleChart(page)
    chart.show(LakeCandles(lake.bucket, Series("upbit", "BTC/KRW", "1h")))
    return shell, page, chart


def drawn(chart):
    data = chart._drawn.compared.source.data
    return dict(zip(data["key"], zip(data["times"], data["levels"], strict=True), strict=True))


def chips(chart):
    return [(one["title"], one["note"]) for one in chart._controls.bar.state.get("compared", [])]


def rows(*hours):
    return [(hour * HOUR, 1.0, 1.0, 1.0, float(hour), 1.0) for hour in hours]


def test_examples_are_true():
    assert doctest.testmod(compared_market).failed == 0


def test_a_hole_interrupts_the_curve_and_a_bucket_between_holes_is_as_long_as_it_is():
    curve = curve_of(of_rows(rows(0, 1, 4, 7, 8), HOUR))
    assert (curve.ts / HOUR).tolist() == [0.5, 1.5, 1.5, 4, 5, 5, 7.5, 8.5]
    np.testing.assert_array_equal(curve.closes, [0, 1, np.nan, 4, 4, np.nan, 7, 8])
    assert len(curve_of(of_rows([], HOUR)).ts) == 0


@pytest.mark.parametrize(
    ("stored", "base", "best"),
    [
        (["1m", "1h", "1d"], HOUR, "1h"),
        (["1m", "15m", "1d"], HOUR, "15m"),
        (["1d", "4h"], HOUR, "4h"),
        (["1M"], HOUR, None),
        ([], HOUR, None),
    ],
)
def test_the_series_that_fits_best_is_compared(stored, base, best):
    known = [Series("upbit", "ETH/KRW", name) for name in stored] + [Series("upbit", "X/KRW", "1h")]
    found = fitting(Market("upbit", "ETH/KRW"), known, base)
    assert (found and found.interval) == best


def test_markets_are_offered_added_and_removed_and_the_address_keeps_them(lake):
    _, page, chart = opened(lake)
    state = chart._controls.bar.state
    assert state["addable"] == {"entries": [], "known": False}
    chart._act("markets", "")
    names = [["upbit ETH/KRW", "ETH/KRW"], ["upbit SOL/KRW", "SOL/KRW"], ["binance XRP/USDT", "XRP/USDT · binance"]]
    assert chart._controls.bar.state["addable"]["entries"] == names
    chart._act("compare with", "upbit ETH/KRW")
    chart._act("compare with", "binance XRP/USDT")
    assert page.query == {"chart-compare": "upbit ETH/KRW,binance XRP/USDT", "chart-scale": "percent"}
    assert chips(chart) == [("BTC/KRW", ""), ("ETH/KRW", ""), ("XRP/USDT · binance", "")]
    assert [name for name, _ in chart._controls.bar.state["addable"]["entries"]] == ["upbit SOL/KRW"]
    chart._act("uncompare", "upbit ETH/KRW")
    assert list(drawn(chart)) == ["binance XRP/USDT"]
    chart._act("uncompare", "binance XRP/USDT")
    assert page.query == {}
    assert chips(chart) == []
    assert drawn(chart) == {}


def test_lines_have_the_buckets_of_the_chart_and_their_holes(lake):
    _, _, chart = opened(lake, chart_compare="upbit ETH/KRW,binance XRP/USDT,upbit SOL/KRW", chart_interval="4h")
    lines = drawn(chart)
    starts, _ = lines["upbit ETH/KRW"]
    assert set(np.diff(starts)) == {4 * HOUR}
    _, closes = lines["binance XRP/USDT"]
    assert np.isnan(closes).sum() == 1
    assert set(np.diff(lines["upbit SOL/KRW"][0])) == {DAY}
    assert chips(chart)[-1] == ("SOL/KRW", "1d")


def test_what_an_address_cannot_mean_is_said_and_no_market_is_compared_with_itself(lake):
    _, _, chart = opened(lake, chart_compare="upbit BTC/KRW,nowhere,upbit <b>/KRW,upbit ETH/KRW")
    assert list(drawn(chart)) == ["upbit ETH/KRW"]
    assert [title for title, note in chips(chart) if "no candles" in note] == ["<b>/KRW"]


def test_the_ninth_market_is_refused_aloud(lake):
    many = ",".join(f"upbit M{i}/KRW" for i in range(len(COMPARED)))
    shell, page, chart = opened(lake, chart_compare=many)
    chart._act("compare with", "upbit ETH/KRW")
    assert shell.said == ["A chart compares up to 8 markets; remove one first."]
    assert page.query["chart-compare"] == many


def test_the_colors_can_be_seen_on_both_pages_and_are_not_those_of_gain_and_loss():
    assert len(set(COMPARED)) == 8
    assert not set(COMPARED) & {WESTERN.up, WESTERN.down}
    assert min(contrast(color, MODES[mode]["paper"]) for color in COMPARED for mode in MODES) >= 3


def contrast(*colors):
    """As WCAG has it."""
    light = []
    for color in colors:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        light.append(sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(light) + 0.05) / (min(light) + 0.05)
