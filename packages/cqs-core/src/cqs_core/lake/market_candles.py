"""Aligned candles of several markets, as strategies take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.config.variables import settings
from cqs_core.lake.object_names import Series
from cqs_core.lake.series_table import candle_frame
from cqs_core.trading.candles import Candles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cqs_core.files.frame import Frame
    from cqs_core.lake.incomplete import LeftOut
    from cqs_core.lake.lake import Lake
    from cqs_core.time.clock import Time


def market_candles(
    lake: Lake,
    exchange: str,
    markets: str | Sequence[str],
    interval: str,
    start: Time | int | None,
    end: Time | int | None,
    references: Iterable[str],
    tell: Callable[[LeftOut], None],
) -> Candles:
    """See `Lake.candles`."""
    day_start = settings().day_start

    def load(market: str) -> Frame:
        found = lake.derived(Series(exchange, market, interval), start, end, day_start)
        if not len(found.table):
            lake.refuse(found)
        if found.left_out:
            tell(found.left_out)
        return candle_frame(found.table)

    names = [markets] if isinstance(markets, str) else markets
    traded = {market: load(market) for market in dict.fromkeys(names)}
    seen = {market: traded[market] if market in traded else load(market) for market in references}
    return Candles.from_frames(traded, interval, seen)
