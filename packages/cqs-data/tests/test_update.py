"""Update, repair, patterns, the largest markets: what keeps a lake whole from day to day."""

from __future__ import annotations

import itertools
import json
import signal
import socket

import numpy as np
import pyarrow as pa
import pytest
from aiohttp import web

from cqs_core import Bucket, Lake, Series, UsageError
from cqs_core.lake import candle_table, maybe_open, quarantined, stamps
from cqs_core.testing.command import cqs, started
from cqs_core.testing.ports import free_port
from cqs_core.testing.waiting import until
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR
from cqs_data import Synthetic, fetch, repair, select, update
from cqs_data.exchanges import unified
from cqs_data.fetching.retry import RetryPolicy
from cqs_data.sandbox import Sandbox

pytestmark = pytest.mark.once

NOW = clock.now()
DAYS_AGO = [clock.iso(NOW // DAY * DAY - n * DAY) for n in range(130)]
BTC = Series("upbit", "BTC/KRW", "1h")


def test_update_is_exactly_the_series_that_there_are(lake, sandbox):
    fetch(lake, select("BTC", "1h", "upbit", DAYS_AGO[9], DAYS_AGO[5]), sandbox.url)
    fetch(lake, select("ETH", "1d", "upbit", DAYS_AGO[9], DAYS_AGO[5]), sandbox.url)
    before = {status.series: status.rows for status in lake.status()}
    done = update(lake, sandbox.url)
    assert {one.series for one in done} == set(before) == {BTC, Series("upbit", "ETH/KRW", "1d")}
    for status in lake.status():
        assert status.rows == before[status.series] + next(o.rows for o in done if o.series == status.series)
        assert status.gaps < 6
    assert sum(one.rows for one in update(lake, sandbox.url)) <= 1


def test_made_up_candles_never_mix_with_real_ones(lake, sandbox):
    fetch(lake, select("BTC", "1h", "upbit", DAYS_AGO[3]), sandbox.url)
    table = lake.read(BTC)
    ts = stamps(table)
    lake.append(BTC._replace(market="ETH/KRW"), table, int(ts[0]), int(ts[-1]) + HOUR)
    with pytest.raises(UsageError, match="real exchange; fetch from an endpoint into another --bucket"):
        fetch(lake, select("ETH", "1h", "upbit", DAYS_AGO[5]), sandbox.url)
    notes = {one.series.market: one.note for one in update(lake, sandbox.url)}
    assert "real exchange" in notes["ETH/KRW"]
    assert notes["BTC/KRW"] == ""
    notes = {one.series.market: one.note for one in update(lake, None, RetryPolicy(tries=1)) if not one.error}
    assert "name it with --endpoint" in notes["BTC/KRW"]


def test_repair_asks_for_just_the_holes(lake, sandbox):
    for start, end in ((20, 15), (12, 8), (5, 2)):
        fetch(lake, select("BTC", "1h", "upbit", DAYS_AGO[start], DAYS_AGO[end]), sandbox.url)
        [path] = [lake.bucket.folder / o.key for o in lake.objects(BTC)][:1]
    for item in lake.objects(BTC):
        if item.start > lake.objects(BTC)[0].start and item.rows > 24 * 4 - 1:
            lake.bucket.delete([item.key])
            break
    holes = [(gap.series, (gap.start, gap.end)) for gap in lake.gaps() if gap.cause == "never_fetched"]
    assert holes
    done = repair(lake, holes, sandbox.url)
    assert done[0].rows > 24
    assert not [gap for gap in lake.gaps() if gap.cause == "never_fetched"]
    assert path.exists()
    objects = len(lake.objects(BTC))
    repair(lake, [(gap.series, (gap.start, gap.end)) for gap in lake.gaps()], sandbox.url)
    assert len(lake.objects(BTC)) == objects, "an answer that was known is not stored again"


class Counted:
    """Counts what is asked about candles."""

    asked = 0

    @web.middleware
    async def middleware(self, request, handler):
        self.asked += "candles" in request.path
        return await handler(request)


def test_repair_asks_once_for_holes_that_one_answer_fills(lake):
    start, end = NOW // DAY * DAY - 40 * DAY, NOW // DAY * DAY - 10 * DAY
    bars, chance = Synthetic().bars("upbit", "BTC/KRW", "1h", start, end), np.random.default_rng(1)
    kept = np.r_[True, chance.random(len(bars.ts) - 2) < 0.7, True]
    lake.append(BTC, candle_table(bars.ts[kept], bars.values[kept]), start, end, source="endpoint")
    holes = [(gap.series, (gap.start, gap.end)) for gap in lake.gaps()]
    assert len(holes) > 100
    counted = Counted()
    with Sandbox(Synthetic(), faults=counted) as sandbox:
        [done] = repair(lake, holes, sandbox.url)
    assert counted.asked < 20
    assert done.rows == (~kept).sum()
    assert stamps(lake.read(BTC)).tolist() == bars.ts.tolist()
    assert not [problem for one in lake.verify() for problem in one.problems]


class Breaking:
    """Answers so many questions about candles, and no more."""

    def __init__(self, left: int) -> None:
        self.left = left

    @web.middleware
    async def middleware(self, request, handler):
        self.left -= "candles" in request.path
        return await handler(request) if self.left >= 0 else web.Response(status=503)


@pytest.mark.parametrize("left", [4, 14, 25])
def test_an_update_that_breaks_off_leaves_no_hole_behind(lake, sandbox, left):
    start, end = NOW // DAY * DAY - 300 * DAY, NOW // DAY * DAY - 20 * DAY
    fetch(lake, select("BTC", "1h", "upbit", clock.iso(start), clock.iso(start + 9 * DAY)), sandbox.url)
    with Sandbox(Synthetic(), faults=Breaking(left)) as breaking:
        assert update(lake, breaking.url, RetryPolicy(1, 0.001))[0].error
    assert not [gap for gap in lake.gaps() if gap.cause == "never_fetched"]
    assert update(lake, sandbox.url)[0].error is None
    assert stamps(lake.read(BTC, start, end)).tolist() == list(
        Synthetic().bars("upbit", "BTC/KRW", "1h", start, end).ts
    )


def test_a_file_of_later_candles_hides_none_before_it(lake, sandbox):
    fetch(lake, select("BTC", "1h", "upbit", DAYS_AGO[20], DAYS_AGO[15]), sandbox.url)
    low, high = NOW // DAY * DAY - 8 * DAY, NOW // DAY * DAY - 6 * DAY
    lake.append(BTC, candle_table(*Synthetic().bars("upbit", "BTC/KRW", "1h", low, high)), low, high, source="import")
    assert update(lake, sandbox.url)[0].error is None
    assert not [gap for gap in lake.gaps() if gap.cause == "never_fetched"]


def test_emptiness_of_an_endpoint_says_nothing_of_the_exchange(lake, sandbox, monkeypatch):
    low, high = NOW // DAY * DAY - 20 * DAY, NOW // DAY * DAY - 10 * DAY
    lake.append(BTC, candle_table(*Synthetic().bars("upbit", "BTC/KRW", "1h", 0, 0)), low, high, source="endpoint")
    connect = unified.connect
    monkeypatch.setattr(
        unified, "connect", lambda name, _, options, **more: connect(name, sandbox.url, options, **more)
    )
    [done] = fetch(lake, select("BTC", "1h", "upbit", clock.iso(low), clock.iso(high)))
    assert (done.source, done.rows) == ("exchange", len(Synthetic().bars("upbit", "BTC/KRW", "1h", low, high).ts))


def test_what_races_with_another_source_is_taken_back(lake, sandbox, monkeypatch):
    low, append = NOW // DAY * DAY - 9 * DAY, Lake.append
    real = candle_table(*Synthetic().bars("upbit", "BTC/KRW", "1h", low, low + HOUR))

    def beside_another(self, series, *rest, **more):
        append(self, series, real, low, low + HOUR, source="exchange")
        return append(self, series, *rest, **more)

    monkeypatch.setattr(Lake, "append", beside_another)
    with pytest.raises(UsageError, match="candles of the real exchange"):
        fetch(lake, select("BTC", "1h", "upbit", clock.iso(low), clock.iso(low + DAY)), sandbox.url)
    assert {o.source for o in lake.objects(BTC)} == {"exchange"}


def test_a_repair_leaves_series_of_another_source_alone(lake, sandbox):
    for market in ("BTC", "ETH"):
        for first, last in ((9, 7), (5, 3)):
            fetch(lake, select(market, "1h", "upbit", DAYS_AGO[first], DAYS_AGO[last]), sandbox.url)
    for item in lake.objects(BTC):
        path = lake.bucket.folder / item.key
        path.rename(path.with_name(path.name.replace("_endpoint_", "_exchange_")))
    done = repair(lake, [(gap.series, (gap.start, gap.end)) for gap in lake.gaps()], sandbox.url)
    assert [(one.series.market, bool(one.note), one.error) for one in done] == [
        ("BTC/KRW", True, None),
        ("ETH/KRW", False, None),
    ]
    assert {gap.series.market for gap in lake.gaps() if gap.cause == "never_fetched"} == {"BTC/KRW"}


def test_one_damaged_object_stops_no_other_series(lake, sandbox):
    for market in ("BTC/KRW", "ETH/KRW"):
        for low in range(NOW // DAY * DAY - 60 * DAY, NOW // DAY * DAY - 20 * DAY, DAY):
            bars = Synthetic().bars("upbit", market, "1h", low, low + DAY)
            lake.append(BTC._replace(market=market), candle_table(*bars), low, low + DAY, source="endpoint")
    path = lake.bucket.folder / lake.objects(BTC)[3].key
    path.write_bytes(b"spoiled")
    done = {one.series.market: one for one in update(lake, sandbox.url)}
    assert "is damaged" in str(done["BTC/KRW"].error)
    assert done["ETH/KRW"].error is None
    assert all(one.rows > 100 for one in done.values())


def test_an_exchange_whose_plugin_is_gone_fails_its_own_series_alone(lake, sandbox):
    fetch(lake, select("BTC", "1h", "upbit", DAYS_AGO[9], DAYS_AGO[5]), sandbox.url)
    low = NOW // DAY * DAY - 9 * DAY
    bars = Synthetic().bars("upbit", "BTC/KRW", "1h", low, low + DAY)
    lake.append(BTC._replace(exchange="gone"), candle_table(*bars), low, low + DAY, source="endpoint")
    done = {one.series.exchange: one for one in update(lake, sandbox.url)}
    assert "unknown exchange 'gone'" in str(done["gone"].error)
    assert done["upbit"].error is None
    assert done["upbit"].rows > 90


def test_emptiness_of_another_source_leaves_no_series_alone(lake, sandbox):
    fetch(lake, select("BTC", "1h", "upbit", DAYS_AGO[9], DAYS_AGO[5]), sandbox.url)
    low = NOW // DAY * DAY - 20 * DAY
    lake.append(BTC, candle_table(*Synthetic().bars("upbit", "BTC/KRW", "1h", 0, 0)), low, low + DAY, source="exchange")
    [done] = update(lake, sandbox.url)
    assert (done.note, done.error) == ("", None)
    assert done.rows > 90


def test_patterns_and_the_largest(lake, sandbox):
    every = fetch(lake, select("*/KRW", "1d", "upbit", DAYS_AGO[2]), sandbox.url)
    assert {one.series.market for one in every} == {"BTC/KRW", "ETH/KRW", "XRP/KRW", "SOL/KRW"}
    some = fetch(lake, select("?TH/*,[XS]*/KRW", "1d", "upbit", DAYS_AGO[2]), sandbox.url)
    assert {one.series.market for one in some} == {"ETH/KRW", "XRP/KRW", "SOL/KRW"}
    top = fetch(lake, select((), "1d", "upbit", DAYS_AGO[2], top=2), sandbox.url)
    volumes = {}
    source = Synthetic()
    for market in source.markets("upbit"):
        v = source.bars("upbit", market, "1h", clock.now() - DAY, clock.now()).values
        volumes[market] = (v[:, 3] * v[:, 4]).sum()
    assert {one.series.market for one in top} == set(sorted(volumes, key=volumes.get)[-2:])
    with pytest.raises(UsageError, match="no market of 'upbit' fits"):
        fetch(lake, select("*/EUR", "1d", "upbit"), sandbox.url)


def test_one_failing_series_fails_the_exit_code_and_none_of_the_others(tmp_path):
    class Broken(Synthetic):
        def bars(self, exchange, market, *rest):
            if market == "XRP/KRW":
                raise RuntimeError("disk gone")
            return super().bars(exchange, market, *rest)

    (tmp_path / "b").mkdir()
    lake = Lake(Bucket(tmp_path / "b"))
    with Sandbox(Broken()) as broken:
        done = fetch(
            lake, select("BTC,XRP,ETH", "1d", "upbit", DAYS_AGO[9]), broken.url, RetryPolicy(tries=2, pause=0.01)
        )
    assert [(one.series.market, one.error is None) for one in done] == [
        ("BTC/KRW", True),
        ("XRP/KRW", False),
        ("ETH/KRW", True),
    ]
    assert {series.market for series in lake.series()} == {"BTC/KRW", "ETH/KRW"}


class Delisting(Synthetic):
    """Lists a market no more from some moment on."""

    gone = ""

    def markets(self, exchange):
        return [market for market in super().markets(exchange) if market != self.gone]


def test_a_market_that_is_listed_no_more_is_noted_and_fails_nothing(lake):
    source = Delisting()
    with Sandbox(source) as sandbox:
        fetch(lake, select("BTC,XRP", "1d", "upbit", DAYS_AGO[9], DAYS_AGO[5]), sandbox.url)
    source.gone = "XRP/KRW"
    with Sandbox(source) as sandbox:
        done = {one.series.market: one for one in update(lake, sandbox.url)}
    assert [one.error for one in done.values()] == [None, None]
    assert done["XRP/KRW"].note == "upbit does not list it any more; what the lake has stays"
    assert done["BTC/KRW"].rows > 0 == done["XRP/KRW"].rows


class Crashing(Synthetic):
    """Prices a hundredth of what they were, from some moment on."""

    since = NOW // DAY * DAY - 6 * DAY

    def bars(self, *args):
        bars = super().bars(*args)
        values = bars.values.copy()
        values[bars.ts >= self.since, :4] /= 100
        return bars._replace(values=values)


@pytest.mark.parametrize("days", [(9, 3), (9, 7, 3), (9, 6, 3)])
def test_a_jump_is_flagged_once_whether_it_lies_within_a_fetch_or_between_two(lake, days):
    flagged = 0
    with Sandbox(Crashing()) as sandbox:
        for first, last in itertools.pairwise(days):
            dates = DAYS_AGO[first], DAYS_AGO[last].replace("+00:00", "")
            [one] = fetch(lake, select("BTC", "1d", "upbit", *dates), sandbox.url)
            flagged += one.flagged
    [kept] = quarantined(lake.bucket, BTC._replace(interval="1d"))
    assert (flagged, kept.reason, kept.row[0]) == (1, "jump", Crashing.since)
    assert lake.status()[0].rows == 6


def test_every_keeps_running_through_a_dead_network_and_stops_on_sigterm(tmp_path):
    bucket = tmp_path / "bucket"
    port = free_port()
    with Sandbox(Synthetic(), port) as first:
        dates = ["--start", DAYS_AGO[9], "--end", DAYS_AGO[5]]
        cqs("fetch", "--symbols", "BTC", *dates, "--bucket", bucket, "--endpoint", first.url)
    rows = Lake(str(bucket)).status()[0].rows
    words = ["update", "--every", "1s", "--json", "--bucket", bucket, "--endpoint", f"http://127.0.0.1:{port}"]
    with socket.create_server(("127.0.0.1", port)) as dead, started(*words) as running:
        for _ in range(2):  # who asks is cut off
            dead.accept()[0].close()
        dead.close()
        assert running.poll() is None
        with Sandbox(Synthetic(), port):
            until(lambda: Lake(str(bucket)).status()[0].rows > rows)
        running.send_signal(signal.SIGTERM)
        out, _ = running.communicate(timeout=60)
        assert running.returncode == 0
    assert Lake(str(bucket)).status()[0].rows >= rows + 4
    assert all(isinstance(json.loads(line), list) for line in out.splitlines() if line.startswith("["))


def test_the_commands_say_what_the_contract_says(tmp_path, sandbox):
    bucket = ["--bucket", tmp_path / "bucket"]
    endpoint = ["--endpoint", sandbox.url]
    cqs("fetch", "--symbols", "BTC,ETH", "--interval", "1h", "--start", DAYS_AGO[120], *bucket, *endpoint)

    def said(*args, code=0):
        return json.loads(cqs(*args, "--json", *bucket, code=code).stdout)

    status = said("data", "status")
    assert {"exchange", "market", "interval", "first", "last", "rows", "gaps", "sources"} <= set(status[0])
    gaps = said("data", "gaps")
    assert set(gaps[0]) == {"exchange", "market", "interval", "start", "end", "bars", "cause"}
    proof = said("data", "verify")
    assert set(proof[0]) == {"exchange", "market", "interval", "rows", "sha256", "problems"}
    assert said("sql", "select count(*) n from candles") == [{"n": sum(row["rows"] for row in status)}]
    assert said("fetch", "--list") == status
    assert [row["error"] for row in said("fetch", "--update", *endpoint)] == [None, None]
    assert said("data", "repair", *endpoint)[0]["error"] is None
    assert set(said("data", "compact", "--no-wait")) == {"merged", "written", "deleted"}
    assert said("data", "publish") == []
    out = tmp_path / "btc.csv"
    assert said("data", "export", out, "--market", "BTC/KRW", "--interval", "4h")["rows"] > 100
    [row] = said("data", "import", out, "--market", "BTC/USDT", "--interval", "4h")
    assert row["rejected"] == 0
    [item] = [p for p in (tmp_path / "bucket").rglob("*.parquet") if "BTC-USDT" in str(p)]
    item.write_bytes(item.read_bytes()[:-1])
    assert [row["problems"] for row in said("data", "verify", code=1) if row["problems"]]
    exchanges = {row["id"]: row for row in said("exchanges")}
    assert exchanges["kraken"]["history"] == 720
    assert exchanges["upbit"]["tested"] == "checked against its real responses"
    assert len(exchanges) > 90


def test_sigterm_during_a_fetch_keeps_what_was_answered(tmp_path, sandbox):
    words = ["fetch", "--symbols", "BTC,ETH,XRP,SOL", "--interval", "1h", "--endpoint", sandbox.url]
    (tmp_path / "bucket").mkdir()
    with started(*words, "--bucket", tmp_path / "bucket") as running:
        lake = Lake(str(tmp_path / "bucket"))
        until(lake.series)
        running.terminate()
        running.wait(30)
    assert sum(status.rows for status in lake.status()) > 0
    assert not [problem for one in lake.verify() for problem in one.problems]


class TestFiles:
    """What was imported is neither asked again nor trusted too far."""

    LOW, HIGH = NOW // DAY * DAY - 30 * DAY, NOW // DAY * DAY - 10 * DAY

    def real(self, low, high):
        return candle_table(*Synthetic().bars("upbit", "BTC/KRW", "1h", low, high))

    def import_(self, lake, table):
        ts = stamps(table)
        lake.append(BTC, table, int(ts[0]), int(ts[-1]) + HOUR, source="import")

    @pytest.mark.parametrize("again", ["fetch", "update", "repair"])
    def test_the_last_row_may_have_been_open(self, lake, sandbox, again):
        table = self.real(self.LOW, self.HIGH)
        half = candle_table(stamps(table)[-1:], np.full((1, 5), 3.0))
        self.import_(lake, pa.concat_tables([table.slice(0, len(table) - 1), half]))
        if again == "fetch":
            fetch(lake, select("BTC", "1h", "upbit", clock.iso(self.LOW), clock.iso(self.HIGH)), sandbox.url)
        elif again == "update":
            update(lake, sandbox.url)
        else:
            repair(lake, [(BTC, end) for end in maybe_open(BTC, lake.objects(BTC))], sandbox.url)
        assert lake.read(BTC, self.LOW, self.HIGH).equals(table)
        assert maybe_open(BTC, lake.objects(BTC)) == []

    def test_fetch_fills_every_hole(self, lake, sandbox):
        table = self.real(self.LOW, self.HIGH)
        there = np.ones(len(table), bool)
        there[[5, 100, *range(200, 300)]] = False
        self.import_(lake, table.filter(there))
        fetch(lake, select("BTC", "1h", "upbit", clock.iso(self.LOW), clock.iso(self.HIGH)), sandbox.url)
        assert lake.read(BTC, self.LOW, self.HIGH).equals(table)
