"""The harness of the survival tests: what the lake must hold, and processes that may be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from cqs_core import FIELDS, Bucket, Lake, Series
from cqs_core.lake import Spans, stamps
from cqs_core.testing.command import started
from cqs_data.sandbox import CandleRows, Synthetic

GROWER = """
import sys
from cqs_core import Lake, Series
from cqs_core.time.intervals import HOUR
from cqs_core.lake import compaction
from cqs_core.lake import candle_table
from cqs_data.sandbox import Synthetic
folder, start, end, mode = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
lake, source, series = Lake(folder), Synthetic(lambda: end), Series("upbit", "BTC/KRW", "1h")
if mode == "planted bug":
    honest = compaction.put
    def deletes_first(bucket, series, *rest):
        bucket.delete([o.key for o in lake.objects(series)])
        return honest(bucket, series, *rest)
    compaction.put = deletes_first
for at in range(start, end, 32 * HOUR):
    for part in range(at, min(end, at + 32 * HOUR), 8 * HOUR):
        stop = min(end, part + 8 * HOUR)
        bars = source.bars("upbit", "BTC/KRW", "1h", part, stop)
        lake.append(series, candle_table(*bars), part, stop, source="endpoint")
    print(stop, flush=True)
    lake.compact(grace=-1)
"""
COMPACTOR = """
import sys
from cqs_core import Lake
lake = Lake(sys.argv[1])
print("ready", flush=True)
while True:
    lake.compact(grace=-1)
"""


class Truth:
    """What an exchange has of some series, up to a moment: the lake must come to hold exactly that."""

    def __init__(self, series: list[Series], start: int, end: int) -> None:
        source = Synthetic(lambda: end)
        self.series, self.start, self.end = series, start, end
        self.bars = {s: source.bars(s.exchange, s.market, s.interval, start, end) for s in series}

    def check(self, folder: Path, *, whole: bool) -> int:
        """The same of the lake in a folder."""
        return self.check_lake(Lake(Bucket(folder)), whole=whole)

    def check_lake(self, lake: Lake, *, whole: bool) -> int:
        """Every object is sound, every row right and there once, no candle said to be absent; counts rows.

        With `whole`, all are there.
        """
        problems = [p for one in lake.verify() for p in one.problems]
        assert problems == [], problems  # this file's asserts are not rewritten: say it here
        total = 0
        for series, bars in self.bars.items():
            table = lake.read(series, self.start, self.end, missing_ok=True)
            ts = stamps(table)
            assert (np.diff(ts) > 0).all(), f"{series} has doubled or unsorted rows"
            have = CandleRows(ts, np.column_stack([table[name].to_numpy() for name in FIELDS]))
            at = np.searchsorted(bars.ts, ts)
            assert (bars.ts[np.minimum(at, len(bars.ts) - 1)] == ts).all(), f"{series} has rows that never were"
            assert have.values.tobytes() == bars.values[at].tobytes(), f"{series} has wrong values"
            answered = Spans.of((o.start, o.end) for o in lake.objects(series) if o.source != "import")
            claimed = answered.contain(Spans(bars.ts, bars.ts + 1))
            assert np.isin(bars.ts[claimed], ts).all(), f"{series}: candles are said to be absent that are there"
            if whole:
                assert len(ts) == len(bars.ts), f"{series} lost {len(bars.ts) - len(ts)} rows"
            total += len(ts)
        return total


def fetcher(folder: Path, endpoint: str, *options: str):
    """A `cqs fetch` of its own process."""
    return started("fetch", "--bucket", folder, "--endpoint", endpoint, *options)


def compactor(folder: Path) -> subprocess.Popen[str]:
    """A process that compacts again and again, without grace."""
    command = [sys.executable, "-c", COMPACTOR, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def grow_until_killed(folder: Path, start: int, end: int, seconds: float, mode: str = "honest") -> int:
    """Append and compact in turn, for some seconds from the first append on; returns up to where it said to be done."""
    command = [sys.executable, "-c", GROWER, str(folder), str(start), str(end), mode]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        lines = [said, *process.stdout.read().splitlines()]
    return int([line for line in lines if line.strip()][-1])


def kill_after(process, seconds: float) -> int | None:
    """Kill it, unless it ended by itself; its exit code in that case."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None
    process.communicate()
    return process.returncode


def wait_for(process, seconds: float = 100) -> tuple[int, str]:
    """Exit code and stderr."""
    _, errors = process.communicate(timeout=seconds)
    return process.returncode, errors


def age(folder: Path, seconds: float = 60) -> None:
    """As if every object had been written earlier."""
    for path in folder.rglob("*.parquet"):
        try:
            os.utime(path, (time.time() - seconds,) * 2)
        except FileNotFoundError:
            continue


def mounted(folder: Path) -> bool:
    """Whether a disk of its own could be mounted on the folder."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", str(folder)]
    return not subprocess.run(mount, capture_output=True, check=False).returncode
