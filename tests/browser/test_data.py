"""The Data page: what is there, one series at any zoom, and fetching as a job."""

from __future__ import annotations

import socket

import pytest
from playwright.sync_api import expect

from cqs_core import Lake, Series
from cqs_core.testing.command import cqs_json
from cqs_core.time import clock
from cqs_core.time.intervals import DAY
from plots import settle
from walks import follow

pytestmark = pytest.mark.browser

DRAWN = """() => {
  for (const document of Bokeh.documents) for (const model of document._all_models.values())
    if (model.type == "ColumnDataSource" && model.data.volume && model.data.ts && model.data.close.length)
      return {ts: Array.from(model.data.ts), close: Array.from(model.data.close), high: Array.from(model.data.high)}
  return null }"""


ROWS = """() => {
  const deep = root => [...root.querySelectorAll("*")].flatMap(
    e => e.shadowRoot ? deep(e.shadowRoot) : e.matches(".tabulator-row") ? [e] : [])
  return deep(document).filter(e => e.innerText.includes("upbit")).length }"""


def cell(page, text):
    return page.locator(".tabulator-cell", has_text=text).first


@pytest.fixture(scope="module")
def bucket(sandbox, tmp_path_factory):
    """Two markets with an outage, and hours with a hole that was never asked for."""
    folder = tmp_path_factory.mktemp("pages") / "bucket"
    today = clock.now() // DAY * DAY
    source = ["--bucket", folder, "--endpoint", sandbox]
    cqs_json("fetch", "--symbols", "BTC,ETH", "--start", clock.iso(today - 500 * DAY), *source)
    for first, last in ((400, 300), (200, 0)):
        dates = ["--start", clock.iso(today - first * DAY), "--end", clock.iso(today - last * DAY)]
        cqs_json("fetch", "--symbols", "BTC", "--interval", "1h", *dates, *source)
    return folder


def test_the_table_shows_every_series_and_filters_and_coverage_tells_holes_and_their_causes(visit, dashboard, bucket):
    page = visit(dashboard(bucket) + "?view=data").page
    cell(page, "ETH/KRW").wait_for()
    page.wait_for_function(f"({ROWS})() == 3")
    page.locator(".tabulator-col", has_text="Market").locator("input").press_sequentially("ETH")
    page.wait_for_function(f"({ROWS})() == 1")
    page.get_by_text("Coverage").wait_for()
    hole = page.locator("rect.never_fetched")
    expect(hole).to_have_count(1)
    expect(hole.locator("title")).to_contain_text("never fetched")
    [gap] = [g for g in Lake(str(bucket)).gaps() if g.cause == "never_fetched"]
    expect(hole.locator("title")).to_contain_text(f"{gap.bars:,} bars")


def test_a_click_shows_a_series_and_the_address_keeps_it_or_says_that_it_is_not_there(visit, dashboard, bucket):
    page = visit(dashboard(bucket) + "?view=data").page
    settle(page, of="data")
    cell(page, "ETH/KRW").click()
    page.get_by_text("upbit ETH/KRW 1d", exact=True).wait_for()
    page.wait_for_url("**series=**")
    page.reload()
    page.get_by_text("upbit ETH/KRW 1d", exact=True).wait_for()
    page.get_by_text("from an endpoint, not the real exchange").wait_for()
    follow(page, "?view=data&series=upbit+DOGE/KRW+1d")
    page.get_by_text("The lake has no upbit DOGE/KRW 1d").wait_for()


