"""`load_processed_data`: candles for whoever wants DataFrames and no questions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cqs_core import Lake, Series, UsageError, parse_interval, plugins, resolve, settings
from cqs_core.candles import FIELDS
from cqs_core.times import parse_range

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


def load_processed_data(
    symbols: str | Sequence[str],
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    interval: str = "1d",
    exchange: str | None = None,
    quote: str | None = None,
) -> dict[str, pd.DataFrame]:
    """Candles out of the configured bucket: from the lake, or from `data/processed` where the lake has none.

    Args:
        symbols: `BTC`, `BTC/KRW` or `KRW-BTC`, in any number.
        start: first candle by its open, naive means UTC.
        end: a date includes that day, a time does not include itself.
        interval: of the candles.
        exchange: default CQS_EXCHANGE.
        quote: of bare symbols.

    Returns:
        by symbol as given: columns open, high, low, close, volume (float64); index `timestamp`, UTC, ascending.

    Raises:
        UsageError: a name or date is wrong, or there are no candles of a symbol.
    """
    from cqs_core.cli import open_bucket

    wanted = [symbols] if isinstance(symbols, str) else list(symbols)
    if not wanted:
        raise UsageError("no symbols; name some, as ['BTC', 'ETH']")
    bounds, name, now = parse_range(start, end), parse_interval(interval), settings()
    chosen = plugins().exchange(exchange or now.exchange)
    home = {"home": now.exchange, "home_quote": now.quote, "id_form": chosen.id_form}
    lake = Lake(open_bucket())
    found = {}
    for symbol in wanted:
        market = resolve(symbol, chosen.id, quote=quote, **home)
        found[symbol] = _load(lake, Series(chosen.id, market, name), *bounds)
    return found


def _load(lake: Lake, series: Series, start: int | None, end: int | None) -> pd.DataFrame:
    frame = lake.frame(series, start, end)
    if frame.empty and not lake.objects(series):
        frame = _published(lake, series, start, end)
    if frame.empty:
        fetch = f"cqs fetch --exchange {series.exchange} --symbols {series.market} --interval {series.interval}"
        raise UsageError(f"no candles of {series} in {lake.bucket.url!r} in these dates; fetch them: {fetch}")
    return frame


def _published(lake: Lake, series: Series, start: int | None, end: int | None) -> pd.DataFrame:
    """The file of the neighbours, if the series is at home; empty where there is none."""
    import pandas as pd

    from cqs_core.lake.publish import at_home_market, key

    empty = pd.DataFrame(columns=list(FIELDS), index=pd.DatetimeIndex([], tz="UTC", name="timestamp"))
    if not at_home_market(series):
        return empty
    try:
        data = lake.bucket.read(key(series.market.partition("/")[0], series.interval))
    except FileNotFoundError:
        return empty
    frame = pd.read_parquet(io.BytesIO(data))
    frame = frame.set_index("timestamp") if "timestamp" in frame else frame
    index = pd.DatetimeIndex(frame.index)
    frame.index = (index.tz_localize("UTC") if index.tz is None else index.tz_convert("UTC")).as_unit("ms")
    frame = frame.rename_axis("timestamp").sort_index()[list(FIELDS)].astype("float64")
    low, high = (None if at is None else pd.Timestamp(at, unit="ms", tz="UTC") for at in (start, end))
    return frame.loc[low : None if high is None else high - pd.Timedelta(1, "ms")]
