"""What runs and searches are called on pages, from their manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel import strategy_title

if TYPE_CHECKING:
    from collections.abc import Mapping


def title_of(made: Mapping[str, Any]) -> str:
    """The strategy and its markets: `Volatility breakout on BTC/KRW, ETH/KRW`."""
    return f"{strategy_title(made['strategy']['name'])} on {', '.join(made['symbols'])}"


def short_title_of(made: Mapping[str, Any]) -> str:
    """The same for lists: `Volatility breakout on BTC, ETH`."""
    return f"{strategy_title(made['strategy']['name'])} on {coins_of(made)}"


def coins_of(made: Mapping[str, Any]) -> str:
    """Its markets without their quote currency: `BTC, ETH`."""
    return ", ".join(market.partition("/")[0] for market in made["symbols"])