def test_the_chart_shows_exact_candles_at_any_zoom(visit, dashboard, bucket):
    page = visit(dashboard(bucket) + "?view=data&series=upbit+BTC/KRW+1h", height=1400).page
    page.wait_for_function(f"({DRAWN})() !== null")
    near = page.evaluate(DRAWN)
    assert len(near["ts"]) <= 2000
    settle(page, of="data")
    box = page.locator(".bk-Canvas, .bk-events").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # before it, the wheel scrolls the page
    for _ in range(60):
        page.mouse.wheel(0, 400)
    page.wait_for_function(f"(() => {{ const d = ({DRAWN})(); return d.ts[1] - d.ts[0] > 3600000 }})()")
    first = min(o.first for o in Lake(str(bucket)).objects(Series("upbit", "BTC/KRW", "1h")) if o.rows)
    page.wait_for_function(f"({DRAWN})().ts[0] < {first} + 86400000")  # all of it, though its end was in view
    far = page.evaluate(DRAWN)
    assert len(far["ts"]) <= 2000
    step = far["ts"][1] - far["ts"][0]
    frame = Lake(str(bucket)).frame(next(s for s in Lake(str(bucket)).series() if s.interval == "1h"))
    middle = len(far["ts"]) // 2
    start = int(far["ts"][middle] - step / 2)
    part = frame[(frame.index.astype("int64") >= start) & (frame.index.astype("int64") < start + step)]
    if len(part):
        assert far["high"][middle] == part["high"].max()
        assert far["close"][middle] == part["close"].iloc[-1]


