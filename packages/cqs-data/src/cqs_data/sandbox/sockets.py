"""Websockets of the exchanges: a subscription, then ticks several times a second while a client listens."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import WSMsgType, web

PERIOD = 0.2  # seconds between two ticks of a market

Send = Callable[[web.WebSocketResponse], Awaitable[None]]
Read = Callable[[web.WebSocketResponse, Any], Awaitable[Iterable[Send]]]


async def converse(request: web.Request, read: Read) -> web.WebSocketResponse:
    """One connection: `read` answers a message of the client, and returns what to send repeatedly."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    sending: list[Send] = []
    pump = asyncio.create_task(_pump(socket, sending))
    try:
        async for message in socket:
            if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                with contextlib.suppress(ValueError):
                    sending += await read(socket, json.loads(message.data))
    finally:
        pump.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            await pump
    return socket


async def _pump(socket: web.WebSocketResponse, sending: list[Send]) -> None:
    while not socket.closed:
        for send in list(sending):
            await send(socket)
        await asyncio.sleep(PERIOD)


def upbit_reader(tick: Callable[[str], dict[str, Any]], known: Iterable[str]) -> Read:
    """Upbit's: `[{"ticket"}, {"type": "ticker", "codes": […]}]`; ticks come as bytes, a snapshot first."""
    names = set(known)

    async def read(socket: web.WebSocketResponse, said: Any) -> list[Send]:
        asked = [part for part in said if isinstance(part, dict) and part.get("type") == "ticker"]
        codes = [code for part in asked for code in part.get("codes", []) if code in names]
        for code in codes:
            await socket.send_bytes(_upbit_tick(tick(code), "SNAPSHOT"))
        return [_sender(functools.partial(_upbit_now, tick, code)) for code in codes]

    return read


def binance_reader(tick: Callable[[str], dict[str, Any]], known: Iterable[str]) -> Read:
    """Binance's: `{"method": "SUBSCRIBE", "params": ["btcusdt@ticker"], "id": 1}`, answered, then ticks as text."""
    names = set(known)

    async def read(socket: web.WebSocketResponse, said: Any) -> list[Send]:
        if not isinstance(said, dict) or said.get("method") != "SUBSCRIBE":
            return []
        await socket.send_json({"result": None, "id": said.get("id")})
        streams = [stream.partition("@") for stream in said.get("params", [])]
        wanted = [(symbol.upper(), name) for symbol, _, name in streams if symbol.upper() in names]
        return [_sender(functools.partial(_binance_now, tick, *pair)) for pair in wanted]

    return read


def _sender(make: Callable[[], bytes]) -> Send:
    async def send(socket: web.WebSocketResponse) -> None:
        data = make()
        await (socket.send_str(data.decode()) if data.startswith(b'{"e"') else socket.send_bytes(data))

    return send


def _upbit_now(tick: Callable[[str], dict[str, Any]], code: str) -> bytes:
    return _upbit_tick(tick(code), "REALTIME")


def _binance_now(tick: Callable[[str], dict[str, Any]], symbol: str, name: str) -> bytes:
    return _binance_tick(tick(symbol), name)


def _upbit_tick(tick: dict[str, Any], kind: str) -> bytes:
    about = {"type": "ticker", "code": tick["market"], "stream_type": kind, "ask_bid": "BID", "market_state": "ACTIVE"}
    return json.dumps(
        {**about, **{k: v for k, v in tick.items() if k != "market"}, "ticket": uuid.uuid4().hex}
    ).encode()


def _binance_tick(tick: dict[str, Any], name: str) -> bytes:
    """`24hrTicker` or `24hrMiniTicker`, as the stream's name asks."""
    known = {"E": tick["closeTime"], "s": tick["symbol"], "c": tick["lastPrice"], "o": tick["openPrice"]}
    known |= {"h": tick["highPrice"], "l": tick["lowPrice"], "v": tick["volume"], "q": tick["quoteVolume"]}
    if name.startswith("miniTicker"):
        return json.dumps({"e": "24hrMiniTicker", **known}).encode()
    more = {"p": tick["priceChange"], "P": tick["priceChangePercent"], "w": tick["weightedAvgPrice"]}
    more |= {"x": tick["prevClosePrice"], "Q": tick["lastQty"], "b": tick["bidPrice"], "B": tick["bidQty"]}
    more |= {"a": tick["askPrice"], "A": tick["askQty"], "O": tick["openTime"], "C": tick["closeTime"]}
    return json.dumps({"e": "24hrTicker", **known, **more, "F": 0, "L": 1, "n": 1}).encode()
