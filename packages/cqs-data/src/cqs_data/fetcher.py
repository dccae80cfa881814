"""`OHLCVFetcher`: downloads as other programs expect it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cqs_core import UsageError, plugins, settings
from cqs_data.downloading import download

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core import Bucket
    from cqs_core.time.clock import Time
    from cqs_data.bars import Bars


class OHLCVFetcher:
    """Downloads candles into the lake, and hands them out.

    Args:
        exchange: its id; default CQS_EXCHANGE.
        bucket: folder or URL; default the configured one.
        quote: of bare symbols.
        endpoint: base URL instead of the real exchange; default CQS_ENDPOINT.

    Attributes:
        data: the downloaded candles, by symbol as given and interval: index `timestamp` (UTC), open, high, low, close,
            volume.

    >>> fetcher = OHLCVFetcher("upbit")
    >>> frames = fetcher.download(["BTC"], "1d", "2024-01-01", "2024-01-07")
    >>> len(frames["BTC"]), [path.name for path in fetcher.save_to_csv("csv")]
    (7, ['BTC_1d.csv'])
    """

    def __init__(
        self,
        exchange: str | None = None,
        bucket: Bucket | str | None = None,
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
        start: Time | None = None,
        end: Time | None = None,
    ) -> Bars:
        """Fetch missing candles, then return the range from the lake.

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
        frames = download(
            symbols,
            start,
            end,
            interval,
            exchange=self.exchange,
            quote=self.quote,
            endpoint=self.endpoint,
            bucket=self._bucket,
        )
        self.data |= {(name, frames.interval): frame for name, frame in frames.items()}
        return frames

    def save_to_csv(self, folder: str | Path) -> list[Path]:
        """Write the downloaded candles to `{folder}/{BASE}_{interval}.csv`: timestamp (ISO, UTC), open … volume.

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
