"""The data pipeline against the barest way to do the same: ratios, side by side in one run.

Each pair is timed in turns; the best of the rounds counts, which is what a busy machine disturbs least.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from cqs_core import Bucket, Lake, Series
from cqs_core.bucket import bucket, checked_files, listing
from cqs_core.files import cache_folder
from cqs_core.lake import candle_table, checking, object_names
from cqs_core.time import clock, intervals
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_data import fetch, select, update
from cqs_data.sandbox import CandleRows, Sandbox, Synthetic

pytestmark = pytest.mark.timeout(1800)
YEAR = clock.parse_start("2024-01-01"), clock.parse_start("2025-01-01")
MANY = [Series("upbit", f"C{i:02d}/KRW", "1m") for i in range(50)]


def compared(ours, theirs, rounds=5, before=lambda: None):
    """Best seconds of both, and their ratio."""
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for i, work in enumerate((ours, theirs)):
            before()
            gc.collect()
            started = time.perf_counter()
            work()
            best[i] = min(best[i], time.perf_counter() - started)
    print(f"\n  {best[0] * 1000:.1f} ms against {best[1] * 1000:.1f} ms: {best[0] / best[1]:.2f}")
    return best[0] / best[1]


def walk(seed, n, step, start, price=1e6):
    """Candles of a random walk, rounded as order books are."""
    rng = np.random.default_rng(seed)
    close = np.round(price * np.exp(np.cumsum(rng.normal(0, 0.0006, n))))
    opened = np.r_[price, close[:-1]]
    high, low = np.maximum(opened, close) + rng.integers(0, 300, n), np.minimum(opened, close) - rng.integers(0, 300, n)
    volume = np.round(rng.exponential(2.0, n), 8)
    return candle_table(start + step * np.arange(n), np.column_stack([opened, high, low, close, volume]))


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """50 series x 1 year of 1m: 26 million rows, one object a month."""
    lake = Lake(Bucket(tmp_path_factory.mktemp("big")))
    bars = (YEAR[1] - YEAR[0]) // MINUTE
    made = [walk(seed, bars, MINUTE, YEAR[0]) for seed in range(3)]
    for i, series in enumerate(MANY):
        lake.append(series, made[i % 3], *YEAR)
    return lake


@pytest.fixture(scope="module")
def exchange(tmp_path_factory):
    """A sandbox exchange in a process of its own."""
    command = [str(Path(sys.executable).with_name("cqs")), "sandbox", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())["endpoint"]
        process.terminate()


def test_data_fetch_against_a_bare_ccxt_loop(exchange, tmp_path):
    end = clock.now() // DAY * DAY
    start, markets = end - 500 * DAY, ["BTC/KRW", "ETH/KRW", "XRP/KRW", "SOL/KRW"]
    lakes = iter(range(100))

    def ours():
        folder = tmp_path / str(next(lakes))
        folder.mkdir()
        done = fetch(Lake(Bucket(folder)), select(markets, "1h", "upbit", clock.iso(start), clock.iso(end)), exchange)
        assert sum(one.rows for one in done) > 47_000

    async def loop():
        import ccxt.async_support as ccxt

        client = ccxt.upbit({"enableRateLimit": False})
        client.urls["api"] = {"public": f"{exchange}/upbit"}
        await client.load_markets()

        async def pages(market):
            at = end
            while at > start:
                to = {"to": clock.iso(at).replace("+00:00", "Z")}
                at = (await client.fetch_ohlcv(market, "1h", None, 200, to))[0][0]

        await asyncio.gather(*map(pages, markets))
        await client.close()

    ours()
    assert compared(ours, lambda: asyncio.run(loop())) <= 1 / 0.8


class Everything:
    """Fifty markets of one walk, hourly, up to now."""

    def __init__(self, bars, count=50):
        self.all, self.count = bars, count

    def markets(self, exchange):
        return [f"C{i:02d}/KRW" for i in range(self.count)] if exchange == "upbit" else []

    def first(self, exchange, market):
        return int(self.all.ts[0])

    def bars(self, exchange, market, interval, start, end):
        return self.all.between(start, end) if interval == "1h" else CandleRows.empty()


def test_data_update_costs_what_is_new_whatever_there_is(tmp_path):
    now = intervals.floor("1h", clock.now() - 5_000)
    full = walk(1, 5 * 365 * 24, HOUR, now - 5 * 365 * DAY)
    ts = full.column("ts").cast("int64").to_numpy()
    values = np.column_stack([full.column(name).to_numpy() for name in ("open", "high", "low", "close", "volume")])
    lakes = {}
    for years in (5, 1):
        (tmp_path / str(years)).mkdir()
        lakes[years] = Lake(Bucket(tmp_path / str(years)))
        rows = full.slice(len(full) - years * 365 * 24, years * 365 * 24 - 1)
        for i in range(50):
            series = Series("upbit", f"C{i:02d}/KRW", "1h")
            lakes[years].append(series, rows, now - years * 365 * DAY, now - HOUR, source="endpoint")
    before = {years: {entry.key for entry in lake.bucket.list()} for years, lake in lakes.items()}
    written = {}

    def forget():
        for years, lake in lakes.items():
            new = [entry for entry in lake.bucket.list() if entry.key not in before[years]]
            written[years] = sum(entry.size for entry in new) or written.get(years)
            lake.bucket.delete(entry.key for entry in new)

    with Sandbox(Everything(CandleRows(ts, values))) as sandbox:

        def one(years):
            done = update(lakes[years], sandbox.url)
            assert sum(d.rows for d in done) >= 50

        assert compared(lambda: one(5), lambda: one(1), rounds=8, before=forget) <= 1.2
    forget()
    print(f"  bytes written: {written}")
    assert written[5] == written[1]


def test_data_one_month_into_a_frame_against_pandas(big):
    series, month = MANY[7], (clock.parse_start("2024-03-01"), clock.parse_start("2024-04-01"))
    [item] = [o for o in big.objects(series) if o.start == month[0]]
    path = big.bucket.paths([item.key])[0]
    assert len(big.frame(series, *month)) == len(pd.read_parquet(path)) == 31 * 1440
    assert compared(lambda: big.frame(series, *month), lambda: pd.read_parquet(path), rounds=30) <= 1.2


def test_data_resampling_ten_series_against_polars(big):
    import polars as pl

    series = MANY[10:20]
    paths = {s: list(big.bucket.paths([o.key for o in big.objects(s)])) for s in series}

    def ours():
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda s: big.derive(s._replace(interval="1d")), series))

    def theirs():
        ts = pl.col("ts").dt.epoch("ms") // DAY
        made = [pl.col("open").first(), pl.col("high").max(), pl.col("low").min(), pl.col("close").last()]
        queries = [
            pl.scan_parquet(paths[s]).group_by(ts.alias("day")).agg(*made, pl.col("volume").sum()).sort("day")
            for s in series
        ]
        return pl.collect_all(queries, engine="streaming")

    mine, other = ours()[0], theirs()[0]
    assert mine["high"].to_pylist() == other["high"].to_list()
    assert mine["close"].to_pylist() == other["close"].to_list()
    assert compared(ours, theirs) <= 1.5


def test_data_deriving_a_sparse_year_against_a_complete_one(big, tmp_path):
    """A quarter of the minutes absent: nothing traded then (fetched, archive), or a file that does not have them."""
    lake, year = Lake(Bucket(tmp_path)), big.read(MANY[0])
    here = np.random.default_rng(1).random(len(year)) >= 0.25
    for source in ("exchange", "archive", "import"):
        for name, rows in (("FULL", year), ("SPARSE", year.filter(here))):
            lake.append(Series(source, f"{name}/KRW", "1m"), rows, *YEAR, source=source)
    for source, interval in (("exchange", "1h"), ("exchange", "1d"), ("archive", "1h"), ("import", "1h")):
        sparse, full = (Series(source, f"{name}/KRW", interval) for name in ("SPARSE", "FULL"))
        found = lake.derived(sparse)
        bars = (YEAR[1] - YEAR[0]) // intervals.length(interval)
        assert len(found.table) + len(found.incomplete) == bars
        assert len(found.incomplete) == (bars if source == "import" else 0)
        print(f"  {source} {interval}:", end="")
        assert compared(lambda: lake.derived(sparse), lambda: lake.derived(full)) <= 2  # noqa: B023 - called at once


def test_data_deriving_from_sparse_bars_and_the_minutes_behind_them(big, tmp_path):
    """Every bar that a file lacks comes from the minutes; they are read once, not once a bar."""
    lake, minutes = Lake(Bucket(tmp_path)), big.read(MANY[0])
    five = big.derive(MANY[0]._replace(interval="5m"))
    here = np.random.default_rng(1).random(len(five)) >= 0.25
    for name, rows in (("FULL", five), ("SPARSE", five.filter(here))):
        lake.append(Series("upbit", f"{name}/KRW", "1m"), minutes, *YEAR)
        lake.append(Series("upbit", f"{name}/KRW", "5m"), rows, *YEAR, source="import")
    sparse = Series("upbit", "SPARSE/KRW", "1h")
    assert len(lake.derive(sparse)) == (YEAR[1] - YEAR[0]) // HOUR

    def both():
        """What has to be read at least."""
        lake.derive(sparse._replace(interval="5m"))
        lake.read(sparse._replace(interval="1m"))

    assert compared(lambda: lake.derive(sparse), both) <= 2


def new_process():
    """Forget what a process remembers of names and folders."""
    listing._remembered.clear()
    bucket._folder_cache.cache_clear()
    for remembered in (object_names.parse_object, object_names.parse_folder, object_names._time):
        remembered.cache_clear()


def test_data_status_against_fifty_footers(big):
    paths = [big.bucket.paths([big.objects(s)[0].key])[0] for s in MANY]

    def footers():
        return [pq.read_metadata(path) for path in paths]

    def forget_all():
        new_process()
        shutil.rmtree(cache_folder() / "folders", ignore_errors=True)

    time.sleep(2.5)  # folders that changed in the last two seconds are not believed to rest
    assert len(big.status()) == 50
    print("  a process that looked before:", end="")
    assert compared(big.status, footers, rounds=30) <= 1.0
    print("  a new process, as cqs data status is:", end="")
    assert compared(big.status, footers, rounds=30, before=new_process) <= 1.0
    print("  a machine that never looked:", end="")
    assert compared(big.status, footers, rounds=30, before=forget_all) <= 8  # a receipt beside each object


@pytest.mark.parametrize("way", ["frame", "sql"])
def test_data_checking_every_object_against_its_name(big, way, monkeypatch):
    """Hashing takes at most a quarter of the first full read of a series, and nothing of the next ones."""
    series, every = MANY[21], "select market, ts, open, high, low, close, volume from candles where market = 'C21/KRW'"
    query = f"select count(*), sum(close), sum(volume) from ({every})"

    def read():
        return big.frame(series) if way == "frame" else big.sql(query)

    def forget():
        checked_files.soundness.cache_clear()
        shutil.rmtree(cache_folder() / "sound", ignore_errors=True)

    def unchecked():
        with monkeypatch.context() as patched:
            patched.setattr(checked_files.Soundness, "problems", lambda *_, **__: {})
            read()

    time.sleep(2.5)  # of what changed in the last two seconds nothing is remembered
    print("  the first time:", end="")
    assert 1 - 1 / compared(read, unchecked, rounds=15, before=forget) <= 0.25
    read()
    hashed = []
    monkeypatch.setattr(checking, "as_named", lambda key, _: hashed.append(key) or "")
    print("  ever after:", end="")
    assert compared(read, unchecked, rounds=30) <= 1.1
    assert hashed == []


@pytest.mark.parametrize("kind", ["real 1m", "real 1h", "made up 1h"])
def test_data_bytes_a_row_against_the_default(kind, tmp_path, request):
    if kind == "made up 1h":
        end = clock.now() // DAY * DAY
        bars = Synthetic().bars("upbit", "BTC/KRW", "1h", end - 360 * DAY, end)
        table = candle_table(*bars)
    else:
        name = {"real 1m": "binance/BTC-USDT_1m", "real 1h": "upbit/ETH-KRW_1h"}[kind]
        source = pq.read_table(request.getfixturevalue("shared_data") / "candles" / f"{name}.parquet")
        ts = source["ts"].to_numpy().astype("M8[ms]").astype(np.int64)
        values = np.column_stack([source[c].to_numpy() for c in ("open", "high", "low", "close", "volume")])
        keep = ts >= ts[-1] // DAY * DAY - 350 * DAY
        table = candle_table(ts[keep], values[keep])
    interval = kind[-2:]
    first, last = (int(table["ts"][i].cast("int64").as_py()) for i in (0, -1))
    lake = Lake(Bucket(tmp_path))
    lake.append(Series("upbit", "BTC/KRW", interval), table, first, intervals.next_open(interval, last))
    ours = sum(entry.size for entry in lake.bucket.list())
    pq.write_table(table, tmp_path / "default.parquet", compression="zstd")
    theirs = (tmp_path / "default.parquet").stat().st_size
    print(f"\n  {ours / len(table):.1f} against {theirs / len(table):.1f} bytes a row: {ours / theirs:.2f}")
    assert ours / theirs <= 0.7


def test_data_a_viewport_of_five_million_candles(tmp_path):
    """What the chart asks for while it pans and zooms."""
    panel = pytest.importorskip("cqs_panel.charts.sources", reason="needs the dashboard")
    start = clock.parse_start("2016-01-01")
    lake, series = Lake(Bucket(tmp_path)), Series("upbit", "BTC/KRW", "1m")
    lake.append(series, walk(5, 5_000_000, MINUTE, start), start, start + 5_000_000 * MINUTE)
    source = panel.LakeCandles(lake.bucket, series)
    first, last = source.span()
    from cqs_panel.charts import step_for

    slowest = 0.0
    for days in (3650, 2000, 700, 200, 60, 14, 3, 1):
        for part in range(3):
            begin = max(first, last - (days + part * days // 2) * DAY)
            step = step_for(days * DAY, source.base, 2000)
            started = time.perf_counter()
            found = source.buckets(begin // step * step, begin + days * DAY, step)
            took = time.perf_counter() - started
            assert len(found) <= 2100
            slowest = max(slowest, took if days < 3650 else 0.0)
    print(f"\n  slowest viewport {slowest * 1000:.0f} ms; {dt.timedelta(milliseconds=last - first).days} days")
    assert slowest < 0.3
