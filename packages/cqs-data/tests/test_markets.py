"""Markets that an exchange lists."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cqs_core import ExchangeError
from cqs_core.testing.waiting import until
from cqs_data.fetching import listed_markets as listing
from cqs_data.fetching.listed_markets import listed_markets
from cqs_data.fetching.retry import RetryPolicy


@pytest.fixture(autouse=True)
def _unasked(monkeypatch):
    monkeypatch.setattr(listing, "_known", {})
    monkeypatch.setattr(listing, "RetryPolicy", lambda tries: RetryPolicy(min(tries, 2), 0.01))


def test_markets_have_their_volume_and_are_asked_for_once(sandbox, monkeypatch):
    found = listed_markets("upbit", sandbox.url)
    assert [one.market for one in found] == ["BTC/KRW", "ETH/KRW", "SOL/KRW", "XRP/KRW"]
    assert all(one.volume > 0 and one.quote == "KRW" for one in found)
    monkeypatch.setattr(listing, "connection", None)  # asking again would fail
    assert listed_markets("upbit", sandbox.url) == found


def test_an_exchange_that_does_not_answer_is_asked_again_the_next_time(sandbox):
    with pytest.raises(ExchangeError):
        listed_markets("upbit", "http://127.0.0.1:9")
    assert listing._known == {}


def test_a_slow_exchange_blocks_no_other_and_those_who_wait_for_it_share_its_answer(sandbox, monkeypatch):
    slow, asked, windows_of, answer = "slow", [], [], threading.Event()
    really = listing._ask

    class Asking(dict):
        def setdefault(self, key, ours):
            windows_of.append(key[0])
            return super().setdefault(key, ours)

    async def ask(exchange, endpoint):
        if exchange != slow:
            return await really(exchange, endpoint)
        asked.append(exchange)
        await asyncio.to_thread(answer.wait)
        raise ExchangeError("slow does not answer")

    monkeypatch.setattr(listing, "_ask", ask)
    monkeypatch.setattr(listing, "_asking", Asking())
    with ThreadPoolExecutor(2) as windows:
        waiting = [windows.submit(listed_markets, slow) for _ in range(2)]
        until(lambda: asked and windows_of == [slow, slow])
        assert listed_markets("upbit", sandbox.url)
        answer.set()
        for one in waiting:
            with pytest.raises(ExchangeError, match="does not answer"):
                one.result()
    assert (asked, listing._asking) == ([slow], {})
