"""Exchanges that the sandbox does not speak, added through its public API as the author of a plugin would do it."""

from __future__ import annotations

import datetime as dt

import numpy as np
from aiohttp import web

from cqs_core.time.intervals import MINUTE
from cqs_data.sandbox import CandleRows, backwards, window
from cqs_data.sandbox.candle_rows import aggregate

NEVER = 1 << 50  # ms, later than any candle


class Minutes:
    """A source of one market's minutes; longer candles are put together from them."""

    def __init__(self, exchange: str, market: str, ts) -> None:
        self.exchange, self.market = exchange, market
        self.ts = np.asarray(ts, np.int64)
        self.made: dict[str, CandleRows] = {}

    def markets(self, exchange: str) -> list[str]:
        return [self.market] if exchange == self.exchange else []

    def first(self, exchange: str, market: str) -> int:
        return int(self.ts[0])

    def bars(self, exchange: str, market: str, interval: str, start: int, end: int) -> CandleRows:
        if interval not in self.made:
            self.made[interval] = aggregate(minutes(self.ts), interval) if interval != "1m" else minutes(self.ts)
        return self.made[interval].between(start, end)


def minutes(ts) -> CandleRows:
    """Candles whose values follow from when they open."""
    opened = 100 + (ts // MINUTE % 997) / 10.0
    high, low = opened + 1, opened - 1
    return CandleRows(ts, np.column_stack([opened, high, low, opened + 0.5, 1.0 + ts // MINUTE % 13]))


def rows_of(bars: CandleRows):
    return zip(bars.ts.tolist(), bars.values.tolist(), strict=True)


def coinbase(source, clock) -> web.Application:
    """Coinbase Exchange: a window, refused where it is longer than 300 candles, which come newest first."""

    async def products(request):
        fixed = dict.fromkeys(("margin_enabled", "post_only", "limit_only", "trading_disabled", "auction_mode"), False)
        about = {"quote_increment": "0.0001", "base_increment": "0.01", "min_market_funds": "1", "status": "online"}
        names = [market.split("/") for market in source.markets("coinbaseexchange")]
        return web.json_response(
            [{"id": f"{b}-{q}", "base_currency": b, "quote_currency": q, **about, **fixed} for b, q in names]
        )

    async def time(request):
        return web.json_response({"iso": "", "epoch": clock() / 1000})

    async def candles(request):
        unit, at = int(request.query["granularity"]), request.match_info["id"].replace("-", "/")
        stamp = lambda text: int(dt.datetime.fromisoformat(text).timestamp() * 1000)  # noqa: E731
        now = clock()
        start, end = (stamp(request.query[k]) if k in request.query else None for k in ("start", "end"))
        start, end = (start, end) if start is not None else (now - 299 * unit * 1000, now)
        if end - start > 300 * unit * 1000:
            return web.json_response({"message": "granularity too small for the requested time range"}, status=400)
        interval = {60: "1m", 300: "5m", 900: "15m", 3600: "1h", 21600: "6h", 86400: "1d"}[unit]
        found = window(source, "coinbaseexchange", at, interval, start, end + 1, 300)
        return web.json_response([[ts // 1000, v[2], v[1], v[0], v[3], v[4]] for ts, v in rows_of(found)][::-1])

    app = web.Application()
    app.router.add_get("/products", products)
    app.router.add_get("/currencies", _empty)
    app.router.add_get("/time", time)
    app.router.add_get("/products/{id}/candles", candles)
    return app


def gemini(source, clock) -> web.Application:
    """Gemini: its newest candles, whatever is asked; ccxt does not even send it a time."""
    names = {"1m": "1m", "5m": "5m", "15m": "15m", "30m": "30m", "1hr": "1h", "6hr": "6h", "1day": "1d"}
    markets = {market.replace("/", "").lower(): market for market in source.markets("gemini")}

    async def symbols(request):
        return web.json_response(list(markets))

    async def candles(request):
        market, interval = markets[request.match_info["symbol"]], names[request.match_info["interval"]]
        found = backwards(source, "gemini", market, interval, clock() + 1, 1440)
        return web.json_response([[ts, *v] for ts, v in rows_of(found)][::-1])

    app = web.Application()
    app.router.add_get("/v1/symbols", symbols)
    app.router.add_get("/v2/candles/{symbol}/{interval}", candles)
    return app


def kraken(source, clock) -> web.Application:
    """Kraken: the last 720 candles, of them those after `since`."""
    units = {1: "1m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1440: "1d", 10080: "1w"}

    async def assets(request):
        made = {"aclass": "currency", "decimals": 10, "display_decimals": 5, "status": "enabled"}
        names = {"XXBT": {**made, "altname": "XBT"}, "ZUSD": {**made, "altname": "USD"}}
        return web.json_response({"error": [], "result": names})

    async def pairs(request):
        pair = {"altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "lot": "unit"}
        pair |= {"pair_decimals": 1, "lot_decimals": 8, "cost_decimals": 5, "lot_multiplier": 1, "status": "online"}
        pair |= {"leverage_buy": [], "leverage_sell": [], "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]]}
        pair |= {"ordermin": "0.00005", "costmin": "0.5", "tick_size": "0.1"}
        pair |= {"aclass_base": "currency", "aclass_quote": "currency"}
        return web.json_response({"error": [], "result": {"XXBTZUSD": pair}})

    async def ohlc(request):
        interval, since = units[int(request.query["interval"])], int(float(request.query.get("since", 0))) * 1000
        found = backwards(source, "kraken", "BTC/USD", interval, clock() + 1, 720).between(since + 1, NEVER)
        rows = [[ts // 1000, *map(repr, v[:4]), repr(v[3]), repr(v[4]), 3] for ts, v in rows_of(found)]
        return web.json_response({"error": [], "result": {request.query["pair"]: rows, "last": 0}})

    app = web.Application()
    app.router.add_get("/0/public/AssetPairs", pairs)
    app.router.add_get("/0/public/Assets", assets)
    app.router.add_get("/0/public/OHLC", ohlc)
    return app


def okx(source, clock) -> web.Application:
    """OKX: `after` and `before` are exclusive, newest first; 300 of the last 1,440 candles, else 100."""
    names = {"1m": "1m", "5m": "5m", "1H": "1h", "4H": "4h", "1Dutc": "1d", "1Wutc": "1w", "1Mutc": "1M"}

    async def instruments(request):
        one = {"instType": "SPOT", "instId": "BTC-USDT", "baseCcy": "BTC", "quoteCcy": "USDT", "state": "live"}
        one |= {"tickSz": "0.1", "lotSz": "0.00000001", "minSz": "0.00001", "ctVal": "", "listTime": "1548133413000"}
        listed = [one] if request.query["instType"] == "SPOT" else []
        return web.json_response({"code": "0", "msg": "", "data": listed})

    async def time(request):
        return web.json_response({"code": "0", "msg": "", "data": [{"ts": str(clock())}]})

    def candles(most):
        async def answer(request):
            query = request.query
            after, before = int(query.get("after", clock() + 1)), int(query.get("before", -1))
            count = min(most, int(query.get("limit", 100)))
            found = window(source, "okx", "BTC/USDT", names[query["bar"]], before + 1, after, count)
            rows = [[str(ts), *map(repr, v), "1", "1", "1"] for ts, v in rows_of(found)][::-1]
            return web.json_response({"code": "0", "msg": "", "data": rows})

        return answer

    app = web.Application()
    app.router.add_get("/api/v5/public/instruments", instruments)
    app.router.add_get("/api/v5/market/candles", candles(300))
    app.router.add_get("/api/v5/market/history-candles", candles(100))
    app.router.add_get("/api/v5/public/time", time)
    return app


async def _empty(request):
    return web.json_response([])
