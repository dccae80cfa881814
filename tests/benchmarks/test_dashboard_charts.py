"""Zooming on five million candles, and a tick of the exchange, against the barest page that does the same.

A zoom is the way from the turn of the wheel over the server until nothing happens any more; a tick that from the
exchange's send until the browser has painted it. Both sides in one run.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cqs_core import Lake, Series
from cqs_core.lake import candle_table
from cqs_core.testing.command import cqs
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, MINUTE
from cqs_data.sandbox import Sandbox, Synthetic, sockets
from cqs_panel.testing.fixtures import chromium  # noqa: F401 - a fixture is found by its name
from cqs_panel.testing.server import Server

sys.path.insert(0, str(Path(__file__).parent))
from bare import POINTS, served
from probe import opened, timed

pytestmark = pytest.mark.timeout(1800)
ZOOM, ZOOM_SECONDS, TICK_SECONDS = 3, 0.25, 0.1
TURNS, TICKS = 40, 60
SERIES = Series("upbit", "BTC/KRW", "1m")
MODELS = "[...Bokeh.documents[0]._all_models.values()]"
PAINTED = """(found) => {
  window.painted = []
  const source = %s.find((m) => m.type === "ColumnDataSource" && m.data[found])
  const seen = () => { const value = source.data[found][0]
    requestAnimationFrame(() => setTimeout(() => painted.push([value, performance.timeOrigin + performance.now()]))) }
  for (const change of ["data", "patching", "streaming"]) source.properties.data.change.connect(seen)
  source.streaming?.connect(seen); source.patching?.connect(seen)
}"""


@pytest.fixture(scope="module")
def bare():
    with served() as url:
        yield url


@pytest.fixture(scope="module")
def minutes(tmp_path_factory):
    """Five million minutes of one market, up to now."""
    folder = tmp_path_factory.mktemp("minutes")
    end = clock.now() // MINUTE * MINUTE
    ts = np.arange(end - POINTS * MINUTE, end, MINUTE)
    close = 1000 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.0005, POINTS)))
    values = np.column_stack([close, close * 1.001, close * 0.999, close, np.ones(POINTS)])
    lake = Lake(str(folder))
    for part in np.array_split(np.arange(POINTS), 10):
        first, last = int(ts[part[0]]), int(ts[part[-1]]) + MINUTE
        lake.append(SERIES, candle_table(ts[part], values[part]), first, last)
    with Server(folder) as server:
        yield server.url


def zooms(page, wanted):
    """Turns of the wheel, out to the whole and in again, from a click on the chart on."""
    box = page.locator(".bk-Figure").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 120)
    page.wait_for_timeout(500)
    steps = [360] * (TURNS // 2) + [-360] * (TURNS // 2)
    return [timed(page, lambda step=step: page.mouse.wheel(0, step), wanted, "wheel") for step in steps]


def asked(takes):
    """Seconds of those that the server answered: what lies ready in the browser is no way over the server."""
    return [one.ms / 1000 for one in takes if one.messages and one.kilobytes > 1]


def test_dashboard_zoom(chromium, bare, minutes):  # noqa: F811
    plain = opened(chromium, f"{bare}chart", "bk-Figure")
    theirs = asked(zooms(plain, "bk-Figure"))
    plain.context.close()
    page = opened(chromium, f"{minutes}?view=data&series={SERIES}".replace(" ", "+"), "cqs-view-data")
    all_ours = zooms(page, "cqs-view-data")
    page.context.close()
    ours, all_seconds = asked(all_ours), [one.ms / 1000 for one in all_ours]
    ratio = statistics.median(ours) / statistics.median(theirs)
    p95 = statistics.quantiles(all_seconds, n=20)[-1]
    ms, their_ms = 1000 * statistics.median(ours), 1000 * statistics.median(theirs)
    print(f"\n  zoom over the server {ms:.0f} ms ({len(ours)} of {TURNS}) against {their_ms:.0f} ms: {ratio:.2f} x")
    print(f"  zoom on {POINTS:,} candles: p95 {1000 * p95:.0f} ms")
    assert len(ours) >= 5
    assert len(theirs) >= 5
    assert ratio <= ZOOM
    assert p95 < ZOOM_SECONDS


@pytest.fixture
def sent(monkeypatch):
    """When the exchange sent each price, seconds since 1970; no price is sent twice, so each names its tick."""
    times = {}
    stock = sockets._upbit_now

    def told(tick, code):
        now = tick(code)
        now["trade_price"] += len(times) / 1024  # exact in a float
        times[now["trade_price"]] = time.time()
        return stock(lambda _: now, code)

    monkeypatch.setattr(sockets, "_upbit_now", told)
    return times


def seen(browser, url, column, count):
    """What was painted, and when: `[(value, seconds since 1970)]`."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(url)
    page.wait_for_function(f"window.Bokeh?.documents.length && {MODELS}.some((m) => m.data?.[{column!r}]?.length)")
    page.evaluate(PAINTED % MODELS, column)
    page.wait_for_function(f"painted.length >= {count}", timeout=120_000)
    found = [(value, at / 1000) for value, at in page.evaluate("painted")]
    page.context.close()
    return found


def test_dashboard_tick(chromium, bare, sent, tmp_path):  # noqa: F811
    theirs = [at - value / 1000 for value, at in seen(chromium, f"{bare}ticks", "value", TICKS)]
    with Sandbox(Synthetic()) as exchange:
        source = ["--endpoint", exchange.url, "--bucket", tmp_path]
        start = clock.iso(clock.now() // DAY * DAY - DAY)
        cqs("fetch", "--symbols", "BTC", "--interval", "1h", "--start", start, *source)
        with Server(tmp_path, environment={"CQS_ENDPOINT": exchange.url}) as server:
            live = f"{server.url}?view=data&series=upbit+BTC/KRW+1h&live=1"
            found = seen(chromium, live, "price", TICKS)
    first = dict(reversed(found))  # a tick is on the screen when its price is first painted
    ours = [at - sent[price] for price, at in first.items() if price in sent]
    p95, plain_p95 = (statistics.quantiles(one, n=20)[-1] for one in (ours, theirs))
    print(f"\n  tick p95 {1000 * p95:.0f} ms ({len(ours)}) against {1000 * plain_p95:.0f} ms: {p95 / plain_p95:.2f} x")
    assert len(ours) > TICKS / 2
    assert p95 < TICK_SECONDS
