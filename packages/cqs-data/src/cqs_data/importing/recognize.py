"""Recognizes a file of candles before anything is stored: all of it is read, or it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import Series, parse_interval
from cqs_core.lake import stamps
from cqs_data.importing import bars
from cqs_data.importing.column_mapping import ColumnMapping, closes, find_columns, known_formats
from cqs_data.importing.formats import FUTURES, QUOTE_VOLUME, in_coins
from cqs_data.importing.market import is_inverse, market, spot
from cqs_data.importing.naming import Hint, hint_of, interval_of
from cqs_data.importing.raw_table import RawTable, read_table
from cqs_data.importing.rows import chosen, of_one_symbol, values_of
from cqs_data.importing.spacing import decide_interval
from cqs_data.importing.stamps import Stamps, localized, read_stamps
from cqs_data.importing.zones import Zone, choose_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core.lake import Cleaned
    from cqs_data.importing.import_options import Options


@dataclass(frozen=True)
class Recognized:
    """A file, understood.

    Attributes:
        file: its name.
        format: the name of what it is.
        details: delimiter, encoding, time column and unit, for people.
        series: whose candles they are.
        zone: the clock of its times, and why.
        checked: its candles, and the rows that are none.
        empty: rows without a price: bars in which nothing was traded, or not recorded.
        notes: what the user should know.
    """

    file: str
    format: str
    details: str
    series: Series
    zone: Zone
    checked: Cleaned
    empty: int
    notes: Sequence[str]

    @property
    def first(self) -> int:
        """Open of the first candle, ms UTC."""
        return int(stamps(self.checked.table)[0])

    @property
    def last(self) -> int:
        """Open of the last candle, ms UTC."""
        return int(stamps(self.checked.table)[-1])


def recognize(name: str, data: bytes, options: Options) -> Recognized:
    """Read a file that is not an archive.

    Args:
        name: of the file, without folders; says market and interval where nothing else does.
        data: its bytes.
        options: what the user says.

    Raises:
        UsageError: it is not a file of candles, or contradicts the options; the message says what it looks like.
    """
    table, columns = _table(name, data, options)
    hint = hint_of(name)
    found = read_stamps(name, _times(table.frame, columns), options.pattern)
    interval = decide_interval(name, _said_interval(table, columns, options), hint.interval, found.ms)
    series = Series(options.exchange, market(name, table, columns, options, hint), interval)
    zone = choose_zone(options.zone, columns.format.zone, options.exchange, interval, found)
    stamp = options.stamp or ("close" if closes(columns.fields) else columns.format.stamp)
    if is_inverse(series.market):
        columns = in_coins(columns, table.frame)
    ms = localized(found, zone.name)
    opens = bars.opens_of(interval, ms) if stamp == "close" else ms
    rows = np.column_stack([opens, bars.values(name, table, columns, options)])
    empty = bars.without_prices(rows)
    checked = bars.checked(name, rows[~empty], series, zone)
    return Recognized(
        file=name,
        format=columns.format.name,
        details=_details(table, columns, found, stamp),
        series=series,
        zone=zone,
        checked=checked,
        empty=int(empty.sum()),
        notes=_notes(table, columns, hint, series, checked),
    )


def _table(name: str, data: bytes, options: Options) -> tuple[RawTable, ColumnMapping]:
    """The rows that are meant, and what their columns are."""
    for one in known_formats():
        frame = one.table(name, data)
        if frame is not None:
            table = RawTable(frame.rename(columns=str), headless=False, kind=one.name)
            columns = ColumnMapping(one, {**(one.columns(table.frame, headless=False) or {}), **options.columns})
            return chosen(name, table, columns, options.where, options.exchange), columns
    table, where = of_one_symbol(name, read_table(name, data, options.delimiter, options.decimal), options.where)
    columns = find_columns(name, table, options.columns)
    return chosen(name, table, columns, where, options.exchange), columns


def _times(frame: pd.DataFrame, columns: ColumnMapping) -> pd.Series[Any]:
    """The column of times; separate columns of day and time of day are combined."""
    time = frame[columns.fields["time"]]
    if "clock" not in columns.fields:
        return time
    return time.astype("string").str.strip() + " " + _clock(frame[columns.fields["clock"]])


def _clock(column: pd.Series[Any]) -> pd.Series[Any]:
    """Times of day as text; numbers such as 930 and 93000 with all of their digits."""
    import pandas as pd

    if not pd.api.types.is_integer_dtype(column):
        return column.astype("string").str.strip()
    width = 6 if int(column.max()) > 2359 else 4
    return column.astype("string").str.zfill(width)


def _said_interval(table: RawTable, columns: ColumnMapping, options: Options) -> str | None:
    """As the call or a column says it."""
    column = columns.fields.get("interval")
    said = interval_of(values_of(table.frame, column)[0]) if column and len(table.frame) else None
    return parse_interval(options.interval) if options.interval else said


def _details(table: RawTable, columns: ColumnMapping, found: Stamps, stamp: str) -> str:
    parts = [table.kind, {"\t": "tab", " ": "spaces"}.get(table.delimiter, table.delimiter), table.encoding]
    time = columns.fields["time"] or "first column"
    return ", ".join([*(part for part in parts if part), f"time {time!r} ({found.unit})", f"stamped at {stamp}"])


def _notes(table: RawTable, columns: ColumnMapping, hint: Hint, series: Series, checked: Cleaned) -> list[str]:
    notes = [columns.format.note] if columns.format.note else []
    notes = [note for note in notes if note != FUTURES or series.market == spot(series.market)]
    if any(table.tickers) and QUOTE_VOLUME not in notes:
        notes.append(QUOTE_VOLUME)
    if columns.fields["volume"] != "none" and not checked.table.column("volume").to_numpy().any():
        notes.append("all volumes are 0: index or mark prices have none; name another column with --columns volume=…")
    if hint.market and hint.market not in (series.market, spot(series.market)):
        notes.append(f"the file is named like one of {hint.market}, and is taken as {series.market}")
    if hint.interval and hint.interval != series.interval:
        notes.append(f"the file is named like one of {hint.interval}, and is of {series.interval}")
    return notes
