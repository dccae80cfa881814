"""What the Data page makes without a browser: addresses of holes, the preview, the line about scheduled updates."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import numpy as np

from cqs_core import Bucket, Lake, Series
from cqs_core.jobs import ServiceState
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import HOUR
from cqs_data.availability import availability
from cqs_data.views.coverage import coverage_html
from cqs_data.views.preview import newest
from cqs_data.views.schedule import Schedule, find_schedule, schedule_html
from cqs_data.views.series import update_arguments

BTC = Series("upbit", "BTC/KRW", "1h")


def lake_of(folder):
    """Two hours that the exchange does not have, and a day that was never asked for."""
    lake, table = Lake(Bucket(folder)), flat_table(100, interval="1h")
    keep = np.ones(100, bool)
    keep[[10, 11]] = False
    lake.append(BTC, table.filter(keep), 0, 100 * HOUR)
    lake.append(BTC, flat_table(10, 124 * HOUR, interval="1h"), 124 * HOUR, 134 * HOUR)
    return lake


def test_a_hole_has_the_address_that_shows_or_fetches_it(tmp_path):
    asked = []

    def link(*about):
        asked.append(about)
        return f"?view=data&hole={len(asked)}&<b>"

    shown = coverage_html(availability(lake_of(tmp_path)), link)
    assert asked == [(BTC, 10 * HOUR, 12 * HOUR, False), (BTC, 100 * HOUR, 124 * HOUR, True)]
    assert re.findall(r'<a href="([^"]*)"', shown) == [f"?view=data&amp;hole={n}&amp;&lt;b&gt;" for n in (1, 2)]


def test_the_preview_ends_at_any_moment(tmp_path):
    lake = lake_of(tmp_path)
    found = newest(lake.bucket, BTC, rows=12)
    assert (found["ts"] // HOUR).tolist() == [*range(133, 123, -1), 99, 98]
    found = newest(lake.bucket, BTC, until=110 * HOUR, rows=3)
    assert (found["ts"] // HOUR).tolist() == [99, 98, 97]
    assert newest(lake.bucket, BTC, until=0).empty
    assert list(newest(lake.bucket, BTC, until=13 * HOUR)["ts"] // HOUR)[:3] == [12, 9, 8]


def test_one_series_is_updated_from_its_last_candle_on(tmp_path):
    [one] = lake_of(tmp_path).status()
    told = ["fetch", "--exchange", "upbit", "--symbols", "BTC/KRW", "--interval", "1h", "--start", "1970-01-06"]
    assert update_arguments(one) == told


def test_the_line_about_scheduled_updates(tmp_path):
    assert "No scheduled updates." in schedule_html(Schedule(None, None), 0.0, "?view=data")
    now = time.time()
    state = ServiceState("update", str(tmp_path), "1", 1, 0.0, 900.0, now - 60, now - 30, faults=["<b> is down"])
    state.counts = {"new candles": 12.0, "failed": 0.0}
    gone = schedule_html(Schedule(None, state), now, "?")
    assert "No scheduled updates; the last one was stopped or ended 30 s ago" in gone
    job = SimpleNamespace(args=["update", "--every", "15m"])
    assert "Updates every 15m: starting" in schedule_html(Schedule(job, state), now, "?")


def test_a_schedule_of_another_process_is_found_and_not_offered_to_be_stopped(tmp_path):
    import os

    from cqs_core.jobs.job import created

    bucket, now = Bucket(tmp_path), time.time()
    about = (bucket.url, "1", os.getpid(), created(os.getpid()), 900.0, now - 60, now - 30)
    ServiceState("update", *about, counts={"new candles": 12.0}, faults=["<b> is down"]).write()
    found = find_schedule(bucket)
    assert found.runs
    told = schedule_html(found, now, "?")
    assert "Updates every 15 min: last round 30 s ago (12 new candles); started outside this page" in told
    assert "&lt;b&gt; is down" in told
    assert "Change" not in told
