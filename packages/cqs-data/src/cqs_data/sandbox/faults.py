"""Faults of exchanges, for tests: rate limits, errors, resets, garbage, truncated or repeated pages, empty answers."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

KINDS = ("limit", "error", "reset", "garbage", "torn", "short", "repeated", "shuffled", "absurd")
LASTING = ("empty",)  # those that go on for a while, once they began
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Faults:
    """Spoils a share of the answers.

    Args:
        share: of requests, 0..1.
        kinds: which faults, of `KINDS` and `LASTING`.
        seed: the same one spoils in the same order.
        lasts: seconds for which a lasting fault goes on: an `empty` exchange answers each question about candles with
            none, as exchanges do in maintenance.

    Attributes:
        done: how many answers of each kind so far.
        until: an empty exchange stays so until then, seconds of `time.monotonic`; may be set.
    """

    def __init__(self, share: float, kinds: tuple[str, ...] = KINDS, seed: int = 1, lasts: float = 1.0) -> None:
        self.share, self.kinds, self.lasts = share, kinds, lasts
        self.until = 0.0
        self.done: Counter[str] = Counter()
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrets
        self._last: dict[str, str] = {}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer, or spoil the answer."""
        if time.monotonic() < self.until and is_about_candles(request):
            return self._empty()
        if self._random.random() >= self.share:
            return self._remember(request, await handler(request))
        return await self._spoil(self._random.choice(self.kinds), request, handler)

    async def _spoil(self, kind: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        if kind in LASTING:
            return self._begin_emptiness() if is_about_candles(request) else await handler(request)
        self.done[kind] += 1
        if kind == "limit":
            return web.Response(status=self._random.choice((429, 418)), headers={"Retry-After": "0.05"}, text="{}")
        if kind == "error":
            return web.Response(status=self._random.choice((500, 502, 503)), text="Internal Server Error")
        if kind == "reset":
            if request.transport:
                request.transport.abort()
            return web.Response()
        if kind == "garbage":
            return web.Response(text="<html>please come back later</html>", content_type="application/json")
        return self._spoiled(kind, request, await handler(request))

    def _begin_emptiness(self) -> web.StreamResponse:
        self.until = time.monotonic() + self.lasts
        return self._empty()

    def _empty(self) -> web.StreamResponse:
        self.done["empty"] += 1
        return web.json_response([])

    def _remember(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        if isinstance(answer, web.Response) and answer.text:
            self._last[_question(request)] = answer.text
        return answer

    def _spoiled(self, kind: str, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        assert isinstance(answer, web.Response)
        text = answer.text or ""
        if kind == "torn":
            return web.Response(text=text[: len(text) * 2 // 3], content_type="application/json")
        if kind == "repeated":
            return web.Response(text=self._last.get(_question(request), text), content_type="application/json")
        rows = json.loads(text)
        if isinstance(rows, list) and len(rows) > 2:
            rows = self._changed(kind, rows)
        return web.json_response(rows)

    def _changed(self, kind: str, rows: list[Any]) -> list[Any]:
        if kind == "shuffled":
            return self._random.sample(rows, len(rows))
        if kind == "short":
            at = self._random.randrange(1, len(rows))
            return rows[at:] if self._random.random() < 0.5 else rows[:at]
        at = self._random.randrange(len(rows))
        return [*rows[:at], _absurd(rows[at]), *rows[at + 1 :]]


def is_about_candles(request: web.Request) -> bool:
    """Whether it asks for candles."""
    return "/candles/" in request.path or request.path.endswith("/klines")


def _absurd(row: Any) -> Any:
    """A candle whose low is above its high."""
    if isinstance(row, dict) and "low_price" in row:
        return row | {"low_price": row["high_price"] * 2}
    if isinstance(row, list):
        return [*row[:3], str(float(row[2]) * 2), *row[4:]]
    return row


def _question(request: web.Request) -> str:
    """The same market and interval, whatever the page."""
    query = request.query
    return "|".join([request.path, *(query.get(name, "") for name in ("market", "symbol", "interval"))])
