"""The demo's bots write logs as the real one does: they read without a problem, and positions match trades."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cqs_core import Bucket
from cqs_monitor import Logs
from cqs_monitor.demo.bot import Bot
from cqs_monitor.demo.log_writer import header, log_files, torn
from cqs_monitor.demo.trade import Trade
from cqs_monitor.performance.reconciliation import reconcile

DAY = 86_400_000
START = 20_000 * DAY
TRADES = st.lists(
    st.tuples(st.sampled_from(["BTC", "ETH"]), st.floats(0.001, 1e8), st.floats(0.001, 100.0), st.floats(0.5, 2.0)),
    max_size=12,
)


def trades_of(rows, *, held):
    """One after another; the last one of each symbol is held."""
    last = {symbol: place for place, (symbol, *_) in enumerate(rows)} if held else {}
    return [
        Trade(symbol, START + n * DAY, price, quantity)
        if last.get(symbol) == n
        else Trade(symbol, START + n * DAY, price, quantity, START + n * DAY + 3_600_000, price * gain)
        for n, (symbol, price, quantity, gain) in enumerate(rows)
    ]


@pytest.mark.once
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(rows=TRADES, held=st.booleans())
def test_any_trades_read_back_as_they_are(tmp_path_factory, rows, held):
    bucket, trades = Bucket(str(tmp_path_factory.mktemp("demo"))), trades_of(rows, held=held)
    for key, data in log_files("Main", trades).items():
        bucket.write(key, data)
    snapshot = Logs(bucket).refresh()
    assert snapshot.problems == ()
    assert snapshot.table.num_rows == sum(1 if trade.sold is None else 2 for trade in trades)
    earned = sum((t.exit_price - t.price) * t.quantity for t in trades if t.exit_price is not None)
    assert snapshot.rows.profit.sum() == pytest.approx(earned, rel=1e-6, abs=1e-6)
    assert reconcile("Main", snapshot.only("Main"), snapshot.held("Main")) == []


def test_a_torn_file_loses_its_last_row_alone(bucket):
    trades = trades_of([("BTC", 100.0, 1.0, 1.1)], held=False)
    for key, data in log_files("Main", trades).items():
        bucket.write(key, torn(data) if key.endswith(".csv") else data)
    snapshot = Logs(bucket).refresh()
    assert snapshot.table.num_rows == 2
    assert len(snapshot.problems) == 1


def test_the_bot_buys_what_it_lacks_and_sells_what_it_holds(bucket):
    from cqs_core import Lake, Series
    from cqs_core.lake import candle_table
    from cqs_core.time.clock import now

    today = now() // DAY * DAY
    values = np.array([[100.0, 110.0, 90.0, 100.0, 5.0]] * 3)
    ts = today - DAY * np.array([4, 3, 2])
    for symbol in ("BTC", "ETH", "XRP", "SOL"):
        series = Series("upbit", f"{symbol}/KRW", "1d")
        Lake(bucket).append(series, candle_table(ts, values), int(ts[0]), int(ts[-1]) + DAY)
    for account in ("Main", "메인"):
        bucket.write(f"logs/{account}/positions.json", b"{}")
    bot = Bot(bucket)
    for _ in range(8):
        bot.trade()
    bought = Logs(bucket).refresh()
    assert bought.rows.sell.tolist() == [False] * 8
    assert sorted(json.loads(bucket.read("logs/Main/positions.json"))) == ["BTC", "ETH", "SOL", "XRP"]
    for _ in range(8):
        bot.trade()
    sold = Logs(bucket).refresh()
    assert (sold.problems, sold.table.num_rows, int(sold.rows.sell.sum())) == ((), 16, 8)
    assert json.loads(bucket.read("logs/Main/positions.json")) == {}
    assert header().startswith(b"timestamp,date,action")
