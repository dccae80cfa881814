"""`data/processed/{BASE}_{interval}.parquet`: candles for the neighbours, who read plain files by these names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.settings import settings

if TYPE_CHECKING:
    from cqs_core.lake.lake import Lake
    from cqs_core.lake.names import Series
    from cqs_core.settings import Settings

FOLDER = "data/processed"


def key(base: str, interval: str) -> str:
    return f"{FOLDER}/{base}_{interval}.parquet"


def at_home(series: Iterable[Series]) -> list[Series]:
    """Those that are published: home exchange, home quote, spot, an interval of CQS_PUBLISH."""
    now = settings()
    return [s for s in series if _is_home(s, now) and s.interval in now.publish]


def at_home_market(series: Series) -> bool:
    """Whether it is spot against the home quote on the home exchange: only such names are the neighbours'."""
    return _is_home(series, settings())


def _is_home(series: Series, now: Settings) -> bool:
    return series.exchange == now.exchange and series.market.endswith(f"/{now.quote}")


def publish(lake: Lake, series: Iterable[Series]) -> list[str]:
    """Write each series for the neighbours, replacing what was there; the file's metadata names its source.

    Columns: timestamp (ms, UTC), open, high, low, close, volume (float64).

    Returns:
        keys written; a series without candles writes nothing.
    """
    written = []
    for one in series:
        table = lake.read(one)
        if len(table):
            sources = ",".join(sorted({o.source for o in lake.objects(one)}))
            name = key(one.market.partition("/")[0], one.interval)
            lake.bucket.write(
                name, _encoded(table.rename_columns(["timestamp", *table.column_names[1:]]), one, sources)
            )
            written.append(name)
    return written


def _encoded(table: pa.Table, series: Series, sources: str) -> bytes:
    about = {"cqs.series": str(series), "cqs.sources": sources}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(about), sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data
