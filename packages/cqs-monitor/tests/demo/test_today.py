"""The demo's trades of today fit every hour of the day: positions can be valued, and no comparison looks at them."""

from __future__ import annotations

import pytest

from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_monitor.demo.trade import trades_today
from cqs_monitor.performance.prices import Price

MIDNIGHT = 20_000 * DAY


@pytest.mark.parametrize("minutes", range(1, 24 * 60, 29))
@pytest.mark.parametrize("which", [0, 1])
def test_an_open_position_is_not_newer_than_the_last_hourly_close(which, minutes):
    now = MIDNIGHT + minutes * MINUTE
    close = Price(100.0, now // HOUR * HOUR, "candle")
    trades = trades_today(which, dict.fromkeys(("BTC", "ETH", "SOL", "XRP"), close), now)
    assert trades
    assert all(trade.bought <= close.at for trade in trades if trade.sold is None)
    assert all(MIDNIGHT <= trade.bought <= (trade.sold or now) <= now for trade in trades)
