"""`OHLCVFetcher`: the neighbours' way to download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cqs_core import Lake, UsageError, plugins, settings

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


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
        symbols: Sequence[str],
        interval: str = "1d",
        start: str | dt.date | None = None,
        end: str | dt.date | None = None,
    ) -> dict[str, pd.DataFrame]:
        """Fetch what the lake lacks, then return the range from the lake, by symbol as given.

        Raises:
            UsageError: a name or a date is wrong.
            ExchangeError: a series could not be completed; the others are stored.
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
        frames = {
            symbol: lake.frame(one.series, selection.start, selection.end)
            for symbol, one in zip(symbols, done, strict=False)
        }
        self.data |= {(symbol, selection.intervals[0]): frame for symbol, frame in frames.items()}
        return frames

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
        from cqs_core.lake.publish import at_home, publish

        publish(lake, at_home(series))  # type: ignore[arg-type]
