"""Binance's public spot REST and websocket: oldest first, at most 1000 a page from `startTime` on, prices as text.

After https://developers.binance.com/docs/binance-spot-api-docs/rest-api (exchangeInfo, klines, ticker/24hr, time) and
a recorded exchangeInfo.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from cqs_core.time import intervals
from cqs_data.sandbox.candle_rows import Source, newest, step
from cqs_data.sandbox.habits import backwards, forwards
from cqs_data.sandbox.routes import serving
from cqs_data.sandbox.sockets import binance_reader, converse

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LIMIT = 1000
DEFAULT_LIMIT = 500
_INTERVALS = {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"}
_FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.00000100", "maxPrice": "1000000.00000000", "tickSize": "0.00000100"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
    {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True, "avgPriceMins": 5},
]


def application(source: Source, clock: Callable[[], int]) -> web.Application:
    """The routes of Binance under `/api/v3`."""
    binance = _Binance(source, clock)
    return serving(
        {
            "/api/v3/ping": binance.ping,
            "/api/v3/time": binance.time,
            "/api/v3/exchangeInfo": binance.exchange_info,
            "/api/v3/klines": binance.klines,
            "/api/v3/ticker/24hr": binance.ticker,
            "/ws": binance.socket,
            "/ws/{stream}": binance.socket,
        }
    )


class _Binance:
    def __init__(self, source: Source, clock: Callable[[], int]) -> None:
        self.source, self.clock = source, clock
        self.markets = {market.replace("/", ""): market for market in source.markets("binance")}

    async def ping(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        return web.json_response({})

    async def time(self, request: web.Request) -> web.Response:  # noqa: ARG002 - aiohttp's signature
        return web.json_response({"serverTime": self.clock()})

    async def exchange_info(self, request: web.Request) -> web.Response:
        symbols = [_symbol(self.markets[name]) for name in self._wanted(request)]
        return web.json_response(
            {
                "timezone": "UTC",
                "serverTime": self.clock(),
                "rateLimits": [
                    {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
                ],
                "exchangeFilters": [],
                "symbols": symbols,
            }
        )

    async def klines(self, request: web.Request) -> web.Response:
        market, interval = self._market(request.query.get("symbol")), request.query.get("interval", "")
        if interval not in _INTERVALS:
            raise _refused(-1120, "Invalid interval.")
        limit = min(_number(request, "limit", DEFAULT_LIMIT), MAX_LIMIT)
        end = min(_number(request, "endTime", self.clock()), self.clock()) + 1
        if "startTime" in request.query:
            bars = forwards(self.source, "binance", market, interval, _number(request, "startTime", 0), end, limit)
        else:
            bars = backwards(self.source, "binance", market, interval, end, limit)
        rows = zip(bars.ts.tolist(), bars.values.tolist(), strict=True)
        return web.json_response([kline(ts, values, _next(interval, ts)) for ts, values in rows])

    async def ticker(self, request: web.Request) -> web.Response:
        ticks = [self.tick(name) for name in self._wanted(request)]
        return web.json_response(ticks[0] if "symbol" in request.query else ticks)

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        return await converse(request, binance_reader(self.tick, self.markets))

    def tick(self, name: str) -> dict[str, Any]:
        """A ticker of the last 24 hours as REST gives it."""
        now, market = self.clock(), self.markets[name]
        bars = newest(self.source, "binance", market, "1h", now + 1, 24)
        bars = bars if len(bars.ts) else newest(self.source, "binance", market, "1d", now + 1, 1)
        v = bars.values
        change, volume, turnover = v[-1, 3] - v[0, 0], v[:, 4].sum(), (v[:, 3] * v[:, 4]).sum()
        return {
            "symbol": name,
            "priceChange": text(change),
            "priceChangePercent": text(round(change / v[0, 0] * 100, 3)),
            "weightedAvgPrice": text(round(turnover / volume, 8) if volume else v[-1, 3]),
            "prevClosePrice": text(v[0, 0]),
            "lastPrice": text(v[-1, 3]),
            "lastQty": text(round(volume / 1e5, 8)),
            "bidPrice": text(v[-1, 3]),
            "bidQty": text(1.0),
            "askPrice": text(v[-1, 3]),
            "askQty": text(1.0),
            "openPrice": text(v[0, 0]),
            "highPrice": text(v[:, 1].max()),
            "lowPrice": text(v[:, 2].min()),
            "volume": text(volume),
            "quoteVolume": text(round(turnover, 8)),
            "openTime": int(bars.ts[0]),
            "closeTime": now,
            "firstId": 0,
            "lastId": 1,
            "count": 1,
        }

    def _wanted(self, request: web.Request) -> list[str]:
        if "symbol" in request.query:
            names = [request.query["symbol"]]
        elif "symbols" in request.query:
            names = list(json.loads(request.query["symbols"]))
        else:
            return list(self.markets)
        return [self._market(name).replace("/", "") for name in names]

    def _market(self, name: str | None) -> str:
        if not name:
            raise _refused(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        if name not in self.markets:
            raise _refused(-1121, "Invalid symbol.")
        return self.markets[name]


def _next(interval: str, ts: int) -> int:
    return intervals.next_open(interval, ts) if interval == "1M" else ts + step(interval)


def kline(ts: int, values: list[float], end: int) -> list[Any]:
    """A candle that ends before `end` as klines give it; trade counts and taker volumes are made up."""
    opened, high, low, closed, volume = values
    turnover = text(round(closed * volume, 8))
    prices = [text(opened), text(high), text(low), text(closed), text(volume)]
    return [ts, *prices, end - 1, turnover, 1, text(volume / 2), turnover, "0"]


def text(value: float) -> str:
    """A number with eight decimals as Binance writes it, with more where it has more."""
    value = float(value)
    short = f"{value:.8f}"
    return short if float(short) == value else repr(value)


def _symbol(market: str) -> dict[str, Any]:
    base, _, quote = market.partition("/")
    return {
        "symbol": base + quote,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "icebergAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _FILTERS,
        "permissions": ["SPOT"],
    }


def _number(request: web.Request, name: str, default: int) -> int:
    given = request.query.get(name, str(default))
    if not given.isdigit():
        raise _refused(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(given)


def _refused(code: int, message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"code": code, "msg": message}), content_type="application/json")
