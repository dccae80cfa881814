"""One feature as arrays: what is unclear about its times or values is refused, with the remedy."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.request import unified
from cqs_core import UsageError
from cqs_core.time.clock import iso, now
from cqs_core.time.intervals import DAY, HOUR, MINUTE, length, next_open
from cqs_core.trading import MARKETS, Feature, FeatureValues, by_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core.trading import Stamps

NAME = re.compile(r"[^\W\d][\w-]{0,63}")
_MONTH = 28 * DAY, 31 * DAY
_DELAY = re.compile(r"(-?\d+(?:\.\d+)?)\s*([smhdw])")
_DELAY_UNITS = {"s": 1000, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_SHARE = 0.5  # of steps that must be the usual one


def read_feature(name: str, given: object, exchange: str, markets: Sequence[str], interval: str) -> FeatureValues:
    """A feature as a run can use it.

    Args:
        name: letters, digits, `_` and `-`.
        given: a `Feature`, a table, or what was read before.
        exchange: of the markets.
        markets: that are traded; a frame has a column for each.
        interval: of the candles.

    Raises:
        UsageError: its name, its times, its columns or its values are not clear.
        DataError: it is not a table, or has no times.
    """
    if isinstance(given, FeatureValues):
        return given
    if not NAME.fullmatch(name):
        raise UsageError(f"feature {name!r} cannot be called so; use letters, digits, '_' and '-'")
    asked = given if isinstance(given, Feature) else Feature(given)
    frame = by_time(f"feature {name!r}", asked.table)
    frame = _wide(name, frame)
    ts = _stamps(name, frame.index)
    values = _values(name, _columns(name, frame, asked.table, exchange, markets))
    step = _step(ts)
    known_at, known = _known_at(name, ts, asked.known, step, interval)
    return FeatureValues(ts, known_at, values, known, step, asked.source).sealed()


def _wide(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table with a row a time and market as one with a column a market."""
    column = next((column for column in MARKETS if column in frame.columns), None)
    if column is None or len(frame.columns) != 2:
        return frame
    [value] = [other for other in frame.columns if other != column]
    pairs = frame.reset_index()
    time = pairs.columns[0]
    if pairs.duplicated([time, column]).any():
        at = pairs[pairs.duplicated([time, column])].iloc[0]
        raise UsageError(f"feature {name!r} has {at[column]} at {at[time]} twice; drop duplicates")
    return pairs.pivot_table(index=time, columns=column, values=value, aggfunc="first")


def _stamps(name: str, index: pd.Index[Any]) -> Stamps:
    import pandas as pd

    if not isinstance(index, pd.DatetimeIndex):
        raise UsageError(f"feature {name!r} is not indexed by time; set a DatetimeIndex with a time zone")
    if index.tz is None:
        raise UsageError(
            f"feature {name!r} has no time zone; say which one its times are in, such as .tz_localize('UTC')"
        )
    if not len(index):
        raise UsageError(f"feature {name!r} is empty; give values over the dates of the run")
    if index.hasnans:
        raise UsageError(f"feature {name!r} has a row without a time; drop it")
    ts: Stamps = index.tz_convert("UTC").as_unit("ms").asi8
    step = np.diff(ts)
    if (step == 0).any():
        raise UsageError(f"feature {name!r} has the time {index[int(np.argmax(step == 0))]} twice; drop duplicates")
    if (step < 0).any():
        raise UsageError(f"feature {name!r} is not sorted by time; sort its index")
    if ts[-1] > now() + DAY:
        raise UsageError(
            f"feature {name!r} has values of {iso(int(ts[-1]))[:16]}, which is still to come; "
            "cut it, or stamp its values with the time at which they were known"
        )
    return ts


