"""Exchanges written after their documentation, against small servers that do what it says; and a generic one."""

from __future__ import annotations

import numpy as np
import pytest
from aiohttp import web

from cqs_core import FIELDS, ExchangeBusy, ExchangeError, Series
from cqs_core.lake import stamps
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, HOUR
from cqs_data import Synthetic, fetch, select
from cqs_data.sandbox import Sandbox
from cqs_data.sandbox.candle_rows import newest, step

END = clock.now() // DAY * DAY - DAY
START = END - 60 * DAY
KST = 9 * HOUR


def bars(market, interval, start, end):
    return Synthetic().bars("upbit" if market.endswith("KRW") else "binance", market, interval, start, end)


class Server(Sandbox):
    """A sandbox with another application."""

    def __init__(self, app: web.Application) -> None:
        super().__init__(Synthetic())
        self._app = app


def bithumb() -> web.Application:
    """`to` is exclusive and in KST, without offset; at most 200, newest first."""

    async def markets(request):
        return web.json_response([{"market": "KRW-BTC", "korean_name": "비트코인", "english_name": "Bitcoin"}])

    async def minutes(request):
        assert "+" not in request.query["to"]
        assert "Z" not in request.query["to"]
        end = clock.parse_start(request.query["to"]) - KST
        unit = int(request.match_info["unit"])
        interval = f"{unit}m" if unit < 60 else f"{unit // 60}h"
        found = newest(Synthetic(), "upbit", "BTC/KRW", interval, end, min(200, int(request.query["count"])))
        return web.json_response(
            [candle(*row) for row in zip(found.ts.tolist(), found.values.tolist(), strict=True)][::-1]
        )

    def candle(ts, v):
        utc, kst = (clock.iso(at)[:19] for at in (ts, ts + KST))
        names = ("opening_price", "high_price", "low_price", "trade_price", "candle_acc_trade_volume")
        made = {
            "market": "KRW-BTC",
            "candle_date_time_utc": utc,
            "candle_date_time_kst": kst,
            "timestamp": ts + HOUR - 1,
        }
        return made | dict(zip(names, v, strict=True))

    app = web.Application()
    app.router.add_get("/bithumb/v1/market/all", markets)
    app.router.add_get("/bithumb/v1/candles/minutes/{unit}", minutes)
    return app


def bybit() -> web.Application:
    """`start` and `end` are inclusive; newest first, at most `limit` of the newest."""

    async def instruments(request):
        one = {
            "symbol": "BTCUSDT",
            "baseCoin": "BTC",
            "quoteCoin": "USDT",
            "status": "Trading",
            "marginTrading": "none",
            "lotSizeFilter": {
                "basePrecision": "0.000001",
                "quotePrecision": "0.00000001",
                "minOrderQty": "0.00001",
                "maxOrderQty": "70",
                "minOrderAmt": "1",
                "maxOrderAmt": "2000000",
            },
            "priceFilter": {"tickSize": "0.01"},
        }
        listed = [one] if request.query["category"] == "spot" else []
        return web.json_response({"retCode": 0, "result": {"category": "spot", "list": listed}})

    async def kline(request):
        query = request.query
        interval = {"60": "1h", "D": "1d", "W": "1w", "M": "1M"}[query["interval"]]
        start, end = int(query["start"]), int(query.get("end", END))
        found = bars("BTC/USDT", interval, start, min(end, END + 3 * HOUR) + 1).last(int(query["limit"]))
        rows = [[str(ts), *map(repr, v), "0"] for ts, v in zip(found.ts.tolist(), found.values.tolist(), strict=True)][
            ::-1
        ]
        return web.json_response({"retCode": 0, "result": {"symbol": "BTCUSDT", "category": "spot", "list": rows}})

    app = web.Application()
    app.router.add_get("/bybit/v5/market/instruments-info", instruments)
    app.router.add_get("/bybit/v5/market/kline", kline)
    return app


