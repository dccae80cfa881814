"""Bybit spot: at most 1000 candles between `start` and `end`, newest first; only as many are asked as fit.

After https://bybit-exchange.github.io/docs/v5/market/kline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cqs_core.time import intervals
from cqs_data.exchanges.unified import CcxtExchange, Row

if TYPE_CHECKING:
    from collections.abc import Mapping


class Bybit(CcxtExchange):
    """Bybit, spot."""

    id: ClassVar[str] = "bybit"
    title: ClassVar[str] = "Bybit"
    id_form: ClassVar[str] = "BASEQUOTE"
    page_size: ClassVar[int] = 1000
    ccxt_options: ClassVar[Mapping[str, Any]] = {"fetchMarkets": {"types": ["spot"]}}
    tested: ClassVar[str] = "written after its documentation"

    async def ohlcv(
        self, market: str, interval: str, since: int | None, limit: int, params: Mapping[str, Any] | None = None
    ) -> list[Row]:
        until = {} if since is None else {"until": intervals.next_open(interval, since, limit) - 1}
        return await super().ohlcv(market, interval, since, limit, {**until, **(params or {})})
