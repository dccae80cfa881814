"""Upbit's public REST and websocket: newest first, at most 200 a page, `to` exclusive, no candle without a trade.

Checked against https://docs.upbit.com/kr/reference (market list, candles, ticker) and recorded answers.
"""

from __future__ import annotations

import datetime as dt
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from aiohttp import web

from cqs_core import UsageError
from cqs_core.time import clock
from cqs_core.time.intervals import HOUR
from cqs_data.sandbox.candle_rows import CandleRows, Source, newest, step
from cqs_data.sandbox.habits import backwards
from cqs_data.sandbox.routes import serving
from cqs_data.sandbox.sockets import converse, upbit_reader

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_COUNT = 200
_UNITS = {1, 3, 5, 10, 15, 30, 60, 240}
_PERIODS = {"days": "1d", "weeks": "1w", "months": "1M"}
_KST = 9 * HOUR
_NAMES = {
    "BTC": ("비트코인", "Bitcoin"),
    "ETH": ("이더리움", "Ethereum"),
    "XRP": ("리플", "Ripple"),
    "SOL": ("솔라나", "Solana"),
}


def application(source: Source, clock: Callable[[], int]) -> web.Application:
    """The routes of Upbit under `/v1`."""
    upbit = _Upbit(source, clock)
    return serving(
        {
            "/v1/market/all": upbit.market_all,
            "/v1/candles/minutes/{unit}": upbit.minutes,
            "/v1/candles/{period}": upbit.longer,
            "/v1/ticker": upbit.ticker,
            "/v1/ticker/all": upbit.ticker_all,
            "/websocket/v1": upbit.socket,
        }
    )