def test_fetching_is_a_job_with_a_result(visit, dashboard, sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty") / "bucket"
    folder.mkdir()
    page = visit(dashboard(folder, CQS_ENDPOINT=sandbox) + "?view=data").page
    page.get_by_text("No candles yet").wait_for()
    page.get_by_label("Symbols").fill("SOL")
    page.get_by_role("button", name="Fetch", exact=True).click()
    page.get_by_text("Fetch SOL 1d from upbit").wait_for()
    cell(page, "SOL/KRW").wait_for()
    [one] = Lake(str(folder)).status()
    assert str(one.series) == "upbit SOL/KRW 1d"
    page.get_by_text(f"{one.rows} new candles in 1 series").wait_for()


def test_a_running_fetch_is_cancelled(visit, dashboard, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cancelled") / "bucket"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        page = visit(dashboard(folder, CQS_ENDPOINT=endpoint) + "?view=data").page
        page.get_by_text("No candles yet").wait_for()
        page.get_by_role("button", name="Fetch", exact=True).click()
        page.get_by_text("markets of Upbit").wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("cancelled ·").wait_for()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_one_series_of_a_fetch_is_cancelled_and_the_other_goes_on(visit, dashboard, sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one") / "bucket"
    folder.mkdir()
    asked = "symbols=BTC,ETH&intervals=1m&start=2022-01-01"
    page = visit(f"{dashboard(folder, CQS_ENDPOINT=sandbox)}?view=data&{asked}").page
    page.get_by_role("button", name="Fetch", exact=True).click()
    one = page.get_by_role("button", name="Cancel one")
    one.click()
    page.get_by_role("menuitem", name="upbit ETH/KRW 1m").click()
    expect(one).to_be_hidden()  # there is one left
    page.get_by_text("running ·").wait_for()
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_text("cancelled ·").wait_for()
    page.get_by_text("candles that were stored are kept").wait_for()


VOLUME = """() => {
  for (const document of Bokeh.documents) for (const model of document._all_models.values())
    if (model.type == "ColumnDataSource" && model.data.volume && model.data.ts && model.data.close.length) {
      const plots = [...document._all_models.values()].filter(m => m.type == "Figure" && m.y_range.start === 0)
      const most = Math.max(...Array.from(model.data.ts).map((t, i) =>
        t >= plots[0].x_range.start && t <= plots[0].x_range.end ? model.data.volume[i] : 0))
      return plots.map(p => p.y_range.end / most)[0]
    }
  return null }"""


def test_volumes_fill_their_figure_whatever_was_shown_before(visit, dashboard, bucket):
    page = visit(dashboard(bucket) + "?view=data&series=upbit+BTC/KRW+1d", height=1400).page
    page.wait_for_function(f"({VOLUME})() !== null")
    for interval in ("1h", "1d"):
        settle(page, of="data")
        page.locator(".tabulator-row", has_text="BTC/KRW").filter(has_text=interval).first.click()
        page.get_by_text(f"upbit BTC/KRW {interval}", exact=True).wait_for()
        page.wait_for_function(f"Math.abs(({VOLUME})() - 1.08) < 0.01")


def test_a_phone_has_room_for_it(visit, dashboard, bucket):
    seen = visit(dashboard(bucket) + "?view=data", width=420, dark=True)
    seen.page.get_by_text("Coverage").wait_for()
    seen.wait_to_fit()


def test_a_file_is_imported_after_its_verdict_and_taken_back(visit, dashboard, tmp_path_factory):
    folder = tmp_path_factory.mktemp("importing")
    (folder / "bucket").mkdir()
    rows = "".join(f"2024-01-{day:02},{day},{day + 2},{day - 0.5},{day + 1},7\n" for day in range(1, 21))
    (folder / "ETHUSDT-1d.csv").write_text("date,open,high,low,close,volume\n" + rows)
    page = visit(dashboard(folder / "bucket") + "?view=data&files=1").page
    page.locator("input[type=file]").set_input_files(folder / "ETHUSDT-1d.csv")
    page.get_by_text("upbit ETH/USDT 1d").first.wait_for()
    lake = Lake(str(folder / "bucket"))
    assert lake.series() == []
    page.get_by_role("button", name="Import", exact=True).first.click()  # that of the table stands below
    page.get_by_text("20 candles imported").wait_for()
    series = Series("upbit", "ETH/USDT", "1d")
    assert lake.read(series)["close"].to_pylist() == [float(day + 1) for day in range(1, 21)]
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("nothing was imported").wait_for()
    assert lake.series() == []


def test_markets_are_chosen_kept_as_a_set_and_fill_the_form_and_updates_are_scheduled(
    visit, dashboard, sandbox, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("markets") / "bucket"
    folder.mkdir()
    cqs_json("fetch", "--symbols", "ETH", "--start", "2024-01-01", "--bucket", folder, "--endpoint", sandbox)
    page = visit(dashboard(folder, CQS_ENDPOINT=sandbox) + "?view=data&fetch=1", height=1600).page
    page.get_by_role("button", name="Choose markets").click()
    row = page.locator(".tabulator-row", has=page.locator("input[type=checkbox]"))
    expect(row).to_have_count(4)
    expect(row.filter(has_text="ETH/KRW")).to_contain_text("1d")  # the lake has it
    page.locator(".tabulator-col", has_text="Market").first.locator("input").press_sequentially("L/K")
    expect(row).to_have_count(1)
    row.locator("input").check()
    page.get_by_label("Name of a set").press_sequentially("mine")
    page.get_by_role("button", name="Save set").click()
    page.get_by_text("Set mine: 1 markets are kept").wait_for()
    page.get_by_role("button", name="Fetch 1 selected").click()
    expect(page.get_by_role("textbox", name="Symbols")).to_have_value("SOL/KRW")
    page.wait_for_url("**symbols=SOL**")
    page.get_by_role("link", name="Schedule updates").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("Updates every 15m: last round").wait_for()
    assert Lake(str(folder)).status()[0].last > clock.now() - 3 * DAY
    page.get_by_role("button", name="Stop it").click()
    page.get_by_text("No scheduled updates; the last one").wait_for()


def test_a_hole_fills_the_form_and_the_preview_goes_to_a_day_and_to_the_chart(visit, dashboard, bucket):
    page = visit(dashboard(bucket) + "?view=data&series=upbit+BTC/KRW+1h", height=2400).page
    [gap] = [g for g in Lake(str(bucket)).gaps() if g.cause == "never_fetched"]
    page.locator("rect.never_fetched").dispatch_event("click", {"bubbles": True, "composed": True, "button": 0})
    page.wait_for_url(f"**start={clock.iso(gap.start)[:10]}**")
    expect(page.get_by_role("textbox", name="Symbols")).to_have_value("BTC/KRW")
    day = clock.iso(gap.start - 5 * DAY)[:10]
    page.get_by_role("group", name="Up to").get_by_role("spinbutton").first.click()
    page.keyboard.type(day.replace("-", ""))
    page.locator(".tabulator-cell[tabulator-field=time]", has_text=f"{day} 23:00").wait_for()
    with page.expect_download() as given:
        page.get_by_role("button", name="CSV").last.click()
    lines = given.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "time,open,high,low,close,volume"
    assert lines[-1].startswith(f"{day}T23:00")
    page.locator(".tabulator-cell[tabulator-field=time]", has_text=f"{day} 23:00").click()
    page.wait_for_url(f"**at={day}**")
