"""Candles in parquet files that other programs published, whatever they call their time column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core.errors import UsageError
from cqs_core.files.arrow import stream_of
from cqs_core.trading.candles import FIELDS, Floats

if TYPE_CHECKING:
    import pandas as pd

TIMES = ("ts", "timestamp", "datetime", "date", "open_time")
_KST = "Asia/Seoul"
_PUBLISHED_BY_BOT = re.compile(r"[A-Z]+-[A-Z0-9]+_(day|week|month|minute\d+)\.parquet$")
_REMEDY = "write them as 2024-01-31T09:00:00+00:00"
_UNREADABLE = f"the times of {{!r}} cannot be read; {_REMEDY}"
_FIRST_SECOND = 1e8  # 1973: numbers below are days of a spreadsheet, or rows
_UNITS = ((1e11, 1_000.0), (1e14, 1.0), (1e17, 1e-3), (float("inf"), 1e-6))  # seconds, ms, us, ns by their size


def read_rows(name: str, data: bytes) -> Floats:
    """Rows `[ts ms UTC, open, high, low, close, volume]` of a parquet file, in its order; what is missing is NaN.

    Args:
        name: of the file; naive times are UTC, and KST in files named like `KRW-BTC_day.parquet`.
        data: its bytes.

    Raises:
        UsageError: the file is damaged, or has no candles.
    """
    frame = _read(name, data)
    frame.columns = [str(column).strip().lower() for column in frame.columns]
    missing = [field for field in FIELDS if field not in frame.columns]
    if missing:
        raise UsageError(f"{name!r} has no column {missing[0]!r}; candles need {', '.join(FIELDS)}")
    if duplicate := next((c for c in (*FIELDS, *TIMES) if list(frame.columns).count(c) > 1), None):
        raise UsageError(f"{name!r} has more than one column {duplicate!r}; leave one")
    zone = _KST if _PUBLISHED_BY_BOT.search(name) else "UTC"
    values = frame[list(FIELDS)].apply(_numbers).to_numpy(dtype=np.float64)
    return np.column_stack([_milliseconds(name, _times(name, frame), zone), values])


def _read(name: str, data: bytes) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        frame: pd.DataFrame = pd.read_parquet(stream_of(data))
    except (ValueError, TypeError, OSError, pa.ArrowException) as error:
        raise UsageError(f"{name!r} cannot be read as parquet: {' '.join(str(error).split())[:200]}") from None
    return frame


def _times(name: str, frame: pd.DataFrame) -> pd.Series[Any]:
    import pandas as pd

    column = next((c for c in TIMES if c in frame.columns), None)
    if column:
        return frame[column]
    if isinstance(frame.index, pd.DatetimeIndex) or str(frame.index.name).lower() in TIMES:
        return frame.index.to_series()
    raise UsageError(f"{name!r} has no time column; it is looked for as {', '.join(TIMES)}, or as the index")


def _numbers(column: pd.Series[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.to_numeric(column, errors="coerce")


def _milliseconds(name: str, times: pd.Series[Any], zone: str) -> Floats:
    """As float64: exact for whole ms, NaN where there is no time."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(times):
        return _unix(name, times.to_numpy(dtype=np.float64))
    try:
        stamps = pd.to_datetime(times, format="ISO8601", errors="coerce", utc=_carry_offsets(times))
        if stamps.dt.tz is None:
            stamps = stamps.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    except (ValueError, TypeError, AttributeError):
        raise UsageError(_UNREADABLE.format(name)) from None
    if len(stamps) and stamps.isna().all():
        raise UsageError(_UNREADABLE.format(name))
    ms = stamps.dt.tz_convert("UTC").dt.as_unit("ms")
    return np.asarray(np.where(ms.isna(), np.nan, ms.astype("int64")), dtype=np.float64)


def _unix(name: str, numbers: Floats) -> Floats:
    """Unix times in ms: seconds, ms, us or ns by their size."""
    middle = float(np.nanmedian(numbers)) if np.isfinite(numbers).any() else 0.0
    if not _FIRST_SECOND <= abs(middle) < np.inf and len(numbers):
        raise UsageError(f"the times of {name!r} are numbers, but no Unix times; {_REMEDY}")
    return np.asarray(numbers * next((factor for limit, factor in _UNITS if abs(middle) < limit), 1.0))


def _carry_offsets(times: pd.Series[Any]) -> bool:
    """Whether text says its own offset: then it needs no zone."""
    first = next((str(t) for t in times if isinstance(t, str)), "")
    return bool(re.search(r"(Z|[+-]\d{2}:?\d{2})$", first.strip()))