class _Upbit:
    def __init__(self, source: Source, clock: Callable[[], int]) -> None:
        self.source, self.clock = source, clock
        self.markets = {_id(market): market for market in source.markets("upbit")}

    async def market_all(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        return web.json_response([_listing(name) for name in self.markets])

    async def minutes(self, request: web.Request) -> web.Response:
        unit = request.match_info["unit"]
        if not unit.isdigit() or int(unit) not in _UNITS:
            return _error(400, "Invalid parameter. Check the given value!")
        rows = self._candles(request, f"{unit}m" if int(unit) < 60 else f"{int(unit) // 60}h")
        for row in rows:
            row["unit"] = int(unit)
        return web.json_response(rows)

    async def longer(self, request: web.Request) -> web.Response:
        interval = _PERIODS.get(request.match_info["period"])
        if interval is None:
            return _error(404, "Not found")
        rows = self._candles(request, interval)
        if interval == "1d":
            _add_changes(rows)
        else:
            for row in rows:
                row["first_day_of_period"] = row["candle_date_time_utc"][:10]
        return web.json_response(rows)

    async def ticker(self, request: web.Request) -> web.Response:
        ids = request.query.get("markets", "").split(",")
        if not set(ids) <= set(self.markets):
            return _error(404, "Code not found")
        return web.json_response([self.tick(name) for name in ids])

    async def ticker_all(self, request: web.Request) -> web.Response:
        quotes = request.query.get("quote_currencies", "").split(",")
        return web.json_response([self.tick(name) for name in self.markets if name.partition("-")[0] in quotes])

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        return await converse(request, upbit_reader(self.tick, self.markets))

    def _candles(self, request: web.Request, interval: str) -> list[dict[str, Any]]:
        market, count = request.query.get("market", ""), request.query.get("count", "1")
        if market not in self.markets:
            raise _refused(404, "Code not found")
        if not count.isdigit() or not 1 <= int(count) <= MAX_COUNT:
            raise _refused(400, "Invalid parameter. Check the given value!")
        end = _exclusive_end(request.query.get("to"), self.clock())
        bars = backwards(self.source, "upbit", self.markets[market], interval, end, int(count))
        return [_candle(market, ts, values, interval, self.clock()) for ts, values in _rows(bars)][::-1]

    def tick(self, name: str) -> dict[str, Any]:
        """A ticker as REST gives it: prices of the day, sums over 24 hours."""
        now, market = self.clock(), self.markets[name]
        days = newest(self.source, "upbit", market, "1d", now + 1, 365).values
        day, before = days[-1], days[-2] if len(days) > 1 else days[-1]
        recent = newest(self.source, "upbit", market, "1h", now + 1, 24).values
        recent = recent if len(recent) else days[-1:]
        change = float(day[3] - before[3])
        return {
            "market": name,
            **_clock_fields(now),
            "opening_price": float(day[0]),
            "high_price": float(day[1]),
            "low_price": float(day[2]),
            "trade_price": float(day[3]),
            "prev_closing_price": float(before[3]),
            "change": "RISE" if change > 0 else "FALL" if change < 0 else "EVEN",
            "change_price": abs(change),
            "change_rate": abs(change / before[3]),
            "signed_change_price": change,
            "signed_change_rate": change / before[3],
            "trade_volume": float(np.round(day[4] / 1e5, 8)),
            "acc_trade_price": float(day[3] * day[4]),
            "acc_trade_price_24h": float((recent[:, 3] * recent[:, 4]).sum()),
            "acc_trade_volume": float(day[4]),
            "acc_trade_volume_24h": float(recent[:, 4].sum()),
            "highest_52_week_price": float(days[:, 1].max()),
            "lowest_52_week_price": float(days[:, 2].min()),
            "timestamp": now,
        }


def _id(market: str) -> str:
    base, _, quote = market.partition("/")
    return f"{quote}-{base}"


def _listing(name: str) -> dict[str, str]:
    coin = name.partition("-")[2]
    korean, english = _NAMES.get(coin, (coin, coin))
    return {"market": name, "korean_name": korean, "english_name": english}


def _rows(bars: CandleRows) -> zip[tuple[int, list[float]]]:
    return zip(bars.ts.tolist(), bars.values.tolist(), strict=True)


def _candle(market: str, ts: int, values: list[float], interval: str, now: int) -> dict[str, Any]:
    opened, high, low, closed, volume = values
    return {
        "market": market,
        "candle_date_time_utc": _seconds(ts),
        "candle_date_time_kst": _seconds(ts + _KST),
        "opening_price": opened,
        "high_price": high,
        "low_price": low,
        "trade_price": closed,
        "timestamp": min(ts + step(interval), now) - 1,
        "candle_acc_trade_price": closed * volume,
        "candle_acc_trade_volume": volume,
    }


def _add_changes(rows: list[dict[str, Any]]) -> None:
    """Days carry the close before them; that of the oldest in a page is taken as its open."""
    for row, before in zip_longest(rows, rows[1:]):
        previous = before["trade_price"] if before else row["opening_price"]
        row["prev_closing_price"] = previous
        row["change_price"] = row["trade_price"] - previous
        row["change_rate"] = row["change_price"] / previous


def _exclusive_end(to: str | None, now: int) -> int:
    if not to:
        return now + 1
    try:
        return clock.parse_start(to.replace(" ", "T")) or 0
    except UsageError:
        raise _refused(400, "Invalid parameter. Check the given value!") from None


def _seconds(ts: int) -> str:
    return dt.datetime.fromtimestamp(ts / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _clock_fields(now: int) -> dict[str, Any]:
    utc, kst = (dt.datetime.fromtimestamp(at / 1000, dt.UTC) for at in (now, now + _KST))
    return {
        "trade_date": utc.strftime("%Y%m%d"),
        "trade_time": utc.strftime("%H%M%S"),
        "trade_date_kst": kst.strftime("%Y%m%d"),
        "trade_time_kst": kst.strftime("%H%M%S"),
        "trade_timestamp": now,
    }


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"name": status, "message": message}}, status=status)


def _refused(status: int, message: str) -> web.HTTPException:
    import json

    kind = web.HTTPNotFound if status == 404 else web.HTTPBadRequest
    return kind(text=json.dumps({"error": {"name": status, "message": message}}), content_type="application/json")
