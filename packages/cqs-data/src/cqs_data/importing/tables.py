"""Any file as a table: parquet, feather, JSON or text, told by its first bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core import UsageError
from cqs_core.files.arrow import stream_of
from cqs_data.importing.texts import normal, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

_INDEX = "index"


class Table(NamedTuple):
    """The rows of a file, before anything in them is understood.

    Attributes:
        frame: columns named in lower case, or `0`, `1`, … without names.
        headless: whether the columns have no names.
        kind: `csv`, `json`, `parquet` or `feather`.
        delimiter: of text, else empty.
        encoding: of text, else empty.
        extra: see `texts.Text`.
    """

    frame: pd.DataFrame
    headless: bool
    kind: str
    delimiter: str = ""
    encoding: str = ""
    extra: dict[str, list[str]] = {}  # noqa: RUF012 - never changed


def read_table(name: str, data: bytes, delimiter: str | None = None) -> Table:
    """The table in a file.

    Raises:
        UsageError: it is damaged or not a table.
    """
    if data.startswith(b"PAR1"):
        return _columnar(name, data, "parquet")
    if data.startswith((b"ARROW1", b"FEA1")):
        return _columnar(name, data, "feather")
    head = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"[", b"{")):
        return _json(name, data)
    if not data.strip():
        raise UsageError(f"{name!r} is empty")
    text = read_text(name, data, delimiter)
    return Table(text.frame, text.headless, "csv", text.delimiter, text.encoding, text.extra)


def _columnar(name: str, data: bytes, kind: str) -> Table:
    import pandas as pd
    import pyarrow as pa

    read = pd.read_parquet if kind == "parquet" else pd.read_feather
    try:
        frame = read(stream_of(data))
    except (ValueError, TypeError, OSError, KeyError, pa.ArrowException) as error:
        raise UsageError(f"{name!r} cannot be read as {kind}: {' '.join(str(error).split())[:160]}") from None
    return Table(_named(frame), headless=False, kind=kind)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """With the index as a column, if it holds anything, and plain names."""
    import pandas as pd

    if not isinstance(frame.index, pd.RangeIndex):
        names = [_INDEX if name is None else str(name) for name in frame.index.names]
        frame = frame.rename_axis(names).reset_index()
    frame.columns = [normal(c[0] if isinstance(c, tuple) else c) for c in frame.columns]
    return frame


def _json(name: str, data: bytes) -> Table:
    import pandas as pd

    try:
        found = _rows(json.loads(data))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name!r} cannot be read as JSON: {error}") from None
    if not found:
        raise UsageError(f"{name!r} has no rows of candles: JSON needs a list of lists or of objects")
    frame = pd.DataFrame(found)
    headless = not isinstance(found[0], dict)
    frame.columns = [normal(c) for c in frame.columns]
    return Table(frame, headless, "json")


def _rows(value: Any) -> list[Any]:
    """The longest list of rows anywhere in a JSON value."""
    if isinstance(value, list) and value and isinstance(value[0], (list, dict)):
        kind = type(value[0])
        return value if all(isinstance(row, kind) for row in value) else []
    inner: Iterable[Any] = value.values() if isinstance(value, dict) else ()
    return max((_rows(one) for one in inner), key=len, default=[])
