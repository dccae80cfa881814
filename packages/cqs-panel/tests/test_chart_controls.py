"""The choices above a candle chart: in the address, and back again."""

from __future__ import annotations

import gc

from cqs_panel.charts.buckets import MINUTE
from cqs_panel.charts.chart_controls import ChartControls
from cqs_panel.state import PageState


class Shell:
    def address(self, page):
        """The address is written."""


def controls(name="", page=None, **query):
    page = page or PageState(Shell(), "x", {name.replace("_", "-"): value for name, value in query.items()})
    told = []
    made = ChartControls(page, "p1", lambda *said: told.append(said), name)
    made.offer(60 * MINUTE)
    return page, made, told


def test_what_is_usual_is_not_in_the_address():
    page, made, _ = controls()
    made.choose(scale="log", interval="4h", range="1W")
    assert page.query == {"chart-scale": "log", "chart-interval": "4h", "chart-range": "1W"}
    made.choose(scale="linear", interval="", range="")
    assert page.query == {}


def test_an_address_is_followed_and_what_it_cannot_mean_is_left_out():
    page, made, told = controls(chart_interval="17m", chart_scale="cubic", chart_range="9Y")
    assert (made.interval, made.scale, made.span) == (0, "linear", None)
    page.query = {"chart-interval": "1d"}
    assert ("interval", "1d") in told
    made.choose(interval="1d")
    assert made.interval == 1440 * MINUTE
    assert made.bar.state["interval"] == "1d"


def test_ranges_that_show_less_than_twelve_candles_are_not_offered():
    _, made, _ = controls()
    made.offer(1440 * MINUTE)
    assert [name for name, *_ in made.bar.state["ranges"]] == ["1M", "1Y", "All"]
    assert [name for name, *_ in made.bar.state["intervals"]] == ["", "1d", "1w"]


def test_a_page_does_not_keep_charts_that_it_has_thrown_away():
    page, made, told = controls()
    del made
    gc.collect()
    page.query = {"chart-scale": "log"}
    assert not told


def test_two_charts_of_a_page_have_choices_of_their_own():
    page, one, _ = controls("one")
    _, two, told = controls("two", page)
    one.choose(scale="log", lines="sma:20")
    assert page.query == {"chart-one-scale": "log", "chart-one-lines": "sma:20"}
    assert (two.scale, two.chosen["lines"], told) == ("linear", "", [])
    one.choose(scale="linear", lines="")
    assert page.query == {}


def test_an_address_from_before_there_were_two_charts_is_that_of_both():
    page, one, _ = controls("one", chart_scale="log", chart_lines="sma:20")
    _, two, told = controls("two", page)
    assert (one.scale, two.scale, two.chosen["lines"]) == ("log", "log", "sma:20")
    one.choose(scale="linear", lines="")
    assert (two.scale, told) == ("log", [])
    again = controls("one", PageState(Shell(), "x", page.query))[1]
    assert (again.scale, again.chosen["lines"]) == ("linear", "")
    one.choose(scale="percent")
    assert page.query["chart-one-scale"] == "percent"
