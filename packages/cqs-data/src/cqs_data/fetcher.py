"""`OHLCVFetcher`: the neighbours' way to download."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from cqs_core import ExchangeError, Lake, UsageError, plugins, settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core import Series
    from cqs_data.fetching import Selection


class OHLCVFetcher:
    """Downloads candles into the lake, and hands them out.

    Args:
        exchange: its id; default CQS_EXCHANGE.
        bucket: folder or URL; default the configured one.
        quote: of bare symbols.
        endpoint: base URL instead of the real exchange; default CQS_ENDPOINT.

    Attributes:
        data: what was downloaded, by symbol as given and interval: index `timestamp` (UTC), open, high, low, close,
            volume.
    """

    def __init__(
        self,
        exchange: str | None = None,
        bucket: str | None = None,
        quote: str | None = None,
        endpoint: str | None = None,
    ) -> None:
        self.exchange = plugins().exchange(exchange or settings().exchange).id
        self.quote = quote
        self.endpoint = endpoint
        self._bucket = bucket
        self.data: dict[tuple[str, str], pd.DataFrame] = {}

    def download(
        self,
        symbols: str | Sequence[str],
        interval: str = "1d",
        start: str | dt.date | None = None,
        end: str | dt.date | None = None,
    ) -> dict[str, pd.DataFrame]:
        """Fetch what the lake lacks, then return the range from the lake.

        Args:
            symbols: `BTC`, `BTC/KRW`, `KRW-BTC`, or patterns such as `*/KRW`; text with commas is a list too.
            interval: one.
            start: first candle by its open; None is all that the exchange has.
            end: a date includes that day, a time does not include itself; None is now.

        Returns:
            by symbol as given, by market where a pattern named it: index `timestamp` (UTC), open, high, low, close,
            volume.

        Raises:
            UsageError: a name or a date is wrong.
            ExchangeError: a series could not be completed, or the exchange showed no candles where they are expected;
                what came is stored.
        """
        from cqs_core.cli import open_bucket
        from cqs_data.fetching import fetch, select

        selection = select(symbols, interval, self.exchange, start, end, self.quote)
        lake = Lake(open_bucket(self._bucket, write=True))
        done = fetch(lake, selection, settings(endpoint=self.endpoint).endpoint)
        self._publish(lake, [one.series for one in done if one.rows])
        for one in done:
            if one.error:
                raise one.error
            for doubt in one.doubtful:
                raise ExchangeError(doubt.description(one.series))
        wanted = self._names(selection, [one.series for one in done])
        frames = {name: self._frame(lake, series, selection) for name, series in wanted.items()}
        self.data |= {(name, selection.intervals[0]): frame for name, frame in frames.items()}
        return frames

    @staticmethod
    def _frame(lake: Lake, series: Series, selection: Selection) -> pd.DataFrame:
        """Of the interval that was asked for, also where the exchange has only shorter ones."""
        found = lake.derived(series._replace(interval=selection.intervals[0]), selection.start, selection.end)
        if found.note:
            warnings.warn(found.note, stacklevel=4)
        frame: pd.DataFrame = found.table.to_pandas()
        frame.index = frame.pop("ts").rename("timestamp")
        return frame

    @staticmethod
    def _names(selection: Selection, fetched: Sequence[Series]) -> dict[str, Series]:
        """Series by symbol as given; those that only a pattern names, by their market."""
        by_market = {series.market: series for series in fetched}
        named = selection.named(by_market).items()
        plain = {symbol: by_market[market] for symbol, market in named if market in by_market}
        given = {series.market for series in plain.values()}
        return plain | {market: series for market, series in by_market.items() if market not in given}

    def save_to_csv(self, folder: str | Path) -> list[Path]:
        """Write what was downloaded to `{folder}/{BASE}_{interval}.csv`: timestamp (ISO, UTC), open … volume.

        Raises:
            UsageError: nothing was downloaded yet.
        """
        if not self.data:
            raise UsageError("nothing to save; call download(symbols=…) first")
        Path(folder).mkdir(parents=True, exist_ok=True)
        written = []
        for (symbol, interval), frame in self.data.items():
            path = Path(folder) / f"{symbol.replace('/', '-').replace(':', '-')}_{interval}.csv"
            frame.to_csv(path, date_format="%Y-%m-%dT%H:%M:%S+00:00")
            written.append(path)
        return written

    @staticmethod
    def _publish(lake: Lake, series: Sequence[object]) -> None:
        from cqs_core.lake.publishing import at_home, publish

        publish(lake, at_home(series))  # type: ignore[arg-type]
