"""Contract tests of exchanges: what the pipeline relies on. They use a loopback server, never the real one."""

from __future__ import annotations

import asyncio
import math
import re
import socket
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from cqs_core.errors import ExchangeBusy, ExchangeError
from cqs_core.time import intervals
from cqs_core.trading.markets import resolve

if TYPE_CHECKING:
    from cqs_core.host.exchange import Exchange, Page

_REQUESTS = 500


class ExchangeContract:
    """A subclass provides the fixture `endpoint` and names a market that is served there.

    Attributes:
        exchange: the class.
        market: one that is served, in unified form, against the exchange's own `quote`.
        interval: of candles that are served there.
        start: ms UTC of a range that holds candles of it.
        end: exclusive.
    """

    exchange: ClassVar[type[Exchange]]
    market: ClassVar[str]
    interval: ClassVar[str]
    start: ClassVar[int]
    end: ClassVar[int]

    def test_it_says_what_it_is(self) -> None:
        assert self.exchange.id
        assert self.exchange.title
        assert set(self.exchange.intervals) <= set(intervals.INTERVALS)
        assert self.exchange.id_form in ("", "QUOTE-BASE", "BASE-QUOTE", "BASEQUOTE")
        assert re.fullmatch("[A-Z0-9]{1,16}", self.exchange.quote)
        size = getattr(self.exchange, "page_size", None)
        assert size is None or (type(size) is int and size >= 1), f"page_size is {size!r}; write a whole number above 0"

    def test_a_bare_base_means_the_market_in_its_own_quote(self) -> None:
        spot = self.market.partition(":")[0]
        base, kind = spot.partition("/")[0], self.exchange
        meant = resolve(base, kind.id, own_quote=kind.quote, id_form=kind.id_form)
        assert meant == spot, f"a bare {base!r} means {meant!r}: is `quote` of {kind.__name__} set, and spelled so?"

    def test_markets_are_listed_by_their_unified_names(self, endpoint: str) -> None:
        async def ask() -> None:
            async with self.exchange(endpoint) as connection:
                markets = await connection.markets()
            assert self.market in markets
            for name, listing in markets.items():
                assert listing.market == name
                assert listing.id
                assert "/" in name

        asyncio.run(ask())

    def test_a_page_answers_part_of_what_was_asked_and_nothing_else(self, endpoint: str) -> None:
        async def ask() -> None:
            async with self.exchange(endpoint) as connection:
                await connection.markets()
                page = await connection.page(self.market, self.interval, self.start, self.end)
            assert self.start <= page.start < page.end <= self.end
            assert self.start == page.start or self.end == page.end
            inside(page, self.interval)

        asyncio.run(ask())

    def test_asking_for_the_rest_ends_with_every_candle_once(self, endpoint: str) -> None:
        async def ask() -> list[int]:
            found: list[int] = []
            start, end = self.start, self.end
            async with self.exchange(endpoint) as connection:
                await connection.markets()
                for _ in range(_REQUESTS):
                    page = await connection.page(self.market, self.interval, start, end)
                    found += inside(page, self.interval)
                    start, end = (page.end, end) if page.start == start else (start, page.start)
                    if start >= end:
                        return found
            raise AssertionError(f"[{start}, {end}) is still not answered after {_REQUESTS} requests")

        found = asyncio.run(ask())
        assert found
        assert len(set(found)) == len(found)

    def test_volumes_are_numbers_by_unified_name(self, endpoint: str) -> None:
        """Skipped if the exchange has none, or inherits the method and this server refuses it."""
        volumes = self._offered(endpoint, "volumes")
        assert self.market in volumes
        assert all("/" in name and math.isfinite(volume) and volume >= 0 for name, volume in volumes.items())

    def test_the_price_is_a_number_above_0(self, endpoint: str) -> None:
        """Skipped like the volumes."""
        price = self._offered(endpoint, "price", self.market)
        assert math.isfinite(price)
        assert price > 0

    def _offered(self, endpoint: str, method: str, *args: str) -> Any:
        async def ask() -> Any:
            async with self.exchange(endpoint) as connection:
                await connection.markets()
                return await getattr(connection, method)(*args)

        try:
            return asyncio.run(ask())
        except NotImplementedError:
            pytest.skip(f"{self.exchange.id} has no {method}()")
        except ExchangeError as error:
            if isinstance(error, ExchangeBusy) or method in vars(self.exchange):
                raise
            pytest.skip(f"this test's server refused {method}(): {error}")

    def test_a_server_that_is_not_there_is_an_error_of_ours(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"

        async def ask() -> None:
            async with self.exchange(nobody) as connection:
                await connection.markets()

        with pytest.raises(ExchangeError):
            asyncio.run(ask())


def inside(page: Page, interval: str) -> list[int]:
    """Stamps of the page's candles, which are opens inside what it says that it answers."""
    ts = [int(row[0]) for row in page.rows if row[0] is not None]
    assert len(ts) == len(page.rows)
    assert all(page.start <= t < page.end for t in ts)
    assert intervals.on_grid(interval, np.array(ts, np.int64)).all()
    return ts
