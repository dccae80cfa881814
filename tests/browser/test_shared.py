"""What views share, in a browser: candles at any zoom, tables that refresh, jobs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import expect

from cqs_core import Bucket, Lake, Series
from plots import settle

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
MINUTE = 60_000
ROWS = 1_000_000
START = 1_600_000_000_000 // 86_400_000 * 86_400_000
FILLED = "(m) => m.type === 'ColumnDataSource' && m.data.close?.length"
FIND = """
window.models = () => [...Bokeh.documents[0]._all_models.values()]
window.drawn = () => models().find((m) => m.type === "ColumnDataSource" && m.data.close)
window.view = () => models().find((m) => m.type === "Range1d" && m.min_interval)
window.draws = 0
drawn().properties.data.change.connect(() => { window.draws += 1; window.at = performance.now() })
"""


REDRAW = """() => { for (const {data} of models().filter((m) => m.data?.state?.chart))
  data.setv({state: {...data.state, news: performance.now()}}, {sync: false}) }"""


@pytest.fixture(scope="module")
def close():
    return 100 + np.cumsum(np.random.default_rng(5).normal(0, 0.01, ROWS))


@pytest.fixture(scope="module")
def url(dashboard, tmp_path_factory, close):
    folder = tmp_path_factory.mktemp("bucket")
    ts = START + np.arange(ROWS, dtype=np.int64) * MINUTE
    stamps = pa.array(ts).cast(pa.timestamp("ms", tz="UTC"))
    prices = {"open": close - 0.1, "high": close + 0.3, "low": close - 0.4, "close": close, "volume": np.ones(ROWS)}
    Lake(Bucket(str(folder))).append(
        Series("upbit", "BTC/KRW", "1m"), pa.table({"ts": stamps, **prices}), START, START + ROWS * MINUTE
    )
    twice = pa.table({"ts": stamps, **prices | {name: 2 * prices[name] for name in ("open", "high", "low", "close")}})
    for first, last in ((ROWS - 250_000, ROWS - 200), (ROWS - 100, ROWS)):
        rows, edges = twice.slice(first, last - first), (START + first * MINUTE, START + last * MINUTE)
        Lake(Bucket(str(folder))).append(Series("upbit", "SOL/KRW", "1m"), rows, *edges)
    return dashboard(folder, [HERE / "charted.py"])


def charted(page):
    """The drawn buckets and the viewport, when there are some."""
    page.wait_for_function(
        "Bokeh.documents.length && [...Bokeh.documents[0]._all_models.values()].some(" + FILLED + ")"
    )
    page.evaluate(FIND)


def move(page, start, end):
    """Show `[start, end)`, and give the milliseconds until its buckets are drawn."""
    page.evaluate(
        "([a, b]) => { window.draws = 0; window.t = performance.now(); view().setv({start: a, end: b}) }", [start, end]
    )
    page.wait_for_function("window.draws > 0")
    return page.evaluate("window.at - window.t")


def test_the_chart_opens_on_the_newest_candles(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    shown = page.evaluate("({n: drawn().data.ts.length, end: view().end})")
    assert shown["n"] <= 2_000
    assert shown["end"] == START + ROWS * MINUTE


def test_every_zoom_shows_exact_buckets_and_at_most_two_thousand(visit, url, close):
    page = visit(url + "?view=candles").page
    charted(page)
    last = START + ROWS * MINUTE
    for span in (ROWS * MINUTE, ROWS * MINUTE // 7, ROWS * MINUTE // 50, 600 * MINUTE):
        move(page, last - span, last)
        got = page.evaluate("Object.fromEntries(Object.entries(drawn().data).map(([k, v]) => [k, Array.from(v)]))")
        assert 100 <= len(got["ts"]) <= 2_000
        for i in (1, len(got["ts"]) // 2, len(got["ts"]) - 2):
            a = int(got["start"][i] - START) // MINUTE
            b = a + round(got["step"][i] / MINUTE)
            inside = close[max(a, 0) : b]
            assert got["close"][i] == inside[-1]
            assert got["high"][i] == (inside + 0.3).max()
            assert got["low"][i] == (inside - 0.4).min()
            assert got["volume"][i] == len(inside)


def test_the_line_over_candles_tells_the_one_at_the_pointer(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    last = START + ROWS * MINUTE
    move(page, last - 100_000 * MINUTE, last)
    settle(page, of="candles")  # a figure that is not drawn yet misses the pointer
    said = page.locator(".readout")
    expect(said).to_have_text(re.compile(r"UTC · [23]h bars of 1m.*V.*BTC$"))
    last_in_view = said.inner_text()
    page.mouse.move(700, 400)
    expect(said).not_to_have_text(last_in_view, use_inner_text=True)
    page.mouse.move(10, 10)
    expect(said).to_have_text(last_in_view, use_inner_text=True)


def pressed(page, name):
    button = page.locator(".cqs-candles").get_by_text(name, exact=True)
    button.hover()
    page.mouse.down()
    page.evaluate(REDRAW)  # news come while it is pressed
    page.mouse.up()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_range_interval_and_scale_are_chosen_and_stay_in_the_address(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    last, day = START + ROWS * MINUTE, 1440 * MINUTE
    pressed(page, "1W")
    page.wait_for_function(f"view().start === {last - 7 * day} && view().end === {last}")
    page.wait_for_function(f"drawn().data.step[0] === {15 * MINUTE}")
    pressed(page, "1d")
    page.wait_for_function(f"drawn().data.step[0] === {day} && view().start === {last - 240 * day}")
    expect(page.get_by_role("button", name="1W, the last week")).to_have_attribute("aria-pressed", "false")
    pressed(page, "Log")
    page.wait_for_function("models().some((m) => m.type === 'LogScale')")
    pressed(page, "%")
    label = "models().find((m) => m.data?.said).data.text[0]"
    shown = "(() => { const i = drawn().data.ts.findIndex((t) => t >= view().start); const c = drawn().data.close;"
    change = f"{shown} return (100 * (c.at(-1) / c[i] - 1)).toFixed(2) + ' %' }})()"
    page.wait_for_function(f"{label} === {change}")
    page.wait_for_function("['interval=1d', 'scale=percent'].every((one) => location.search.includes(`chart-${one}`))")
    again = visit(page.url).page
    charted(again)
    again.wait_for_function(f"drawn().data.step[0] === {day} && {label} === {change}")


def test_another_symbol_is_found_by_the_keyboard(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    field = page.get_by_role("combobox", name="Search symbols")
    field.wait_for()
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("eth")
    expect(page.get_by_role("option")).to_have_text(["ETH/KRW"])
    page.keyboard.press("Enter")
    page.get_by_text("No candles").wait_for()
    expect(field).to_have_value("ETH/KRW")


def test_the_chart_fills_the_screen_and_comes_back(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    settle(page, of="candles")
    figure = page.locator(".bk-Figure").first
    was = figure.bounding_box()["height"]
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("(was) => models().find((m) => m.type === 'Figure').height > was + 50", arg=was)
    page.get_by_role("button", name="Exit full screen").click()
    page.wait_for_function("(was) => models().find((m) => m.type === 'Figure').height === was", arg=round(was))


def test_an_indicator_is_added_by_the_keyboard_changed_and_removed(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    field = page.get_by_role("combobox", name="Add indicator")
    field.focus()
    page.keyboard.type("rsi")
    page.get_by_role("option", name=re.compile("RSI")).first.wait_for()
    page.keyboard.press("Enter")
    lines = "models().find((m) => m.type === 'ColumnDataSource' && m.data.xs).data"
    page.wait_for_function(f"{lines}.place.includes('0') && {lines}.ys[0].every((one) => one > 0 && one < 100)")
    expect(page.locator(".line b")).to_have_text(re.compile(r"^\d"))
    before = page.evaluate(f"{lines}.ys[0].at(-1)")
    page.get_by_label("RSI n").fill("5")
    page.evaluate(REDRAW)
    page.keyboard.press("Enter")
    page.wait_for_function(f"(was) => {lines}.ys[0].at(-1) !== was", arg=before)
    page.wait_for_function("location.search.includes('chart-lines=rsi%3A5')")
    page.get_by_role("button", name="Remove RSI").click()
    page.wait_for_function(f"{lines}.xs.length === 0 && !location.search.includes('chart-lines')")


def test_another_market_is_compared_from_the_left_edge_of_the_view_at_every_zoom(visit, url):
    """SOL costs twice what BTC does, so that both have gained the same; where it has a hole its line has one."""
    page = visit(url + "?view=candles").page
    charted(page)
    page.get_by_role("combobox", name="Add symbol").focus()
    page.keyboard.type("sol")
    expect(page.get_by_role("option")).to_have_text(["SOL/KRW"])
    page.keyboard.press("Enter")
    chips = page.locator(".line b")
    expect(chips).to_have_count(2)
    page.wait_for_function("location.search.includes('chart-compare=upbit+SOL')")
    page.evaluate("window.other = () => models().find((m) => m.data?.times)?.data")
    for minutes in (700, 200_000):
        start, end = START + (ROWS - minutes) * MINUTE, START + ROWS * MINUTE
        move(page, start, end)
        page.wait_for_function("other()?.times[0]?.at(-1) === drawn().data.ts.at(-1)")
        inside = page.evaluate(f"drawn().data.close.filter((_, i) => drawn().data.ts[i] >= {start})")
        said = f"{100 * (inside[-1] / inside[0] - 1):+.2f} %"
        expect(chips).to_have_text([said, said])
        gaps = page.evaluate("[...other().levels[0]].filter(Number.isNaN).length")
        assert gaps == (1 if minutes == 700 else 0)
    page.reload()
    charted(page)
    expect(chips).to_have_count(2)
    page.get_by_role("button", name="Remove SOL/KRW").click()
    page.wait_for_function("!location.search.includes('chart-compare')")
    expect(page.locator(".line")).to_have_count(0)


def test_a_series_without_candles_says_so(visit, url):
    page = visit(url + "?view=candles&market=ETH/KRW").page
    page.get_by_text("No candles").wait_for()


def test_overlays_of_plugins_are_switched_on_and_off(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    lines = "models().filter((m) => m.type === 'ColumnDataSource' && m.data.xs).map((m) => m.data.xs.length)[0]"
    page.wait_for_function(lines + " === 0")
    page.get_by_role("button", name="Middle line").click()
    page.wait_for_function(lines + " === 1")
    page.get_by_role("button", name="Middle line").click()
    page.wait_for_function(lines + " === 0")


def test_a_table_that_refreshes_keeps_scroll_filter_and_selection(visit, url):
    page = visit(url + "?view=refreshed").page
    page.get_by_text("row 3", exact=True).wait_for()
    page.locator(".tabulator-header-filter input").press_sequentially("row 1")
    page.get_by_text("row 3", exact=True).wait_for(state="detached")
    holder, refreshes = page.locator(".tabulator-tableholder"), page.locator(".refreshes")
    page.get_by_text("row 12", exact=True).click()

    def kept() -> bool:
        """Whether a scroll outlasts a refresh; one that falls into a refresh is the browser's to lose."""
        holder.evaluate("(el) => { el.scrollTop = 60 }")
        for _ in range(3):
            was = refreshes.inner_text()
            expect(refreshes).not_to_have_text(was)
        return holder.evaluate("(el) => el.scrollTop") == 60

    assert any(kept() for _ in range(4))
    expect(page.locator(".tabulator-selected")).to_contain_text("row 12")
    expect(page.locator(".tabulator-header-filter input")).to_have_value("row 1")
    expect(page.get_by_text("row 3", exact=True)).to_have_count(0)


SLOW_TABLES = """() => {
  const View = Bokeh.Models.get("panel.models.tabulator.DataTabulator").prototype.default_view
  const {tableBuilt} = View.prototype
  View.prototype.tableBuilt = function() {
    if (this.model.source.get_length()) tableBuilt.call(this)
    else setTimeout(() => this.tableBuilt(), 10)
  } }"""


def test_rows_that_come_before_the_browser_has_built_their_table_are_shown(visit, url):
    """A slow browser builds a table after its rows have come."""
    page = visit(url + "?view=plugins").page
    page.evaluate(SLOW_TABLES)
    page.locator(".sidebar").get_by_text("Early", exact=True).click()
    page.get_by_text("second", exact=True).wait_for()


def test_a_job_that_fails_shows_its_log_as_text(visit, url):
    page = visit(url + "?view=working").page
    page.get_by_role("button", name="Start").click()
    page.get_by_text("A <b>long</b> job").wait_for()
    page.get_by_text("unknown command 'sleeping'").first.wait_for()
    page.locator(".sidebar").get_by_text("Jobs", exact=True).click()
    page.get_by_text("on this machine, newest first").wait_for()
