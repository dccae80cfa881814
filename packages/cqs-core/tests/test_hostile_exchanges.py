"""Exchanges of plugins that answer nonsense: one line names exchange, market, fact and remedy."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

import cqs_core.host.exchange_answers
from cqs_core import Exchange, ExchangeBusy, ExchangeError, Listing, Page
from cqs_core.host.exchange_answers import Checked, connection

DAY = 86_400_000
ROW = [DAY, 10.0, 12.0, 9.0, 11.0, 5.0]


class Odd(Exchange):
    """Answers what it is told to."""

    id = "odd"
    quote = "KRW"
    answer: object = None

    async def _said(self):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    async def markets(self):
        return await self._said()

    async def page(self, market, interval, start, end):
        return await self._said()

    async def first(self, market):
        return await self._said()

    async def volumes(self):
        return await self._said()

    async def price(self, market):
        return await self._said()


def ask(method, answer, *args):
    kind = type("Odd", (Odd,), {"answer": answer})

    async def asked():
        async with connection(kind) as exchange:
            return await getattr(exchange, method)(*args)

    return asyncio.run(asked())


PAGES = {
    "none": None,
    "text": "candles",
    "rows alone": [ROW],
    "rows that are text": Page("abc", 0, DAY),
    "rows that are none": Page(None, 0, DAY),
    "short rows": Page([ROW[:3]], 0, DAY),
    "long rows": Page([[*ROW, 1.0]], 0, DAY),
    "numbers as text": Page([[str(value) for value in ROW]], 0, DAY),
    "a row that is a number": Page([5], 0, DAY),
    "a row that is text": Page(["123456"], 0, DAY),
    "booleans": Page([[DAY, True, True, True, True, True]], 0, DAY),
    "a time that is none": Page([[None, *ROW[1:]]], 0, DAY),
    "a time that is no number": Page([[float("nan"), *ROW[1:]]], 0, DAY),
    "a time between": Page([[0.5, *ROW[1:]]], 0, DAY),
    "a range of text": Page([ROW], "x", DAY),
    "half a range": Page([ROW], 0, None),
    "no end": Page([ROW], 0, float("inf")),
}


@pytest.mark.parametrize("answer", PAGES.values(), ids=PAGES)
def test_pages_that_are_none_are_refused_with_the_market(answer):
    with pytest.raises(ExchangeError, match=r"exchange 'odd' answered .* about BTC/KRW 1d; page\(\) must give") as told:
        ask("page", answer, "BTC/KRW", "1d", 0, DAY)
    assert str(told.value).isprintable()


def test_good_pages_pass_also_as_arrays():
    for rows in ([ROW], (tuple(ROW),), np.array([ROW]), [[DAY, None, None, None, None, None]]):
        page = ask("page", Page(rows, np.int64(0), DAY), "BTC/KRW", "1d", 0, DAY)
        assert (page.rows[0][0], page.start, page.end) == (DAY, 0, DAY)
        assert all(type(value) in (int, float, type(None)) for value in page.rows[0])


@pytest.mark.parametrize(
    ("method", "answer", "args"),
    [
        ("markets", None, ()),
        ("markets", ["BTC/KRW"], ()),
        ("markets", {"BTC/KRW": "KRW-BTC"}, ()),
        ("markets", {"BTC\n/KRW": Listing("BTC/KRW", "KRW-BTC")}, ()),
        ("markets", {"\x1b[2J/KRW": Listing("BTC/KRW", "KRW-BTC")}, ()),
        ("markets", {"BTC": Listing("BTC", "KRW-BTC")}, ()),
        ("first", "2020", ("BTC/KRW",)),
        ("first", float("nan"), ("BTC/KRW",)),
        ("volumes", {"BTC/KRW": "much"}, ()),
        ("volumes", 5, ()),
        ("price", None, ("BTC/KRW",)),
        ("price", "5", ("BTC/KRW",)),
        ("price", float("nan"), ("BTC/KRW",)),
        ("price", 0, ("BTC/KRW",)),
    ],
)
def test_other_answers_are_checked_too(method, answer, args):
    with pytest.raises(ExchangeError, match=rf"exchange 'odd' answered .*; {method}\(\) must give") as told:
        ask(method, answer, *args)
    assert str(told.value).isprintable()


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), SystemExit(3), KeyboardInterrupt("x"), asyncio.CancelledError()]
)
def test_whatever_it_raises_is_an_error_of_the_exchange(error):
    with pytest.raises(ExchangeError, match=rf"exchange 'odd' failed about BTC/KRW 1d: {type(error).__name__}"):
        ask("page", error, "BTC/KRW", "1d", 0, DAY)


def test_what_an_answer_says_nothing_of_stays_so():
    page = Page([ROW], 0, 3 * DAY, until=2 * DAY, since=DAY)
    assert ask("page", page, "BTC/KRW", "1d", 0, 3 * DAY) == page


def test_bars_that_it_keeps_are_a_number():
    assert Checked(type("Short", (Odd,), {"kept": lambda *_: 720})).kept("BTC/KRW", "1d") == 720
    with pytest.raises(ExchangeError, match="kept\\(\\) must give bars, or None"):
        Checked(type("Wrong", (Odd,), {"kept": lambda *_: "all"})).kept("BTC/KRW", "1d")


def test_what_it_raises_on_purpose_stays_what_it_is():
    with pytest.raises(ExchangeBusy, match="later"):
        ask("page", ExchangeBusy("later"), "BTC/KRW", "1d", 0, DAY)


def test_an_answer_that_never_comes_is_given_up(monkeypatch):
    class Never(Odd):
        async def page(self, *_):
            await asyncio.sleep(3600)

    monkeypatch.setattr(cqs_core.host.exchange_answers, "_LIMIT", 0.05)

    async def asked():
        await Checked(Never, None, "mine").page("BTC/KRW", "1d", 0, DAY)

    with pytest.raises(ExchangeError, match=r"exchange 'odd' of plugin 'mine' did not answer about BTC/KRW 1d within"):
        asyncio.run(asked())


def test_one_that_cannot_be_made_or_is_not_async_is_told():
    class Unmade(Odd):
        def __init__(self, endpoint=None):
            raise SystemExit(4)

    class Plain(Odd):
        def price(self, market):
            return 5.0

    with pytest.raises(ExchangeError, match=r"failed: SystemExit: 4; fix its __init__\(\)"):
        connection(Unmade)
    with pytest.raises(ExchangeError, match="write `async def price`"):
        asyncio.run(Checked(Plain).price("BTC/KRW"))
