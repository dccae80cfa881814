"""How a lake grows with the number of series: the figures of docs/scale.md.

Each series has ten years of minutes as the lake stores them: 120 monthly objects and their receipts. The objects hold
few rows, so this measures the catalog, not the candles. `CQS_SCALE` sets the number of series, `10,100,1000`.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from cqs_core import Bucket, Lake, Series, UsageError
from cqs_core.bucket import bucket, checked_files, listing
from cqs_core.files import cache_folder
from cqs_core.lake import (
    LakeObject,
    candle_table,
    encode,
    metadata,
    object_name,
    object_names,
    periods,
    receipt_of,
    with_seq,
)
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, MINUTE
from cqs_data import update
from cqs_data.sandbox import CandleRows, Sandbox

pytestmark = pytest.mark.timeout(3600)
SIZES = [int(size) for size in os.environ.get("CQS_SCALE", "10,100").split(",")]
ROWS = 10  # of an object


def flat(ts: np.ndarray) -> np.ndarray:
    return np.tile([100.0, 101.0, 99.0, 100.0, 1.0], (len(ts), 1))


def make(folder: Path, series: Series, now: int) -> None:
    """Ten years of monthly objects up to `now`; no fsync, which would only measure this disk."""
    start = now - 3650 * DAY
    (folder / series.folder).mkdir(parents=True)
    for low, high in periods("1m", start, now):
        ts = low + np.arange(ROWS) * MINUTE
        item = LakeObject("", 0, low, high, int(ts[0]), int(ts[-1]), ROWS, now, "endpoint", "")
        data, digest = encode(with_seq(candle_table(ts, flat(ts)), now), metadata(series, item))
        key = f"{series.folder}/{object_name(item._replace(hash=digest))}"
        (folder / key).write_bytes(data)
        (folder / receipt_of(key)).touch()


class Minutes:
    """The newest minutes of many markets."""

    def __init__(self, count: int, first: int) -> None:
        self.count, self._first = count, first

    def markets(self, exchange: str) -> list[str]:
        return [f"C{i:04d}/KRW" for i in range(self.count)] if exchange == "upbit" else []

    def first(self, exchange: str, market: str) -> int:
        return self._first

    def bars(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        ts = np.arange(max(start, self._first), min(end, clock.now()), MINUTE, dtype=np.int64)
        return CandleRows(ts, flat(ts)) if interval == "1m" else CandleRows.empty()


def forget() -> None:
    """What this process remembers, as if it were a new one."""
    listing._remembered.clear()
    bucket._folder_cache.cache_clear()
    checked_files.soundness.cache_clear()
    for remembered in (object_names.parse_object, object_names.parse_folder, object_names._time):
        remembered.cache_clear()


def forget_all() -> None:
    """What this machine remembers."""
    forget()
    for folder in ("folders", "sound"):
        shutil.rmtree(cache_folder() / folder, ignore_errors=True)


@pytest.fixture(params=SIZES)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, Lake, int]]:
    now = clock.now() // MINUTE * MINUTE - 20 * MINUTE
    for i in range(request.param):
        make(tmp_path, Series("upbit", f"C{i:04d}/KRW", "1m"), now)
    time.sleep(2.5)  # folders that changed in the last two seconds are not believed to rest
    yield request.param, Lake(Bucket(tmp_path)), now
    shutil.rmtree(tmp_path)


def timed(what: str, work: Callable[[], object]) -> None:
    """Print how long it takes; what is refused is a result too."""
    started, refused = time.perf_counter(), ""
    try:
        work()
    except UsageError as error:
        refused = f" until it was refused: {error}"
    print(f"  {what}: {time.perf_counter() - started:.3f} s{refused}", flush=True)


def test_scale_of_a_lake_in_a_folder(lake):
    size, lake, now = lake
    print(f"\n{size} series")
    forget_all()
    timed("status, a machine that never looked", lake.status)
    forget()
    timed("status, a new process", lake.status)
    timed("status, the same process", lake.status)
    assert len(lake.status()) == size
    one = Series("upbit", "C0003/KRW", "1m")
    timed("one series into a frame", lambda: lake.frame(one))
    timed("SQL, one market", lambda: lake.sql("select count(*), max(ts) from candles where market = 'C0003/KRW'"))
    timed("SQL, all markets, first", lambda: lake.sql("select market, max(ts) from candles group by market"))
    timed("SQL, all markets, again", lambda: lake.sql("select market, max(ts) from candles group by market"))
    with Sandbox(Minutes(size, now - 60 * MINUTE)) as sandbox:
        timed("update of all series", lambda: update(lake, sandbox.url))
    assert all(status.last >= now for status in lake.status())
    print(f"  memory, most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
