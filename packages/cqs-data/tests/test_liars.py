"""Exchanges that lie, always in the same way: none of it is taken for an outage, and an honest day mends it all."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from survival import Truth

from cqs_core import Series, times
from cqs_core.intervals import DAY, MINUTE
from cqs_data import fetch, select
from cqs_data.exchanges import Binance, CcxtExchange, Upbit
from cqs_data.fetching import Selection
from cqs_data.fetching.patience import Patience
from cqs_data.sandbox import Sandbox, Synthetic

END = times.now() // DAY * DAY - DAY
START = END - 100 * DAY


class Plain(CcxtExchange):
    """Binance's sandbox, paged as exchanges are that no file refines."""

    id = "binance"
    page_size = 300
    ccxt_options = Binance.ccxt_options


PAGERS = {"upbit": (Upbit, "BTC/KRW"), "binance": (Binance, "BTC/USDT"), "generic": (Plain, "BTC/USDT")}


class Liar:
    """Spoils answers about candles: `lie(rows, n, before)` is told the n-th answer, and the true one before it."""

    def __init__(self, lie) -> None:
        self.lie, self.told, self.before = lie, 0, []

    @web.middleware
    async def middleware(self, request, handler):
        answer = await handler(request)
        if "candles" not in request.path and "klines" not in request.path:
            return answer
        rows = json.loads(answer.text)
        said = self.lie(rows, self.told, self.before)
        self.told, self.before = self.told + 1, rows
        return web.json_response(said)


def torn(rows, n, before):
    """Always only the first half."""
    return rows[: (len(rows) + 1) // 2]


def headless(rows, n, before):
    """Always without the first three."""
    return rows[3:] if len(rows) > 3 else rows


def repeated(rows, n, before):
    """Again and again the page before, twice in a row."""
    return before if n % 7 in (3, 4) else rows


def silent(rows, n, before):
    """Again and again nothing, twice in a row."""
    return [] if n % 7 in (3, 4) else rows


def short(rows, n, before):
    """Again and again the same half, twice in a row."""
    return rows[len(rows) // 2 :] if n % 7 in (3, 4) else rows


def overfull(rows, n, before):
    """Now and then more than was asked."""
    return [*before, *rows] if n % 5 == 2 else rows


@pytest.mark.parametrize("pager", PAGERS)
@pytest.mark.parametrize("lie", [torn, headless, repeated, silent, short, overfull], ids=lambda lie: lie.__name__)
def test_a_lie_is_never_stored_as_an_outage(lake, pager, lie):
    kind, market = PAGERS[pager]
    truth = Truth([Series(kind.id, market, "1h")], START, END)
    selection = Selection(kind, [market], ["1h"], START, END)
    with Sandbox(Synthetic(), faults=Liar(lie)) as liar:
        fetch(lake, selection, liar.url, Patience(tries=4, pause=0.001))
        truth.check_lake(lake, whole=False)
    with Sandbox(Synthetic()) as honest:
        [done] = fetch(lake, selection, honest.url)
    assert done.error is None
    truth.check_lake(lake, whole=True)


def test_candles_that_come_late_are_asked_for_again(lake):
    end = times.now() // MINUTE * MINUTE - MINUTE
    hidden = [3 * MINUTE]

    class Late(Synthetic):
        def bars(self, *args):
            return super().bars(*args).between(0, end - hidden[0])

    with Sandbox(Late()) as sandbox:
        chosen = select("BTC", "1m", "upbit", times.iso(end - 20 * MINUTE), times.iso(end))
        [before] = fetch(lake, chosen, sandbox.url)
        hidden[0] = 0
        [after] = fetch(lake, chosen, sandbox.url)
    truth = Truth([before.series], end - 20 * MINUTE, end)
    truth.check_lake(lake, whole=True)
    assert after.rows == sum(truth.bars[before.series].ts >= end - 3 * MINUTE) > 0