def _columns(
    name: str, frame: pd.DataFrame, table: object, exchange: str, markets: Sequence[str]
) -> pd.DataFrame | pd.Series[Any]:
    """The one column of a series, or a column a traded market, in their order."""
    import pandas as pd

    if isinstance(table, pd.Series):
        return frame.iloc[:, 0]
    named = {_market(str(column), exchange, markets): column for column in frame.columns}
    found = [market for market in markets if market in named]
    if not found and len(frame.columns) == 1:
        return frame.iloc[:, 0]
    if not found:
        text = ", ".join(map(str, frame.columns[:6]))
        raise UsageError(f"feature {name!r} has columns {text}; give one column, or one a symbol: {', '.join(markets)}")
    if lacking := [market for market in markets if market not in named]:
        raise UsageError(f"feature {name!r} has no column of {lacking[0]}; give one to each symbol that is traded")
    return frame[[named[market] for market in markets]]


def _market(column: str, exchange: str, markets: Sequence[str]) -> str:
    quote = markets[0].partition("/")[2]
    try:
        return unified(column, exchange, None if "/" in column or "-" in column else quote)
    except UsageError:
        return column


def _values(name: str, table: pd.DataFrame | pd.Series[Any]) -> np.ndarray:
    """Float64, or text."""
    import pandas as pd

    frame = table.to_frame() if isinstance(table, pd.Series) else table
    if all(pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind) for kind in frame.dtypes):
        made = frame.astype("float64").to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        made = _texts(name, frame)
    return np.ascontiguousarray(made[:, 0] if isinstance(table, pd.Series) else made)


def _texts(name: str, frame: pd.DataFrame) -> np.ndarray:
    cells = frame.astype(object).to_numpy()
    unknown = frame.isna().to_numpy()
    wrong = np.array([not isinstance(cell, str) for cell in cells.ravel()]).reshape(cells.shape) & ~unknown
    if wrong.any():
        kind = type(cells[wrong][0]).__name__
        raise UsageError(f"feature {name!r} has a value of type {kind}; give numbers, or text")
    return np.where(unknown, "", cells).astype(str)


def _step(ts: Stamps) -> int:
    """The usual distance of two stamps, ms; 0 if there is none. A day with 23 hours is an exception."""
    if len(ts) < 2:
        return 0
    sizes, counts = np.unique(np.diff(ts), return_counts=True)
    if sizes[0] >= _MONTH[0] and sizes[-1] <= _MONTH[1]:
        return _MONTH[1]
    usual = int(sizes[np.argmax(counts)])
    regular = counts.max() >= _SHARE * counts.sum() and sizes[0] >= 0.9 * usual
    return usual if regular else 0


def _known_at(name: str, ts: Stamps, known: Any, step: int, interval: str) -> tuple[Stamps, str]:
    """From when on each value may be used, and what was asked in words."""
    if known == "open":
        return ts, "open"
    if known == "close":
        if len(ts) > 1 and not step:
            raise UsageError(
                f"feature {name!r} has no usual step between its times, so that its bars have no close; say when its "
                "values are known: Feature(table, known='open') from their times on, or a timedelta after them"
            )
        return _closes(ts, step, interval), "close"
    delay = _milliseconds(name, known)
    return ts + delay, str(delay)


def _closes(ts: Stamps, step: int, interval: str) -> Stamps:
    if len(ts) < 2:
        return np.array([next_open(interval, int(at)) if interval == "1M" else at + length(interval) for at in ts])
    if step == _MONTH[1]:
        return np.array([next_open("1M", int(at)) for at in ts], dtype=np.int64)
    return ts + step


def _milliseconds(name: str, known: Any) -> int:
    import pandas as pd

    text = _DELAY.fullmatch(known.strip()) if isinstance(known, str) else None
    if text is not None:
        delay = float(text[1]) * _DELAY_UNITS[text[2]]
    elif isinstance(known, dt.timedelta | np.timedelta64) and not pd.isna(known):
        delay = pd.Timedelta(known) / pd.Timedelta(1, "ms")
    else:
        raise UsageError(
            f"feature {name!r} is known {known!r}; write close, open, or a time after its stamp such as 1d"
        )
    if delay < 0:
        raise UsageError(f"feature {name!r} would be known before its own times ({known}); known must not be negative")
    return int(delay)
