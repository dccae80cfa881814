"""Markets as users type them, resolved by the settings and by the exchange's own attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.config.variables import settings
from cqs_core.host.plugin_registry import plugins
from cqs_core.trading.markets import resolve

if TYPE_CHECKING:
    from collections.abc import Collection


def market_of(symbol: str, exchange: str, quote: str | None = None, known: Collection[str] = ()) -> str:
    """The unified market of a symbol as users type it, by the settings and the exchange's attributes.

    Raises:
        UsageError: as `resolve`.

    >>> market_of("btc", "upbit"), market_of("SOL", "upbit", quote="USDT")
    ('BTC/KRW', 'SOL/USDT')
    """
    now, kind = settings(), plugins().exchanges().get(exchange)
    return resolve(
        symbol,
        exchange,
        quote=quote,
        home=now.exchange,
        home_quote=now.quote,
        own_quote=kind.quote if kind else None,
        id_form=kind.id_form if kind else "",
        known=known,
    )
