"""The markets of an exchange with their volume, asked for once in ten minutes: what pages choose from."""

from __future__ import annotations

import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import ExchangeError, plugins
from cqs_core.host import connection
from cqs_data.exchanges.connection import check_endpoint
from cqs_data.fetching.loops import run_async
from cqs_data.fetching.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRESH = 600.0  # seconds
_Key = tuple[str, str | None]
_known: dict[_Key, tuple[float, Sequence[ListedMarket]]] = {}
_asking: dict[_Key, Future[Sequence[ListedMarket]]] = {}


@dataclass(frozen=True)
class ListedMarket:
    """A market that trades now.

    Attributes:
        market: unified form, `BTC/KRW`.
        volume: of the last 24 hours, in the quote currency; None where the exchange does not say.
    """

    market: str
    volume: float | None

    @property
    def quote(self) -> str:
        return self.market.partition("/")[2]


def listed_markets(exchange: str, endpoint: str | None = None) -> Sequence[ListedMarket]:
    """The markets of an exchange, by name; an answer is kept for ten minutes in this process.

    Args:
        exchange: its id.
        endpoint: base URL instead of the real exchange.

    Raises:
        UnknownName: it is not installed.
        ExchangeError: it did not answer.
    """
    key = exchange, check_endpoint(endpoint)
    asked, found = _known.get(key, (0.0, ()))
    if found and time.monotonic() - asked <= _FRESH:
        return found
    ours: Future[Sequence[ListedMarket]] = Future()
    asking = _asking.setdefault(key, ours)  # of several windows one asks; the others get its answer, or its error
    if asking is ours:
        _answer(key, ours)
    return asking.result()


def _answer(key: _Key, asking: Future[Sequence[ListedMarket]]) -> None:
    try:
        found = run_async(_ask(*key))
        _known[key] = time.monotonic(), found
        asking.set_result(found)
    except BaseException as error:  # noqa: BLE001 - raised again by all who wait
        asking.set_exception(error)
    finally:
        del _asking[key]


async def _ask(exchange: str, endpoint: str | None) -> Sequence[ListedMarket]:
    retry = RetryPolicy(tries=3)
    async with connection(plugins().exchange(exchange), endpoint) as opened:
        known = await retry.ask(opened.markets)
        try:
            volumes = await retry.ask(opened.volumes)
        except ExchangeError:  # the list is of use without them
            volumes = {}
    return [ListedMarket(name, volumes.get(name)) for name in sorted(known) if known[name].active]
