"""What pages call runs and searches, and what candles they had, from their manifests."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from cqs_core import UsageError
from cqs_core.time.clock import parse_moment
from cqs_panel import strategy_title, when

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_backtest.runs import Annotation


def title_of(made: Mapping[str, Any]) -> str:
    """The strategy and its markets: `Volatility breakout on BTC/KRW, ETH/KRW`."""
    return f"{strategy_title(made['strategy']['name'])} on {', '.join(made['symbols'])}"


def short_title_of(made: Mapping[str, Any]) -> str:
    """The same for lists: `Volatility breakout on BTC, ETH`."""
    return f"{strategy_title(made['strategy']['name'])} on {coins_of(made)}"


def called(made: Mapping[str, Any], said: Annotation) -> str:
    """The name that the user gave a run before its short title: `first try · Volatility breakout on BTC`."""
    return " · ".join(filter(None, (said.name, short_title_of(made))))


def coins_of(made: Mapping[str, Any]) -> str:
    """Its markets without their quote currency: `BTC, ETH`."""
    return ", ".join(market.partition("/")[0] for market in made["symbols"])


def dates_of(made: Mapping[str, Any]) -> str:
    """The days of its first and last bar: `2024-01-01 to 2024-08-27`."""
    return f"{made['first'][:10]} to {made['last'][:10]}"


def candles_of(made: Mapping[str, Any]) -> str:
    """Where its candles are from: `upbit 1d, 2024-01-01 to 2024-08-27`."""
    return f"{made['exchange']} {made['interval']}, {dates_of(made)}"


def made_at(made: Mapping[str, Any], zone: str | None) -> str:
    """When it was made, in a time zone; None is the machine's. Empty where its manifest does not say."""
    with contextlib.suppress(UsageError):
        return when(parse_moment(str(made.get("created", "")))[0], zone)
    return ""
