"""Tables as bytes of parquet, and back: bytes are copied into Arrow's own memory, to read them there.

Arrow reads ahead in its own threads. One that still holds a Python object (`bytes`, `BytesIO`) when Python ends has
to ask a dead interpreter to let go of it, and the process aborts with code 134 after all its work is done.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def stream_of(data: bytes) -> Any:
    """A `pyarrow.BufferReader` over a copy that belongs to Arrow."""
    import pyarrow as pa

    copy = pa.BufferOutputStream()
    copy.write(data)
    return pa.BufferReader(copy.getvalue())


def parquet_table(data: bytes) -> pa.Table:
    """The table of a parquet file's bytes.

    Raises:
        pyarrow.ArrowException: they are none.
        OSError: the data are damaged.
    """
    import pyarrow.parquet as pq

    return pq.ParquetFile(stream_of(data)).read()  # read_table imports all of Arrow's datasets


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a parquet file's bytes, compressed."""
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()
