"""Tools of the candle chart that take points on it: the ruler, and notes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import expect

from cqs_core import Bucket, Lake, Series
from cqs_core.market_notes import edit_note, notes_of
from cqs_core.testing.waiting import until

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
MINUTE = 60_000
ROWS = 3_000
START = 1_600_000_000_000 // 86_400_000 * 86_400_000
FIND = """
window.models = () => [...Bokeh.documents[0]._all_models.values()]
window.drawn = () => models().find((m) => m.type === "ColumnDataSource" && m.data.close)
window.figure = () => Bokeh.index.find_one(models().find((m) => m.type === "Figure"))
window.pixels = (ts, price) => { const {frame, canvas_view} = figure()
  const box = canvas_view.events_el.getBoundingClientRect()
  return [box.left + frame.x_scale.compute(ts), box.top + frame.y_scale.compute(price)] }
window.rests = () => {  // whether nothing of the chart has moved since the last call
  const now = [pixels(0, 99), pixels(60_000, 101)].join(), before = window.place
  window.place = now
  return now === before }
window.volume = () => models().filter((m) => m.type === "Figure").map((m) => Bokeh.index.find_one(m))
  .filter((view) => view?.el.checkVisibility()).sort((a, b) => a.el.offsetTop - b.el.offsetTop).at(-1).el
window.told = null  // how far a message is inside the figure that tells it, in pixels: it goes after two seconds
window.look = () => { const shown = volume().shadowRoot.querySelector(".bk-Panel")?.getBoundingClientRect()
  const {top, bottom} = volume().getBoundingClientRect()
  if (shown) told = [shown.top - top, bottom - shown.bottom]; else requestAnimationFrame(look) }
window.changes = []
Bokeh.documents[0].on_change(({attr, sync}) => {  // what goes to the server, but for the crosshair's
  if (attr && sync && attr !== "location") changes.push(attr) })
"""


PICTURE = "figure().export().canvas.toDataURL()"
HEADS = """() => {  // how often a picture names the market
  const {prototype} = CanvasRenderingContext2D, own = prototype.fillText, texts = []
  prototype.fillText = function(...given) { texts.push(given[0]); return own.apply(this, given) }
  figure().export()
  prototype.fillText = own
  return texts.filter((text) => text.includes("BTC/KRW")).length }"""
MOVED_AWAY = """() => new Promise((done) => {  // the figure leaves the page, is looked for, and returns
  const {el, model} = figure(), place = document.createComment("")
  el.replaceWith(place)
  model.x_range.setv({start: model.x_range.start - 1})
  requestAnimationFrame(() => requestAnimationFrame(() => { place.replaceWith(el); done() })) })"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bucket")
    close = 100 + np.sin(np.arange(ROWS) / 40)
    stamps = pa.array(START + np.arange(ROWS, dtype=np.int64) * MINUTE).cast(pa.timestamp("ms", tz="UTC"))
    prices = {"open": close, "high": close + 0.3, "low": close - 0.3, "close": close, "volume": np.ones(ROWS)}
    table = pa.table({"ts": stamps, **prices})
    Lake(Bucket(str(folder))).append(Series("upbit", "BTC/KRW", "1m"), table, START, START + ROWS * MINUTE)
    return folder


@pytest.fixture(scope="module")
def url(dashboard, folder):
    return dashboard(folder, [HERE / "charted.py"])


def charted(page):
    filled = "(m) => m.type === 'ColumnDataSource' && m.data.close?.length"
    page.wait_for_function(f"Bokeh.documents.length && [...Bokeh.documents[0]._all_models.values()].some({filled})")
    page.evaluate(FIND)
    page.wait_for_function("figure()?.frame.bbox.width > 0")
    page.wait_for_function("(at) => Math.abs(pixels(at, 100)[0]) < 3000", arg=START + ROWS * MINUTE)
    page.wait_for_function("() => rests()", polling=400)


def candle(back):
    """The middle of a candle, counted from the newest one."""
    return START + (ROWS - 1 - back) * MINUTE + MINUTE / 2


