"""Candles as Arrow tables and parquet bytes: one schema, one way to write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cqs_core.bucket.cache import REMEDY, digest
from cqs_core.errors import DataError
from cqs_core.trading.candles import FIELDS, Stamps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core.files.frame import Frame

_PRICES: list[pa.Field[Any]] = [pa.field(name, pa.float64()) for name in FIELDS]
_MS = pa.timestamp("ms", "UTC")
SCHEMA = pa.schema([pa.field("ts", pa.timestamp("us", "UTC")), *_PRICES])
"""In memory: microseconds, as DuckDB answers and as pandas and polars make them, so that all of these join."""
STORED = pa.schema([pa.field("ts", _MS), *_PRICES, pa.field("seq", pa.int64())])
_ROWS = 45_000  # of a row group
_WRITING: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "use_dictionary": False,
    # volumes have no digits in common: their bytes compress better side by side, those of prices do not at 1m
    "column_encoding": {"ts": "DELTA_BINARY_PACKED", "seq": "DELTA_BINARY_PACKED", "volume": "BYTE_STREAM_SPLIT"},
    "write_statistics": ["ts"],
    "store_schema": False,
}


def stamps(table: pa.Table) -> Stamps:
    """The ts column as int64 ms UTC."""
    column = table.column("ts")
    if column.type != _MS:
        column = column.cast(_MS)
    values: Stamps = column.cast(pa.int64()).to_numpy()
    return values


def candle_table(ts: Stamps, values: np.ndarray[Any, Any]) -> pa.Table:
    """A table from int64 ms UTC (T,) and float64 (T, 5) with the columns of `FIELDS`."""
    columns = [pa.array(ts, pa.int64()).cast(_MS).cast(SCHEMA.field("ts").type)]
    columns += [pa.array(np.ascontiguousarray(values[:, i]), pa.float64()) for i in range(len(FIELDS))]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def in_milliseconds(table: pa.Table) -> pa.Table:
    """The table as files for other programs have it: its first column, the times, in ms."""
    return table.set_column(0, table.column_names[0], table.column(0).cast(_MS))


def candle_frame(table: pa.Table) -> Frame:
    """As a DataFrame: index `timestamp` (datetime64[us, UTC]), columns open, high, low, close, volume."""
    from cqs_core.files.frame import Frame

    frame = Frame(table.cast(SCHEMA).to_pandas())
    frame.index = frame.pop("ts").rename("timestamp")
    return frame


def empty_table() -> pa.Table:
    return SCHEMA.empty_table()


def with_seq(table: pa.Table, seq: int) -> pa.Table:
    """The table as it is stored, each row stamped with its ingest."""
    full = table.select(SCHEMA.names).append_column("seq", pa.array(np.full(len(table), seq, np.int64)))
    return full.cast(STORED)


def encode(table: pa.Table, about: Mapping[bytes, bytes] | None = None) -> tuple[bytes, str]:
    """Parquet bytes with some metadata in their footer, and their hash for the name."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **_WRITING) as writer:
        writer.write_table(table, row_group_size=_ROWS)
        writer.add_key_value_metadata(dict(about or {}))  # type: ignore[arg-type]  # it takes bytes as well
    data = sink.getvalue().to_pybytes()
    return data, digest(data)


def read_file(path: str, columns: list[str] | None = None) -> pa.Table:
    """One object, which was checked before.

    Raises:
        DataError: the file is damaged.
    """
    try:
        with pq.ParquetFile(path) as file:
            return file.read(columns=columns)
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:  # Arrow says OSError of bytes that it cannot decode
        fact = " ".join(str(error).split())
        raise DataError(f"{path!r} is damaged ({fact}); {REMEDY}") from None


def newest(table: pa.Table) -> pa.Table:
    """Sorted by ts, one row a stamp, the one of the newest seq; of two with the same seq the one of greater values."""
    ts, seq = stamps(table), table.column("seq").to_numpy()
    order = np.lexsort((-seq, ts))
    if ((np.diff(ts[order]) == 0) & (np.diff(seq[order]) == 0)).any():
        values = [-table.column(name).to_numpy() for name in reversed(FIELDS)]
        order = np.lexsort((*values, -seq, ts))
    keep = order[np.concatenate(([True], np.diff(ts[order]) != 0))] if len(order) else order
    return table.take(keep).combine_chunks()
