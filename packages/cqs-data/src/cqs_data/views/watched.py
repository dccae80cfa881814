"""What is known of the markets that a person watches: the set that names them, and their stored closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core import CqsError, Lake, Series, UnknownName, UsageError, market_of
from cqs_core.lake import delete_market_set, market_sets, save_market_set
from cqs_data.feeds import obstacle
from cqs_data.fetching.listed_markets import listed_markets
from cqs_data.views.recent_closes import recent_closes
from cqs_panel import user_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket
    from cqs_core.lake import MarketSet

_SYNTHETIC = "the demo's candles are made up; they have no live prices"


@dataclass(frozen=True)
class WatchedMarket:
    """One market of the list.

    Attributes:
        market: unified name.
        series: its stored days; None where the lake has none.
        closes: of the newest days, oldest first.
        last: open of the newest day, ms UTC.
        unlive: why it has no live price; empty where it has one.
        fault: why its closes could not be read; empty where they could.
    """

    market: str
    series: Series | None = None
    closes: Sequence[float] = ()
    last: int = 0
    unlive: str = ""
    fault: str = ""


def own_list() -> str:
    """The name of the set that holds the current user's list."""
    user = user_name()
    return f"watchlist {user}" if user else "watchlist"


def lists(bucket: Bucket) -> dict[str, MarketSet]:
    """All saved sets by name."""
    return {one.name: one for one in market_sets(bucket)}


def changed(
    bucket: Bucket,
    name: str,
    exchange: str,
    add: str = "",
    remove: Sequence[str] = (),
    listed: Sequence[str] = (),
) -> list[str]:
    """Add a market to a list or take some out of it; what another window changed meanwhile stays.

    Args:
        bucket: that keeps it.
        name: of the list.
        exchange: whose market is added.
        add: as users type it.
        remove: unified names.
        listed: the markets of the exchange; empty where they are not known.

    Returns:
        The markets of the list now.

    Raises:
        UnknownName: the exchange does not list the market.
        UsageError: the name of the market is not clear, or the list is of another exchange.
        NotPermitted: the user of a dashboard may only look.
    """
    known = lists(bucket).get(name)
    if add and known is not None and known.exchange != exchange:
        raise UsageError(f"{name!r} has markets of {known.exchange}; {add!r} of {exchange} needs another set")
    if add and (market := market_of(add, exchange)) not in listed and listed:
        raise UnknownName(f"market of {exchange}", market, listed)
    before = list(known.markets) if known is not None else []
    after = [one for one in before if one not in remove]
    if add:
        return list(save_market_set(bucket, name, exchange, list(dict.fromkeys([*after, market]))).markets)
    if after:
        save_market_set(bucket, name, exchange if known is None else known.exchange, after)
    elif known is not None:
        delete_market_set(bucket, name)
    return after


def watched(
    bucket: Bucket, exchange: str, markets: Sequence[str], endpoint: str | None, *, demo: bool
) -> list[WatchedMarket]:
    """The markets in their order, with the closes of their stored days."""
    lake = Lake(bucket)
    days = {
        one.series.market: one
        for one in lake.status()
        if (one.series.exchange, one.series.interval) == (exchange, "1d")
    }
    found = []
    for market in markets:
        status = days.get(market)
        if status is None or status.last is None:
            series = Series(exchange, market, "1d")
            unlive = _SYNTHETIC if demo else obstacle(series, ["endpoint"] if endpoint else [], endpoint)
            found.append(WatchedMarket(market, unlive=unlive))
            continue
        unlive = obstacle(status.series, status.sources, endpoint)
        recent = recent_closes(lake, status)
        fault = str(recent.fault or "")
        found.append(WatchedMarket(market, status.series, recent.closes, recent.last, unlive, fault))
    return found


def market_names(exchange: str, endpoint: str | None) -> Sequence[str]:
    """The markets of the exchange; none where it does not answer: then a name can be typed all the same."""
    try:
        return [one.market for one in listed_markets(exchange, endpoint)]
    except CqsError:
        return []
