"""The formats that files are published in, as a table; plugins add to it with `register_candle_formats`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cqs_core import CandleFormat
from cqs_data.importing.column_order import OHLCV, Positional

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from cqs_data.importing.column_mapping import ColumnMapping

PRICES = ("open", "high", "low", "close")
BINANCE = "binance-archive"
QUOTE_VOLUME = "volumes of this source are in quote currency; they are stored as they are"


@dataclass(frozen=True)
class Named(CandleFormat):
    """A format with a header line.

    Attributes:
        name: of the format.
        needs: columns by which it is recognized.
        fields: `{field: column}`.
        note: see `CandleFormat`.
        zone: see `CandleFormat`.
        first: if set, the column that must stand first.
        lacks: columns that it does not have.
        stamp: see `CandleFormat`.
    """

    name: str = ""
    needs: Collection[str] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    zone: str | None = None
    first: str = ""
    lacks: Collection[str] = ()
    stamp: str = "open"

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:
        have = list(frame.columns)
        if headless or not set(self.needs) <= set(have) or (self.first and have[0] != self.first):
            return None
        if set(self.lacks) & set(have):
            return None
        return {**_same(PRICES), "volume": "volume", **self.fields} if have else None


class _CryptoDataDownload(CandleFormat):
    """Two volumes named after the coins, and an address in the first line."""

    name = "cryptodatadownload"

    def columns(self, frame: pd.DataFrame, *, headless: bool) -> Mapping[str, str] | None:
        have = list(frame.columns)
        volumes = [c for c in have if c.startswith("volume ")]
        if headless or not volumes or not {"symbol", *PRICES} <= set(have):
            return None
        symbol = str(frame["symbol"].iloc[0]).lower() if len(frame) else ""
        base = next((v for v in volumes if symbol.startswith(v.removeprefix("volume "))), None)
        found = {**_same(PRICES), "time": "unix" if "unix" in have else "date", "symbol": "symbol"}
        return found | ({"volume": base} if base else {})


def in_coins(columns: ColumnMapping, frame: pd.DataFrame) -> ColumnMapping:
    """With the volume in coins where a format of Binance has one in contracts."""
    if columns.format.name != BINANCE:
        return columns
    coins = next(
        (c for c in ("quote_volume", "quote asset volume", "quote_asset_volume", "7") if c in frame.columns), None
    )
    return columns._replace(fields={**columns.fields, "volume": coins}) if coins else columns


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

FUTURES = "archives of Binance with such a header are of futures: if this one is, say --market BASE/QUOTE:QUOTE"
_ARCHIVE = {"open_time", "close_time", *PRICES}
_BITMEX = {"time": "timestamp", "volume": "homenotional"}

FORMATS: Sequence[CandleFormat] = (
    Positional(BINANCE, (11, 12), (*OHLCV, "end")),
    Named(BINANCE, {*_ARCHIVE, "taker_buy_volume", "ignore"}, {"time": "open_time"}, FUTURES),
    Named(BINANCE, _ARCHIVE, {"time": "open_time"}),
    Named(BINANCE, {"open time", "close time", *PRICES}, {"time": "open time"}),
    Positional("metatrader4", (7,), ("time", "clock", "open", "high", "low", "close", "volume"), _BROKER),
    Positional("kraken-ohlcvt", (7,)),
    Positional("kucoin-rest", (7,), ("time", "open", "close", "high", "low", "volume", "money")),
    Positional("kraken-rest", (8,), (*OHLCV[:-1], "vwap", "volume")),
    Positional("mexc-rest", (8,), (*OHLCV, "end", "money")),
    Positional("bitget-rest", (8,), (*OHLCV, "money")),
    Positional("gate-rest", (8,), ("time", "money", "close", "high", "low", "open", "volume")),
    Positional("okx-rest", (9,), (*OHLCV, "", "money")),
    Positional("okx-rest", (9,), (*OHLCV[:-1], "", "volume", "money")),
    _CryptoDataDownload(),
    Named("kaggle-bitstamp", {"timestamp", "volume_(btc)", *PRICES}, {"time": "timestamp", "volume": "volume_(btc)"}),
    Named("metatrader5", {"<date>", "<time>", "<vol>"}, {**_METATRADER, "clock": "<time>", "volume": "<vol>"}, _BROKER),
    Named("metatrader5", {"<date>", "<vol>"}, {**_METATRADER, "volume": "<vol>"}, _BROKER),
    Named("upbit-rest", {"candle_date_time_utc", "opening_price", "trade_price"}, _UPBIT, zone="UTC"),
    Named("coinmarketcap", {"timeopen", "timeclose", *PRICES}, {"time": "timeopen"}, QUOTE_VOLUME, zone="UTC"),
    Named("yahoo", {"date", "adj close", *PRICES}, {"time": "date"}, QUOTE_VOLUME),
    Named("yahoo", {"datetime", "adj close", *PRICES}, {"time": "datetime"}, QUOTE_VOLUME),
    Named("yahoo", {"date", "dividends", *PRICES}, {"time": "date"}, QUOTE_VOLUME),
    Named("yahoo", {"datetime", "dividends", *PRICES}, {"time": "datetime"}, QUOTE_VOLUME),
    Named("investing", {"date", "price", "open", "vol."}, {"time": "date", "close": "price", "volume": "vol."}),
    Named("bitmex-rest", {"timestamp", "homenotional", "foreignnotional", *PRICES}, _BITMEX, stamp="close"),
    Named("htx-rest", {"id", "amount", "vol", "count", *PRICES}, {"time": "id", "volume": "amount"}),
    Named("cryptocompare", {"time", "volumefrom", "volumeto", *PRICES}, {"time": "time", "volume": "volumefrom"}),
    Named("coinone-rest", {"timestamp", "target_volume", *PRICES}, {"time": "timestamp", "volume": "target_volume"}),
    Named("pyupbit", {"index", "value", "volume", *PRICES}, {"time": "index"}),
    Named("tradingview", {"time", *PRICES}, {"time": "time"}, first="time"),
    Named("freqtrade", {"date", "volume", *PRICES}, {"time": "date"}, first="date", lacks=("time",)),
    Positional("ohlcv-rows", (6,)),
    Positional("bitfinex-rest", (6,), ("time", "open", "close", "high", "low", "volume")),  # and Bithumb's
    Positional("coinbase-rest", (6,), ("time", "low", "high", "open", "close", "volume")),
)
