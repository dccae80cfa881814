"""What a file of candles is, decided before anything of it is stored: read all of it, or refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import Series, UsageError, market_of, parse_interval
from cqs_core.lake.cleaning import clean
from cqs_core.lake.table import stamps
from cqs_core.time import clock, intervals
from cqs_data.importing import numbers, spacing
from cqs_data.importing.columns import Columns, closes, find_columns, known_formats
from cqs_data.importing.formats import QUOTE_VOLUME
from cqs_data.importing.naming import Hint, hint_of, interval_of, market_in
from cqs_data.importing.stamps import Stamps, localized, read_stamps
from cqs_data.importing.tables import Table, read_table
from cqs_data.importing.zones import Zone, choose_zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core.lake.cleaning import Cleaned
    from cqs_core.trading.candles import Floats
    from cqs_data.importing.options import Options

EARLIEST = clock.parse_start("2009-01-01") or 0  # before it nobody traded a coin
_UNUSABLE = 0.05  # share of rows above which a file is not what it was taken for
_SHOWN = 5


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
    table = _chosen(name, table, options, columns)
    hint = hint_of(name)
    found = read_stamps(name, _times(table.frame, columns), options.pattern)
    interval = _interval(name, table, columns, options, hint, found)
    zone = choose_zone(options.zone, columns.format.zone, options.exchange, interval, found)
    series = Series(options.exchange, _market(name, table, columns, options, hint), interval)
    ms = localized(found, zone.name)
    stamp = options.stamp or ("close" if closes(columns.fields) else columns.format.stamp)
    if stamp == "close":
        ms = _opens(interval, ms)
    rows = np.column_stack([ms, _values(name, table, columns, options)])
    empty = _empty(rows)
    checked = _checked(name, rows[~empty], series, zone)
    _refuse_unusable(name, checked, series, zone)
    return Recognized(
        file=name,
        format=columns.format.name,
        details=_details(table, columns, found, stamp),
        series=series,
        zone=zone,
        checked=checked,
        empty=int(empty.sum()),
        notes=_notes(table, columns, hint, series),
    )


def _table(name: str, data: bytes, options: Options) -> tuple[Table, Columns]:
    for one in known_formats():
        frame = one.table(name, data)
        if frame is not None:
            table = Table(frame.rename(columns=str), headless=False, kind=one.name)
            return table, Columns(one, {**(one.columns(table.frame, headless=False) or {}), **options.columns})
    table = read_table(name, data, options.delimiter)
    return table, find_columns(name, table, options.columns)


def _chosen(name: str, table: Table, options: Options, columns: Columns) -> Table:
    """The rows that `--where` asks for; all of them must then be of one symbol and one interval.

    Raises:
        UsageError: a column is unknown, no row fits, or several symbols or intervals are left.
    """
    frame = table.frame
    for column, value in options.where.items():
        key = columns.fields.get(column, column.lower())
        if key not in frame.columns:
            raise UsageError(f"{name!r} has no column {column!r} for --where; it has {', '.join(frame.columns)}")
        have = frame[key].astype("string").str.strip()
        frame = frame[(have == value).fillna(value=False)]
        if not len(frame):
            raise UsageError(f"no row of {name!r} has {value!r} in {column!r}; it has {_some(have)}")
    for what in ("symbol", "interval"):
        if what in columns.fields and (several := _values_of(frame, columns.fields[what]))[1:]:
            raise UsageError(
                f"{name!r} has candles of {len(several)} {what}s ({_listed(several)}); "
                f"choose one: --where {columns.fields[what]}={several[0]}"
            )
    return table._replace(frame=frame.reset_index(drop=True))


def _times(frame: pd.DataFrame, columns: Columns) -> pd.Series[Any]:
    import pandas as pd

    time = frame[columns.fields["time"]]
    if "clock" not in columns.fields or pd.api.types.is_numeric_dtype(frame[columns.fields["clock"]]):
        return time
    return time.astype("string").str.strip() + " " + frame[columns.fields["clock"]].astype("string").str.strip()


def _interval(name: str, table: Table, columns: Columns, options: Options, hint: Hint, found: Stamps) -> str:
    """As given, as a column says, as the times show, or as the file is named.

    Raises:
        UsageError: the times show another one than was given, or none.
    """
    inferred, step = spacing.infer_interval(found.ms), spacing.spacing(found.ms)
    column = columns.fields.get("interval")
    said = interval_of(_values_of(table.frame, column)[0]) if column and len(table.frame) else None
    given = parse_interval(options.interval) if options.interval else said
    if given is None:
        if inferred or (step is None and hint.interval):
            return inferred or hint.interval or ""
        apart = "it has too few rows to tell" if step is None else f"its rows are {spacing.plain(step)} apart"
        raise UsageError(f"the interval of {name!r} is not known: {apart}; say --interval")
    if not spacing.fits(given, found.ms):
        looks = f"like {inferred}: say --interval {inferred}" if inferred else f"{spacing.plain(step or 0)} apart"
        raise UsageError(f"{name!r} is not of interval {given!r}: its rows are {looks}")
    return given


def _market(name: str, table: Table, columns: Columns, options: Options, hint: Hint) -> str:
    """As given, as a column says, or as the file is named.

    Raises:
        UsageError: none is known, or the column says another one than was given.
    """
    said = _said_symbol(table, columns)
    market = market_in(said) if said else None
    if options.market is None:
        if market or hint.market:
            return market or hint.market or ""
        looks = f"its symbol {said!r} can be read in several ways" if said else "nothing in it says so"
        raise UsageError(f"the market of {name!r} is not known: {looks}; say --market BASE/QUOTE")
    given = _resolved(options)
    if market and market != given.partition(":")[0]:
        raise UsageError(f"{name!r} is of {said!r}, which is {market}, not {given}; say --market {market}")
    if said and not market and given.partition("/")[0] not in said.upper() and said != options.market:
        raise UsageError(f"{name!r} is of {said!r}, not of {given}; --where takes the rows of one symbol")
    return given


def _said_symbol(table: Table, columns: Columns) -> str | None:
    column = columns.fields.get("symbol")
    if column and len(table.frame):
        return _values_of(table.frame, column)[0]
    tickers = {cell.strip() for cell in table.extra.get("ticker", []) if cell.strip()}
    return tickers.pop() if len(tickers) == 1 else None


def _resolved(options: Options) -> str:
    """The market that was given: `BTC` by the exchange, a joined symbol such as `BTCUSDT` as it reads anywhere."""
    text = str(options.market)
    joined = market_in(text) if "/" not in text and "-" not in text else None
    return joined or market_of(text, options.exchange)


def _opens(interval: str, ends: Floats) -> Floats:
    """The opens of bars that are stamped at their end, also a moment before it, as 23:59:59.999."""
    good = np.isfinite(ends)
    opened = [intervals.floor(interval, int(at) - 1) for at in ends[good]]
    result = np.full(len(ends), np.nan)
    result[good] = opened
    return result


def _values(name: str, table: Table, columns: Columns, options: Options) -> Floats:
    """(n, 5) open, high, low, close, volume; NaN where there is no number."""
    frame = table.frame
    fields = [columns.fields[what] for what in ("open", "high", "low", "close", "volume")]
    texts = [frame[c].dropna().astype(str).head(500) for c in fields if c in frame.columns and frame[c].dtype == object]
    texts += [frame[c].dropna().astype(str).head(500) for c in fields if c in frame.columns and _is_text(frame[c])]
    style = numbers.style_of((cell for column in texts for cell in column), name, options.decimal)
    zero = np.zeros(len(frame))
    return np.column_stack([zero if c == "none" else numbers.to_numbers(frame[c], style).to_numpy() for c in fields])


def _is_text(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_string_dtype(column))


def _empty(rows: Floats) -> Any:
    """Rows with a time and without any price: how sparse series mark bars without a trade."""
    return np.isfinite(rows[:, 0]) & np.isnan(rows[:, 1:5]).all(axis=1)


def _checked(name: str, rows: Floats, series: Series, zone: Zone) -> Cleaned:
    closed = intervals.floor(series.interval, clock.now())
    checked = clean(_one_each(rows), series.interval, EARLIEST, closed, closed)
    if len(checked.table):
        return checked
    why = f"the first is {checked.rejects[0].reason}" if checked.rejects else "it has no rows"
    raise UsageError(
        f"no row of {name!r} is a candle of {series.interval!r} ({why}, with times read as {zone.name}); "
        "check --interval, --zone and --stamp"
    )


def _one_each(rows: Floats) -> Floats:
    """Without rows that are there twice to the last digit, as in files that overlap."""
    _, index = np.unique(rows, axis=0, return_index=True)
    return rows[np.sort(index)]


def _refuse_unusable(name: str, checked: Cleaned, series: Series, zone: Zone) -> None:
    """Refuse a file with more than a few per cent of rows that are not candles.

    Raises:
        UsageError: naming the commonest reason.
    """
    reasons = [reject.reason for reject in checked.rejects]
    allowed = ["unfinished"] if reasons.count("unfinished") == 1 else []  # the bar that was open
    bad = [reason for reason in reasons if reason not in allowed]
    if len(bad) <= _UNUSABLE * (len(bad) + len(checked.table)):
        return
    reason = max(set(bad), key=bad.count)
    hint = {
        "duplicate": "times stand in it more than once with different values: it may hold several markets (--where)",
        "off_grid": f"they are not opens of {series.interval} in {zone.name}: check --interval, --zone, --stamp",
        "inconsistent": "their high is below another price, or the low above one: check --columns",
        "not_a_number": "check --columns and --decimal",
        "unfinished": "their times are in the future: check --columns and --date-format",
        "outside": "their times are before 2009 or in the future: check --columns and --date-format",
    }.get(reason, "check --columns")
    raise UsageError(f"{len(bad):,} of {len(bad) + len(checked.table):,} rows of {name!r} are {reason}; {hint}")


def _details(table: Table, columns: Columns, found: Stamps, stamp: str) -> str:
    parts = [table.kind, {"\t": "tab", " ": "spaces"}.get(table.delimiter, table.delimiter), table.encoding]
    time = columns.fields["time"] or "first column"
    return ", ".join([*(part for part in parts if part), f"time {time!r} ({found.unit})", f"stamped at {stamp}"])


def _notes(table: Table, columns: Columns, hint: Hint, series: Series) -> list[str]:
    notes = [columns.format.note] if columns.format.note else []
    if "ticker" in table.extra:
        notes.append(QUOTE_VOLUME)
    if hint.market and hint.market != series.market.partition(":")[0]:
        notes.append(f"the file is named like one of {hint.market}, and is taken as {series.market}")
    if hint.interval and hint.interval != series.interval:
        notes.append(f"the file is named like one of {hint.interval}, and is of {series.interval}")
    return notes


def _values_of(frame: pd.DataFrame, column: str) -> list[str]:
    return [str(value).strip() for value in frame[column].dropna().unique()]


def _some(values: pd.Series[Any]) -> str:
    return _listed([str(value) for value in values.dropna().unique()])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
