"""`Bars`: candles of some symbols, as every Python caller gets them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cqs_core import FIELDS, Frame, UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Bars(dict[str, Frame]):
    """DataFrames by symbol as it was asked for: index `timestamp` (UTC, opens), open, high, low, close, volume.

    It is a dictionary, so it goes wherever frames by symbol are taken.

    Args:
        frames: by symbol.
        interval: of the candles.

    >>> import pandas as pd
    >>> index = pd.date_range("2024-01-01", periods=2, tz="UTC", name="timestamp")
    >>> frame = pd.DataFrame({name: [1.0, 2.0] for name in ("open", "high", "low", "close", "volume")}, index)
    >>> bars = Bars({"BTC": frame}, "1d")
    >>> bars
    Bars of 1 symbol, 1d: BTC (2, 2024-01-01 to 2024-01-02)
    >>> bars.wide("close")["BTC"].tolist(), bars.to_pandas().columns.tolist()[:2]
    ([1.0, 2.0], ['timestamp', 'symbol'])
    """

    def __init__(self, frames: Mapping[str, pd.DataFrame], interval: str) -> None:
        super().__init__({symbol: Frame(frame) for symbol, frame in frames.items()})
        self.interval = interval

    def wide(self, field: str = "close") -> Frame:
        """One field of all symbols: (times, symbols), NaN where a symbol has no candle.

        Raises:
            UnknownName: no such field.
        """
        import pandas as pd

        if field not in FIELDS:
            raise UnknownName("field", field, FIELDS)
        return Frame(pd.DataFrame({symbol: frame[field] for symbol, frame in self.items()}))

    def to_pandas(self) -> pd.DataFrame:
        """All in one: timestamp, symbol, open, high, low, close, volume."""
        return self._long().to_pandas()

    def to_arrow(self) -> pa.Table:
        """The bars as an Arrow table."""
        return self._long().to_arrow()

    def to_polars(self) -> pl.DataFrame:
        """The bars as a polars DataFrame."""
        return self._long().to_polars()

    def relation(self) -> duckdb.DuckDBPyRelation:
        """The bars as a DuckDB relation."""
        return self._long().relation()

    def _long(self) -> Frame:
        import pandas as pd

        parts = [frame.reset_index() for frame in self.values()]
        for symbol, part in zip(self, parts, strict=True):
            part.insert(1, "symbol", symbol)
        return Frame(pd.concat(parts, ignore_index=True))

    def __repr__(self) -> str:
        text = ", ".join(f"{symbol} ({n:,}, {first} to {last})" for symbol, n, first, last, _ in self._rows())
        return f"Bars of {len(self)} symbol{'' if len(self) == 1 else 's'}, {self.interval}: {text}"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("", f"{self.interval} candles", "first", "last", "close"))
        rows = "".join(
            f"<tr><th>{escape(symbol)}</th><td>{n:,}</td><td>{first}</td><td>{last}</td><td>{close:,.10g}</td></tr>"
            for symbol, n, first, last, close in self._rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _rows(self) -> list[tuple[str, int, str, str, float]]:
        form = "%Y-%m-%d" if self.interval in ("1d", "1w", "1M") else "%Y-%m-%d %H:%M"
        return [
            (symbol, len(f), f.index[0].strftime(form), f.index[-1].strftime(form), float(f["close"].iloc[-1]))
            for symbol, f in self.items()
        ]
