"""Turns rows of a table into candles: numbers, opens, and rows that are not candles."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import FIELDS, UsageError
from cqs_core.lake import clean
from cqs_core.time import clock, intervals
from cqs_data.importing import numbers
from cqs_data.importing.grid import why_off_grid

if TYPE_CHECKING:
    import pandas as pd

    from cqs_core import Series
    from cqs_core.lake import Cleaned
    from cqs_core.trading import Floats
    from cqs_data.importing.column_mapping import ColumnMapping
    from cqs_data.importing.import_options import Options
    from cqs_data.importing.raw_table import RawTable
    from cqs_data.importing.zones import Zone

EARLIEST = clock.parse_start("2009-01-01") or 0  # no coin was traded before
_UNUSABLE = 0.05  # share of rows above which a file is not what it was taken for
_CONTINUED = 20  # candles that show whether bars open where the ones before closed
_FARTHER = 5  # times as far as they would be the other way around
_SAMPLE = 500  # cells of a column that show how numbers are written


def values(name: str, table: RawTable, columns: ColumnMapping, options: Options) -> Floats:
    """(n, 5) open, high, low, close, volume; NaN where there is no number.

    Raises:
        UsageError: numbers are written in two ways, or in one that can be read in two.
    """
    frame, fields = table.frame, [columns.fields[what] for what in FIELDS]
    text = [column for column in dict.fromkeys(fields) if column != "none" and _is_text(frame[column])]
    cells = (cell for column in text for cell in _telling(frame[column].dropna().astype(str)))
    style = numbers.style_of(cells, name, options.decimal, dots=table.delimiter == ";")
    if style.decimal == "," and any(c != "none" and frame[c].dtype.kind == "f" for c in fields) and table.delimiter:
        raise UsageError(f"numbers of {name!r} have decimal commas and decimal points; say --decimal . or ,")
    zero = np.zeros(len(frame))
    return np.column_stack([zero if c == "none" else numbers.to_numbers(frame[c], style).to_numpy() for c in fields])


def _telling(cells: pd.Series[Any]) -> list[str]:
    """The first cells of a column, and the first that have a comma: it may come late."""
    return [*cells.head(_SAMPLE), *cells[cells.str.contains(",", regex=False)].head(_SAMPLE)]


def opens_of(interval: str, ends: Floats) -> Floats:
    """The opens of bars that are stamped at their end, also a moment before it, as 23:59:59.999."""
    good = np.isfinite(ends)
    opened = [intervals.floor(interval, int(at) - 1) for at in ends[good]]
    result = np.full(len(ends), np.nan)
    result[good] = opened
    return result


def without_prices(rows: Floats) -> Any:
    """Rows with a time and without any price: how sparse series mark bars without a trade."""
    return np.isfinite(rows[:, 0]) & np.isnan(rows[:, 1:5]).all(axis=1)


def checked(name: str, rows: Floats, series: Series, zone: Zone) -> Cleaned:
    """The candles among rows `[ts, open, high, low, close, volume]`, and the rows that are none.

    Raises:
        UsageError: more than a few per cent are none.
    """
    closed = intervals.floor(series.interval, clock.now())
    found = clean(_one_each(rows), series.interval, EARLIEST, closed, closed)
    reasons = Counter(reject.reason for reject in found.rejects)
    if reasons["unfinished"] == 1:  # the bar that was open
        del reasons["unfinished"]
    bad, good = reasons.total(), len(found.table)
    if bad > _UNUSABLE * (bad + good):
        reason = reasons.most_common(1)[0][0]
        count = "no row" if not good else f"{bad:,} of {bad + good:,} rows"
        what = "is a candle" if not good else "are not candles"
        raise UsageError(f"{count} of {name!r} {what} of {series.interval!r}: {_why(reason, rows, series, zone)}")
    if not good:
        raise UsageError(
            f"{name!r} has no closed candle of {series.interval!r}: {_why('unfinished', rows, series, zone)}"
        )
    _refuse_swapped(name, found)
    return found


def _refuse_swapped(name: str, found: Cleaned) -> None:
    """Refuse files whose closes are the opens of the bars before: a bar opens about where the last one closed."""
    opened, close = (found.table.column(field).to_numpy() for field in ("open", "close"))
    if len(opened) < _CONTINUED:
        return
    forward, backward = np.median(np.abs(opened[1:] - close[:-1])), np.median(np.abs(close[1:] - opened[:-1]))
    if forward > _FARTHER * backward:
        raise UsageError(
            f"open and close of {name!r} look swapped: bars close where the ones before opened; check --columns"
        )


def _why(reason: str, rows: Floats, series: Series, zone: Zone) -> str:
    """The fault and the remedy."""
    if reason == "off_grid":
        return why_off_grid(series.interval, rows[:, 0], zone.name)
    if reason == "not_a_number" and np.isfinite(rows[:, :5]).all():
        return "rows have no volume: name its column with --columns volume=…, or store 0 with --columns volume=none"
    return {
        "duplicate": "times appear more than once with different values: it may hold several markets (--where)",
        "inconsistent": "the high is below another price, or the low above one: check --columns",
        "not_a_number": "times, prices or volumes are not numbers: check --columns, --decimal and --date-format",
        "unfinished": "their times are in the future: check --columns and --date-format",
        "outside": "their times are before 2009 or in the future: check --columns and --date-format",
        "price": "prices are not above 0: check --columns",
        "volume": "volumes are below 0: check --columns",
    }.get(reason, f"{reason}: check --columns")


def _one_each(rows: Floats) -> Floats:
    """Without rows that are there twice to the last digit, as in files that overlap."""
    if len(np.unique(rows[:, 0])) == len(rows):  # whole rows take ten times as long to compare
        return rows
    _, index = np.unique(rows, axis=0, return_index=True)
    return np.asarray(rows[np.sort(index)])


def _is_text(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(column.dtype == object or pd.api.types.is_string_dtype(column))
