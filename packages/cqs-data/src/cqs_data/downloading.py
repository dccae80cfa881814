"""`download` and `sql`: the lake filled and asked in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import ExchangeError, Frame, Lake, warn_of_data
from cqs_core.jobs import waiting
from cqs_core.lake import candle_frame, with_sets
from cqs_data.bars import Bars
from cqs_data.fetching import fetch, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import PathLike

    from cqs_core import Bucket, Series
    from cqs_core.time.clock import Time
    from cqs_data.fetching import Fetched, Selection


def download(
    symbols: str | Sequence[str],
    start: Time | None = None,
    end: Time | None = None,
    interval: str = "1d",
    *,
    exchange: str | None = None,
    quote: str | None = None,
    endpoint: str | None = None,
    bucket: Bucket | str | PathLike[str] | None = None,
) -> Bars:
    """Fetch missing candles, then return the range from the lake; stored candles are not requested again.

    Notes, and rows that were rejected or flagged, are warnings (`cqs_core.DataWarning`).

    Args:
        symbols: `BTC`, `BTC/KRW`, `KRW-BTC`, patterns such as `*/KRW`, or `@name` of a saved set; text with
            commas is a list too.
        start: first candle by its open; None is all that the exchange has.
        end: a date includes that day, a time does not include itself; None is now.
        interval: of the candles.
        exchange: default CQS_EXCHANGE.
        quote: of bare symbols.
        endpoint: base URL instead of the real exchange; default CQS_ENDPOINT.
        bucket: default CQS_BUCKET.

    Returns:
        by symbol as given, by market where a pattern named it.

    Raises:
        UsageError: a name or a date is wrong.
        ExchangeError: a series could not be completed, or the exchange showed no candles where they are expected; what
            came is stored.

    >>> bars = download(["BTC", "ETH"], "2024-01-01", "2024-01-07")
    >>> bars.wide("close").shape
    (7, 2)
    """
    from cqs_core.cli import open_bucket

    named = with_sets(symbols, lambda: open_bucket(bucket), exchange, quote)
    selection = select(named, interval, exchange, start, end, quote)
    lake = Lake(open_bucket(bucket, write=True))
    done = fetch(lake, selection, endpoint)
    lake.publish([one.series for one in done if one.rows])
    _raise_failed(done)
    wanted = _named(selection, [one.series for one in done])
    for note in [note for one in done for note in _notes(one)]:
        warn_of_data(note)
    frames = {name: _frame(lake, series, selection) for name, series in wanted.items()}
    return Bars(frames, selection.intervals[0])


def sql(query: str, /, *, bucket: Bucket | str | PathLike[str] | None = None, **parameters: Any) -> Frame:
    """One SELECT over all candles and the tables of the packages (`show tables`), as a DataFrame.

    Args:
        query: values in it are `$name`.
        bucket: default CQS_BUCKET.
        parameters: values by name; a frame (pandas, polars, Arrow, DuckDB) is a table of that name instead.

    Returns:
        the rows; times are datetime64[us, UTC]. `to_polars()`, `to_arrow()` and `relation()` go on from there.

    Raises:
        UsageError: not one SELECT, PIVOT, DESCRIBE or SHOW, or DuckDB does not understand it.

    >>> bars = download(["BTC", "ETH"], "2024-01-01", "2024-01-07")
    >>> sql("select market, count(*) as days from candles group by market order by market")
        market  days
    0  BTC/KRW     7
    1  ETH/KRW     7
    """
    from cqs_core.cli import open_bucket

    with waiting("query"):
        return Frame(Lake(open_bucket(bucket)).sql(query, **parameters).to_pandas())


def _raise_failed(done: Sequence[Fetched]) -> None:
    for one in done:
        if one.error:
            raise one.error
        for doubt in one.doubtful:
            raise ExchangeError(doubt.description(one.series))


def _notes(one: Fetched) -> Iterator[str]:
    if one.note:
        yield f"{one.series}: {one.note}"
    if one.rejected:
        yield f"{one.series}: {one.rejected:,} rows were rejected; they are in data/quarantine, each with its reason"
    if one.flagged:
        yield f"{one.series}: {one.flagged:,} rows jump absurdly; they are stored, and noted in data/quarantine"


def _frame(lake: Lake, series: Series, selection: Selection) -> Frame:
    """Candles of the requested interval, even if the exchange has only shorter ones."""
    found = lake.derived(series._replace(interval=selection.intervals[0]), selection.start, selection.end)
    if found.note:
        warn_of_data(found.note)
    return candle_frame(found.table)


def _named(selection: Selection, fetched: Sequence[Series]) -> dict[str, Series]:
    """Series by symbol as given; those that only a pattern names, by their market."""
    by_market = {series.market: series for series in fetched}
    named = selection.named(by_market).items()
    plain = {symbol: by_market[market] for symbol, market in named if market in by_market}
    given = {series.market for series in plain.values()}
    return plain | {market: series for market, series in by_market.items() if market not in given}
