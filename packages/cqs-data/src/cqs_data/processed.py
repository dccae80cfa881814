"""`load`: candles as DataFrames, in one call."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np

from cqs_core import (
    FIELDS,
    Lake,
    Series,
    UnknownName,
    UsageError,
    market_of,
    parse_interval,
    plugins,
    settings,
    warn_of_data,
)
from cqs_core.jobs import waiting
from cqs_core.lake import candle_frame, own_days, read_rows, stamps, to_fetch, with_sets
from cqs_core.lake.predecessors import FOLDER, merged, predecessor
from cqs_core.lake.publishing import at_home_market, key
from cqs_core.time import intervals
from cqs_core.time.clock import BEYOND, parse_range
from cqs_core.time.intervals import ALIASES
from cqs_core.trading import names_of
from cqs_data.bars import Bars
from cqs_data.fetching.selection import listed, unusual_markets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    import pandas as pd
    import pyarrow as pa

    from cqs_core import Bucket
    from cqs_core.time.clock import Time
    from cqs_core.trading import Floats


def load_processed_data(
    symbols: str | Sequence[str],
    start: Time | None = None,
    end: Time | None = None,
    interval: str = "1d",
    exchange: str | None = None,
    quote: str | None = None,
    fill: str | None = None,
) -> Bars:
    """The same as `load`, under the name that other programs use."""
    return load(symbols, start, end, interval, exchange=exchange, quote=quote, fill=fill)


def load(
    symbols: str | Sequence[str],
    start: Time | None = None,
    end: Time | None = None,
    interval: str = "1d",
    *,
    exchange: str | None = None,
    quote: str | None = None,
    fill: str | None = None,
    bucket: Bucket | str | PathLike[str] | None = None,
) -> Bars:
    """Candles out of the bucket: from the lake, or from `data/processed` where the lake has none; nothing is fetched.

    An interval that the lake does not have is put together from shorter candles, bars that are not whole left out; with
    CQS_DAY_START days begin then, and are always put together.

    Args:
        symbols: `BTC`, `BTC/KRW` or `KRW-BTC`, in any number; `BTC,ETH` is two. `@name` is a saved set.
        start: first candle by its open, naive means UTC.
        end: a date includes that day, a time does not include itself.
        interval: of the candles.
        exchange: default CQS_EXCHANGE.
        quote: of bare symbols.
        fill: `ffill` fills missing bars with the close before them and no volume, and marks them in a bool column
            `filled`; None leaves them out.
        bucket: default CQS_BUCKET.

    Returns:
        by symbol as given: columns open, high, low, close, volume (float64); index `timestamp` (datetime64[us, UTC]),
        ascending. `wide("close")` is one frame of all symbols; `to_polars()` and the like have all rows in one.

    Raises:
        UsageError: a name or date is wrong, or there are no candles of a symbol.

    >>> from cqs_data import download
    >>> stored = download("BTC", "2024-01-01", "2024-01-14")
    >>> bars = load("BTC", "2024-01-08")
    >>> len(bars["BTC"]), bars["BTC"].index[0].date()
    (7, datetime.date(2024, 1, 8))
    >>> len(load("BTC", interval="1w")["BTC"])  # put together from days
    2
    """
    from cqs_core.cli import open_bucket

    symbols = with_sets(symbols, lambda: open_bucket(bucket), exchange, quote)
    wanted = listed(symbols) if isinstance(symbols, str) else names_of(symbols)
    if not wanted:
        raise UsageError("no symbols; name some, as ['BTC', 'ETH']")
    if fill not in {None, "ffill"}:
        raise UnknownName("fill", str(fill), ["ffill"])
    bounds, name, now = parse_range(start, end), parse_interval(interval), settings()
    chosen = plugins().exchange(exchange or now.exchange)
    lake = Lake(open_bucket(bucket))
    found, known = {}, unusual_markets(lake, chosen.id, wanted)
    with waiting(f"load {', '.join(wanted[:5])}"):
        for symbol in wanted:
            market = market_of(symbol, chosen.id, quote, known)
            frame = _load(lake, Series(chosen.id, market, name), *bounds, now.day_start)
            found[symbol] = _filled(frame, name, now.day_start) if fill else frame
    return Bars(found, name)


def _load(lake: Lake, series: Series, start: int | None, end: int | None, day_start: int) -> pd.DataFrame:
    found = lake.derived(series, start, end, day_start)
    table = found.table
    if found.note and len(table):
        warn_of_data(found.note)
    if at_home_market(series) and not own_days(series.interval, day_start):
        table = _with_earlier(lake, series, table, start, end)
    frame: pd.DataFrame = candle_frame(table)
    if frame.empty and lake.source(series, day_start) is None:
        frame = _published(lake, series, start, end)
        if not frame.empty and own_days(series.interval, day_start):
            raise UsageError(
                f"the lake has nothing to put {series} together from, and days of data/processed begin at 00:00 UTC, "
                f"not at CQS_DAY_START; fetch shorter candles: {to_fetch(series, day_start)}"
            )
    if frame.empty:
        lake.refuse(found)
    return frame


def _with_earlier(lake: Lake, series: Series, table: pa.Table, start: int | None, end: int | None) -> pa.Table:
    """With candles that another program published, where the lake has none."""
    name = key(series.market.partition("/")[0], series.interval).rpartition("/")[2]
    earlier = predecessor(lake.bucket, name, series.interval).table
    low, high = np.searchsorted(stamps(earlier), (start or 0, BEYOND if end is None else end))
    return merged(table, earlier.slice(low, high - low))[0] if high > low else table


def _filled(frame: pd.DataFrame, interval: str, day_start: int) -> pd.DataFrame:
    """Every bar between first and last: a missing one has the close before it four times, no volume, and `filled`."""
    import pandas as pd

    shift = day_start if intervals.length(interval) >= intervals.DAY else 0
    ts = pd.DatetimeIndex(frame.index).as_unit("ms").asi8
    every = intervals.opens(interval, int(ts[0]) - shift, int(ts[-1]) - shift + 1) + shift
    index = pd.DatetimeIndex(every.astype("M8[ms]"), tz="UTC", name="timestamp").as_unit("us")
    whole = frame.reindex(index)
    whole["filled"] = whole["close"].isna()
    whole["close"] = whole["close"].ffill()
    for name in ("open", "high", "low"):
        whole[name] = whole[name].fillna(whole["close"])
    whole["volume"] = whole["volume"].fillna(0.0)
    return whole


def _published(lake: Lake, series: Series, start: int | None, end: int | None) -> pd.DataFrame:
    """The published file of a home series, for other programs; empty if there is none."""
    import pandas as pd

    rows = _neighbors_rows(lake, series) if at_home_market(series) else np.empty((0, 6))
    index = pd.DatetimeIndex(rows[:, 0].astype("int64").astype("M8[ms]"), tz="UTC", name="timestamp").as_unit("us")
    frame = pd.DataFrame(rows[:, 1:], columns=list(FIELDS), index=index).sort_index()
    low, high = (None if at is None else pd.Timestamp(at, unit="ms", tz="UTC") for at in (start, end))
    return frame.loc[low : None if high is None else high - pd.Timedelta(1, "ms")]


def _neighbors_rows(lake: Lake, series: Series) -> Floats:
    """Rows of `BTC_1d.parquet`, or of the older `KRW-BTC_day.parquet`, whose naive times are KST."""
    base, _, quote = series.market.partition("/")
    old = next((alias for alias, name in ALIASES.items() if name == series.interval), series.interval)
    for name in (key(base, series.interval), f"{FOLDER}/{quote}-{base}_{old}.parquet"):
        with contextlib.suppress(FileNotFoundError):
            rows = read_rows(name.rpartition("/")[2], lake.bucket.read(name))
            return rows[np.isfinite(rows).all(axis=1)]
    return np.empty((0, 6))
