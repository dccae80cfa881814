"""`data/processed/{BASE}_{interval}.parquet`: candles for other programs, which read plain files by these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.config.variables import settings
from cqs_core.errors import CqsError
from cqs_core.lake.deriving import derive
from cqs_core.lake.predecessors import FOLDER, Predecessor, keep, merged, predecessor
from cqs_core.lake.series_table import in_milliseconds
from cqs_core.lake.shorter_candles import own_days
from cqs_core.time.intervals import length

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_core.config.variables import Settings
    from cqs_core.lake.lake import Lake
    from cqs_core.lake.object_names import Series


def key(base: str, interval: str) -> str:
    return f"{FOLDER}/{base}_{interval}.parquet"


def at_home(series: Iterable[Series]) -> list[Series]:
    """Those that are published: home exchange, home quote, spot, an interval of CQS_PUBLISH.

    With CQS_DAY_START, days and longer bars are put together from shorter ones: then any series of a market will do.
    """
    now = settings()
    home = [one for one in series if _is_home(one, now)]
    moved = [interval for interval in now.publish if own_days(interval, now.day_start)]
    return list(
        dict.fromkeys(
            [
                *(one for one in home if one.interval in now.publish),
                *(one._replace(interval=i) for one in home for i in moved if length(one.interval) < length(i)),
            ]
        )
    )


def at_home_market(series: Series) -> bool:
    """Whether it is a spot market of the home exchange in the home quote: only those have such file names."""
    return _is_home(series, settings())


def _is_home(series: Series, now: Settings) -> bool:
    return series.exchange == now.exchange and series.market.endswith(f"/{now.quote}")


class Published(NamedTuple):
    """One file that was written.

    Attributes:
        key: of the file.
        rows: candles in it.
        kept: of these, candles of an earlier file by another program, where the lake has none.
        differ: candles of that file with other values than the lake's; it lies under `data/foreign`.
        doubled: rows of that file of a time that was there already.
    """

    key: str
    rows: int
    kept: int = 0
    differ: int = 0
    doubled: int = 0

    @property
    def note(self) -> str:
        """How the file differs from the earlier one, in one line; empty if there was none."""
        parts = {
            "kept from the earlier file": self.kept,
            "differ from it (see data/foreign)": self.differ,
            "were in it more than once": self.doubled,
        }
        counts = ", ".join(f"{n:,} candles {what}" for what, n in parts.items() if n)
        return f"{self.key}: {counts}" if counts else ""


def publish(lake: Lake, series: Iterable[Series]) -> list[Published]:
    """Write each series as a plain file; the file's metadata names its source.

    Columns: timestamp (ms, UTC), open, high, low, close, volume (float64). Days begin at CQS_DAY_START. A file that
    another program wrote keeps its candles where the lake has none.

    Returns:
        the files written; a series without candles writes none.

    Raises:
        CqsError: a series is damaged, its days cannot be put together, or an earlier file cannot be read; that file
            stayed as it was, and all others were written.
    """
    written, failed = [], list[CqsError]()
    for one in series:
        try:
            if done := _published(lake, one):
                written.append(done)
        except CqsError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return written


def _published(lake: Lake, series: Series) -> Published | None:
    """Publish one series. Each source object is hashed again, since the published file has no hash of its own."""
    day_start = settings().day_start
    table = derive(lake, series, day_start=day_start, again=True).table
    if not len(table):
        return None
    source = lake.source(series, day_start) or series
    sources = ",".join(sorted({o.source for o in lake.objects(source)}))
    name = key(series.market.partition("/")[0], series.interval)
    before = Predecessor(table.slice(0, 0), 0)
    if not own_days(series.interval, day_start):  # nothing says where days of an earlier file begin
        before = predecessor(lake.bucket, name.rpartition("/")[2], series.interval)
    keep(lake.bucket, name.rpartition("/")[2])
    whole, kept, differ = merged(table, before.table)
    lake.bucket.write(name, _encoded(whole.rename_columns(["timestamp", *whole.column_names[1:]]), series, sources))
    return Published(name, len(whole), kept, differ, before.doubled)


def _encoded(table: pa.Table, series: Series, sources: str) -> bytes:
    about = {"cqs.series": str(series), "cqs.sources": sources}
    sink = pa.BufferOutputStream()
    table = in_milliseconds(table)
    pq.write_table(table.replace_schema_metadata(about), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data
