"""The formats that files are published in, as a table; plugins add to it with `register_candle_formats`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cqs_core.host.candle_format import CandleFormat

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

PRICES = ("open", "high", "low", "close")
_ROWS = ("time", *PRICES, "volume")
QUOTE_VOLUME = "volumes of this source are in quote currency; they are stored as they are"


@dataclass(frozen=True)
class Named(CandleFormat):
    """A format with a header line.

    Attributes:
        name: of the format.
        needs: columns that it has, by which it is told.
        fields: `{field: column}`.
        note: see `CandleFormat`.
        zone: see `CandleFormat`.
        first: if set, the column that must stand first.
    """

    name: str = ""
    needs: Collection[str] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    zone: str | None = None
    first: str = ""

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:
        have = list(frame.columns)
        if headless or not set(self.needs) <= set(have) or (self.first and have[0] != self.first):
            return None
        return {**_same(PRICES), "volume": "volume", **self.fields} if have else None


@dataclass(frozen=True)
class Positional(CandleFormat):
    """A format without a header line: a number of columns in an order.

    Attributes:
        name: of the format.
        width: how many columns there are, one of these.
        fields: by position; an empty name is a column that is not needed.
    """

    name: str = ""
    width: Collection[int] = ()
    fields: Sequence[str] = field(default=_ROWS)

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:
        if not headless or frame.shape[1] not in self.width:
            return None
        return {name: str(i) for i, name in enumerate(self.fields) if name}


class _BinanceArchive(Positional):
    """Klines of the public archives: the seventh column is the close of the first one's bar."""

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:
        found = super().columns(frame, headless=headless)
        if found is None:
            return None
        opened, closed = (np.asarray(frame[c].head(50), dtype=object) for c in ("0", "6"))
        try:
            later = bool((closed.astype(float) > opened.astype(float)).all())
        except ValueError:
            return None
        return found if later else None


class _CryptoDataDownload(CandleFormat):
    """Two volumes named after the coins, and an address in the first line."""

    name = "cryptodatadownload"

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:
        have = list(frame.columns)
        volumes = [c for c in have if c.startswith("volume ")]
        if headless or not volumes or not {"symbol", *PRICES} <= set(have):
            return None
        symbol = str(frame["symbol"].iloc[0]).lower() if len(frame) else ""
        base = next((v for v in volumes if symbol.startswith(v.removeprefix("volume "))), volumes[0])
        return {**_same(PRICES), "time": "unix" if "unix" in have else "date", "symbol": "symbol", "volume": base}


def _same(names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names}


_UPBIT = {
    "time": "candle_date_time_utc",
    "open": "opening_price",
    "high": "high_price",
    "low": "low_price",
    "close": "trade_price",
    "volume": "candle_acc_trade_volume",
    "symbol": "market",
}
_METATRADER = {"time": "<date>", "open": "<open>", "high": "<high>", "low": "<low>", "close": "<close>"}
_BROKER = "times are those of the broker's server; say --zone if it is not UTC"

FORMATS: Sequence[CandleFormat] = (
    _BinanceArchive("binance-archive", (11, 12)),
    Named("binance-archive", {"open_time", "close_time", *PRICES}, {"time": "open_time"}),
    Named("binance-archive", {"open time", "close time", *PRICES}, {"time": "open time"}),
    Positional("kraken-ohlcvt", (7,)),
    Positional("kraken-rest", (8,), (*_ROWS[:-1], "", "volume")),
    _CryptoDataDownload(),
    Named("kaggle-bitstamp", {"timestamp", "volume_(btc)", *PRICES}, {"time": "timestamp", "volume": "volume_(btc)"}),
    Named("metatrader5", {"<date>", "<time>", "<vol>"}, {**_METATRADER, "clock": "<time>", "volume": "<vol>"}, _BROKER),
    Named("metatrader5", {"<date>", "<vol>"}, {**_METATRADER, "volume": "<vol>"}, _BROKER),
    Named("upbit-rest", {"candle_date_time_utc", "opening_price", "trade_price"}, _UPBIT, zone="UTC"),
    Named("coinmarketcap", {"timeopen", "timeclose", *PRICES}, {"time": "timeopen"}, QUOTE_VOLUME, zone="UTC"),
    Named("yahoo", {"date", "adj close", *PRICES}, {"time": "date"}, QUOTE_VOLUME),
    Named("yahoo", {"datetime", "adj close", *PRICES}, {"time": "datetime"}, QUOTE_VOLUME),
    Named("pyupbit", {"index", "value", "volume", *PRICES}, {"time": "index"}),
    Named("tradingview", {"time", *PRICES}, {"time": "time"}, first="time"),
    Named("freqtrade", {"date", "volume", *PRICES}, {"time": "date"}, first="date"),
    Positional("ohlcv-rows", (6,)),
)