def kraken(last=720) -> web.Application:
    """Whatever is asked, the newest 720 candles, oldest first, with the one under way."""

    async def pairs(request):
        pair = {
            "altname": "XBTUSD",
            "wsname": "XBT/USD",
            "base": "XXBT",
            "quote": "ZUSD",
            "lot": "unit",
            "pair_decimals": 1,
            "lot_decimals": 8,
            "cost_decimals": 5,
            "lot_multiplier": 1,
            "leverage_buy": [],
            "leverage_sell": [],
            "fees": [[0, 0.4]],
            "fees_maker": [[0, 0.25]],
            "ordermin": "0.00005",
            "costmin": "0.5",
            "tick_size": "0.1",
            "status": "online",
            "aclass_base": "currency",
            "aclass_quote": "currency",
        }
        return web.json_response({"error": [], "result": {"XXBTZUSD": pair}})

    async def assets(request):
        made = {"aclass": "currency", "decimals": 10, "display_decimals": 5, "status": "enabled"}
        return web.json_response(
            {"error": [], "result": {"XXBT": {**made, "altname": "XBT"}, "ZUSD": {**made, "altname": "USD"}}}
        )

    async def ohlc(request):
        interval = {"60": "1h", "1440": "1d"}.get(request.query["interval"], "1h")
        now = clock.now()
        found = bars("BTC/USDT", interval, now - (last + 20) * step(interval), now + 1).last(last)
        rows = [
            [ts // 1000, *map(repr, v[:4]), repr(v[3]), repr(v[4]), 3]
            for ts, v in zip(found.ts.tolist(), found.values.tolist(), strict=True)
        ]
        return web.json_response({"error": [], "result": {"XXBTZUSD": rows, "last": rows[-1][0]}})

    app = web.Application()
    app.router.add_get("/kraken/0/public/AssetPairs", pairs)
    app.router.add_get("/kraken/0/public/Assets", assets)
    app.router.add_get("/kraken/0/public/OHLC", ohlc)
    return app


def holds(lake, series, found):
    table = lake.read(series)
    have = np.column_stack([table[name].to_numpy() for name in FIELDS])
    assert (stamps(table) == found.ts).all()
    assert have.tobytes() == found.values.tobytes()


def test_bithumb_speaks_seouls_time(lake):
    with Server(bithumb()) as server:
        [one] = fetch(lake, select("BTC/KRW", "1h", "bithumb", clock.iso(START), clock.iso(END)), server.url)
    assert one.error is None
    holds(lake, one.series, bars("BTC/KRW", "1h", START, END))


def test_an_exchange_without_longer_bars_is_fetched_all_the_same(lake):
    start = END - 300 * DAY  # so long that its months are asked for, which this server does not have
    with Server(bithumb()) as server:
        [one] = fetch(lake, select("BTC/KRW", "1h", "bithumb", clock.iso(start), clock.iso(END)), server.url)
    assert (one.error, one.note) == (None, "")
    holds(lake, one.series, bars("BTC/KRW", "1h", start, END))


def test_where_nothing_is_nobody_asks_again(lake):
    with Server(bithumb()) as server, pytest.raises(ExchangeError, match="404") as told:
        fetch(lake, select("BTC/USDT", "1h", "binance", clock.iso(START), clock.iso(END)), server.url)
    assert not isinstance(told.value, ExchangeBusy)


def test_what_an_exchange_does_not_offer_is_derived_and_told(lake):
    with Server(bithumb()) as server:
        [one] = fetch(lake, select("BTC", "1d", "bithumb", clock.iso(START), clock.iso(END)), server.url)
    assert (one.series.interval, one.note) == ("1h", "bithumb has no candles of 1d; they are derived from 1h")
    assert len(lake.derive(one.series._replace(interval="1d"))) == (END - START) // DAY


def test_bybit_is_paged_forwards(lake):
    with Server(bybit()) as server:
        [one] = fetch(lake, select("BTC/USDT", "1h", "bybit", clock.iso(START), clock.iso(END)), server.url)
    assert one.error is None
    holds(lake, one.series, bars("BTC/USDT", "1h", START, END))


def test_an_exchange_that_gives_only_its_last_candles_says_so(lake):
    with Server(kraken()) as server:
        [one] = fetch(lake, select("BTC/USD", "1h", "kraken", clock.iso(START)), server.url)
    assert one.error is None
    assert one.note == "kraken gives only its last 720 candles"
    found = stamps(lake.read(Series("kraken", "BTC/USD", "1h")))
    assert 690 < len(found) < 720
    assert found[-1] < clock.now() // HOUR * HOUR
