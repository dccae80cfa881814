"""Reads any file as a table: parquet, feather, JSON or text, recognized by its first bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_core import UsageError
from cqs_core.files import stream_of
from cqs_data.importing.documents import read_document
from cqs_data.importing.texts import PRICES, normal, read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_INDEX = "index"
_STREAM = b"\xff\xff\xff\xff"  # what Arrow's streams begin with


class RawTable(NamedTuple):
    """The rows of a file, before anything in them is understood.

    Attributes:
        frame: columns named in lower case, or `0`, `1`, … without names.
        headless: whether the columns have no names.
        kind: `csv`, `json`, `parquet` or `feather`.
        delimiter: of text, else empty.
        encoding: of text, else empty.
        tickers: see `texts.Text`.
    """

    frame: pd.DataFrame
    headless: bool
    kind: str
    delimiter: str = ""
    encoding: str = ""
    tickers: Sequence[str] = ()


def read_table(name: str, data: bytes, delimiter: str | None = None, decimal: str | None = None) -> RawTable:
    """The table in a file; `delimiter` and `decimal` are those of text.

    Raises:
        UsageError: it is damaged or not a table.
    """
    if data.startswith(b"PAR1"):
        return _columnar(name, data, "parquet")
    if data.startswith((b"ARROW1", b"FEA1", _STREAM)):
        return _columnar(name, data, "feather")
    head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"[", b"{")):
        found = read_document(name, data)
        return RawTable(found.frame.rename(columns=normal), found.headless, "json")
    if not data.strip():
        raise UsageError(f"{name!r} is empty")
    text = read_text(name, data, delimiter, decimal)
    return RawTable(text.frame, text.headless, "csv", text.delimiter, text.encoding, text.tickers)


def _columnar(name: str, data: bytes, kind: str) -> RawTable:
    import pandas as pd
    import pyarrow as pa

    try:
        if data.startswith(_STREAM):
            frame = pa.ipc.open_stream(stream_of(data)).read_pandas()
        else:
            frame = (pd.read_parquet if kind == "parquet" else pd.read_feather)(stream_of(data))
    except (ValueError, TypeError, OSError, KeyError, pa.ArrowException) as error:
        raise UsageError(f"{name!r} cannot be read as {kind}: {' '.join(str(error).split())[:160]}") from None
    frame = _with_index(frame)
    levels = [[normal(cell) for cell in (c if isinstance(c, tuple) else (c,))] for c in frame.columns]
    rows = list(zip(*levels, strict=True))
    at = max(range(len(rows)), key=lambda i: sum(cell in PRICES for cell in rows[i])) if rows else 0
    frame.columns = [level[at] or level[0] for level in levels]
    symbols = [row for i, row in enumerate(rows) if i != at]
    return RawTable(frame, headless=False, kind=kind, tickers=[cell.upper() for cell in symbols[0]] if symbols else ())


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """With the index as a column, if it holds anything."""
    import pandas as pd

    if not isinstance(frame.index, pd.RangeIndex):
        names = [_INDEX if name is None else str(name) for name in frame.index.names]
        frame = frame.rename_axis(names).reset_index()
    return frame
