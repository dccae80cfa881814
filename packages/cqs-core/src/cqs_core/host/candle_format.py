"""The contract of `register_candle_formats`: how a plugin teaches `cqs data import` another kind of file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

COLUMNS = ("time", "clock", "open", "high", "low", "close", "volume", "symbol", "interval", "exchange")


class CandleFormat:
    """A kind of file with candles. Override `table`, `columns`, or both.

    Attributes:
        name: an id that verdicts print, such as `kraken-ohlcvt`.
        zone: IANA name for times without an offset; None leaves it to `--zone` and the exchange.
        stamp: `open` or `close`: which end of its bar a time means.
        note: what a user must know about such files, in one sentence; may be empty.
    """

    name: str = ""
    zone: str | None = None
    stamp: str = "open"
    note: str = ""

    def table(self, name: str, data: bytes) -> pd.DataFrame | None:  # noqa: ARG002 - for subclasses
        """Read a file that is neither text, JSON, parquet nor feather.

        Args:
            name: of the file, without folders.
            data: its decompressed bytes.

        Returns:
            the rows, one column for each field; None if the file is not of this format.
        """
        return None

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:  # noqa: ARG002
        """Say which column holds which field.

        Args:
            frame: the rows as read. Column names are lower case; without a header line they are `0`, `1`, ….
            headless: whether the file has no header line.

        Returns:
            `{field: column}` with time, open, high, low, close, volume, and optionally clock (the time of day in a
            column of its own), symbol, interval, exchange; None if the table is not of this format.
        """
        return None