def at(page, back, price):
    return page.evaluate("([ts, price]) => pixels(ts, price)", [candle(back), price])


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def test_the_ruler_measures_by_mouse_and_keyboard_without_the_server(visit, url):
    page = visit(url + "?view=candles").page
    charted(page)
    said, box = page.locator(".cqs-candles .spoken"), page.locator(".cqs-ruler")
    button = page.get_by_role("button", name="Measure")
    x, y = page.evaluate("(({x, y}) => [x + 200, y + 50])(volume().getBoundingClientRect())")
    page.mouse.move(x, y)
    page.evaluate("look()")
    page.mouse.wheel(0, 10)  # which scrolls the page, and a message tells how to zoom
    page.wait_for_function("told?.every((space) => space >= 0)")
    page.mouse.move(10, 10)
    page.wait_for_function("() => rests()", polling=400)
    view = "models().find((m) => m.type === 'Range1d' && m.min_interval)"
    before = page.evaluate(f"{view}.end")
    page.evaluate("window.changes = []")
    page.keyboard.down("Shift")
    drag(page, at(page, 200, 99), at(page, 100, 101))
    page.keyboard.up("Shift")
    expect(said).to_have_text(re.compile(r"^\+(1\.9|2)\S* \(\+2\.0\d %\), \+100 bars, \+1 h 40 min$"))
    first = said.inner_text()
    assert page.evaluate(f"[changes, {view}.end]") == [[], before]  # nothing for the server, nothing panned
    page.evaluate(f"{view}.setv({{start: {view}.start - {240 * MINUTE}, end: {view}.end}})")  # zoom out
    expect(said).to_have_text(first)
    page.get_by_text("Log", exact=True).click()
    page.wait_for_function("models().some((m) => m.type === 'LogScale')")
    expect(said).to_have_text(first)
    measured = page.evaluate(PICTURE)
    page.mouse.click(*at(page, 20, 100))
    expect(said).to_be_empty()
    expect(box).to_have_count(0)
    assert page.evaluate(PICTURE) != measured  # the ruler is in the picture that the button Save makes
    page.evaluate(MOVED_AWAY)
    assert page.evaluate(HEADS) == 1
    assert page.evaluate("figure().export().canvas.height > 26 + figure().export().pixel_ratio * figure().bbox.height")
    button.focus()
    for key in ("Enter", *["ArrowLeft"] * 3, "Enter", *["ArrowRight"] * 2, "Shift+ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(said).to_have_text(re.compile(r"^\+.*%\), \+2 bars, \+2 min$"))
    expect(button).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(said).to_be_empty()


EVIL = "<img src=x onerror=alert(1)> stop"


def test_a_note_is_written_on_the_chart_and_seen_at_every_interval_in_every_window(visit, url, folder):
    page = visit(url + "?view=candles").page
    charted(page)
    add = page.get_by_role("button", name="Note, write one")
    add.click()
    page.mouse.click(*at(page, 100, 100))
    expect(page.get_by_label("Text of the note")).to_be_focused()
    page.keyboard.type(EVIL)
    page.get_by_role("button", name="Save").click()
    pin = page.get_by_role("button", name=f"Note: {EVIL}")
    expect(pin).to_be_visible()
    [note] = notes_of(Bucket(str(folder)), "upbit", "BTC/KRW").notes
    assert (abs(note.ts - candle(100)) < 2 * MINUTE, abs(note.price - 100) < 0.1, note.text) == (True, True, EVIL)
    page.get_by_text("15m", exact=True).click()
    page.wait_for_function(f"drawn().data.step[0] === {15 * MINUTE}")
    expect(pin).to_be_visible()
    other = visit(url + "?view=candles", width=420).page
    charted(other)
    other.get_by_role("button", name=f"Note: {EVIL}").click()
    other.get_by_role("button", name="Edit").click()
    other.get_by_label("Text of the note").fill("target")
    other.keyboard.press("Control+Enter")
    expect(other.get_by_role("button", name="Note: target")).to_be_visible()
    page.get_by_role("button", name="1 note").click()
    page.locator(".notes").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Note: target")).to_be_visible()
    expect(page.locator(".notes")).to_be_hidden()
    page.get_by_role("button", name="Note: target").click()
    page.get_by_role("button", name="Move").click()
    for key in (*["ArrowLeft"] * 3, "Enter"):
        page.keyboard.press(key)
    kept = Bucket(str(folder))
    until(lambda: any(one.ts > note.ts for one in notes_of(kept, "upbit", "BTC/KRW").notes))  # none while it is deleted
    expect(page.get_by_role("button", name="Note: target")).to_have_text("target")
    edit_note(kept, notes_of(kept, "upbit", "BTC/KRW").notes[0], price=500.0)  # as another window does
    page.locator(".sidebar").get_by_text("Jobs", exact=True).click()
    page.locator(".sidebar").get_by_text("Candles", exact=True).click()
    expect(page.get_by_role("button", name="Note: target")).to_have_text("↑ target")
    assert [one.text for one in notes_of(kept, "upbit", "BTC/KRW").notes] == ["target"]


def test_a_finger_measures_by_two_taps(visit, url):
    page = visit(url + "?view=candles", width=420, has_touch=True).page
    charted(page)
    page.get_by_role("button", name="Measure").tap()
    page.touchscreen.tap(*at(page, 180, 100.5))
    page.touchscreen.tap(*at(page, 60, 100))
    said = page.locator(".cqs-candles .spoken")
    expect(said).to_have_text(re.compile(r"^−0\.[45]\d* \(−0\.[45]\d %\), \+1[12]\d bars, \+\d h"))
    page.get_by_role("button", name="Measure").tap()
    expect(said).to_be_empty()
