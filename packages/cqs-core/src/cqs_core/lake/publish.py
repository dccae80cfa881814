"""`data/processed/{BASE}_{interval}.parquet`: candles for the neighbours, who read plain files by these names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.errors import CqsError, DataError, UsageError
from cqs_core.intervals import length
from cqs_core.lake.deriving import derive, own_days
from cqs_core.settings import settings

if TYPE_CHECKING:
    from cqs_core.lake.lake import Lake
    from cqs_core.lake.names import Series
    from cqs_core.settings import Settings

FOLDER = "data/processed"


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
    """Whether it is spot against the home quote on the home exchange: only such names are the neighbours'."""
    return _is_home(series, settings())


def _is_home(series: Series, now: Settings) -> bool:
    return series.exchange == now.exchange and series.market.endswith(f"/{now.quote}")


def publish(lake: Lake, series: Iterable[Series]) -> list[str]:
    """Write each series for the neighbours, replacing what was there; the file's metadata names its source.

    Columns: timestamp (ms, UTC), open, high, low, close, volume (float64). Days begin at CQS_DAY_START.

    Returns:
        keys written; a series without candles writes nothing.

    Raises:
        DataError: a series is damaged; its file stayed as it was, and all others were written.
        UsageError: likewise, of days for which shorter candles are not stored.
    """
    written, failed = [], list[CqsError]()
    for one in series:
        try:
            if name := _published(lake, one):
                written.append(name)
        except (DataError, UsageError) as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return written


def _published(lake: Lake, series: Series) -> str | None:
    """One series; each object that it comes from is hashed once more, since what is written carries no such proof."""
    day_start = settings().day_start
    table = derive(lake, series, day_start=day_start, again=True)
    if not len(table):
        return None
    source = lake.source(series, day_start) or series
    sources = ",".join(sorted({o.source for o in lake.objects(source)}))
    name = key(series.market.partition("/")[0], series.interval)
    lake.bucket.write(name, _encoded(table.rename_columns(["timestamp", *table.column_names[1:]]), series, sources))
    return name


def _encoded(table: pa.Table, series: Series, sources: str) -> bytes:
    about = {"cqs.series": str(series), "cqs.sources": sources}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(about), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data
