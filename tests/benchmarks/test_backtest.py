"""How fast backtests are: side by side in one run, the same work, results compared; ratios, not figures.

`uv run --group benchmarks pytest tests/benchmarks -k backtest`. Without that group what needs vectorbt is skipped.
Warm means compiled, with the indicators of these candles cached; badges are outside of what is timed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from cqs_backtest import indicators as ind
from cqs_backtest.engines.bt.engine import BtEngine
from cqs_backtest.engines.fast.engine import FastEngine
from cqs_backtest.metrics import statistics
from cqs_backtest.strategies import VolatilityBreakout
from cqs_core import Candles, Costs, Orders, simulate
from cqs_core.time.intervals import DAY, MINUTE

ROWS = 500_000
COSTS = Costs(fee=0.0005, slip=0.0005)
FREE = Costs(fee=0, slip=0)


def made(rows, step, interval, spread):
    random = np.random.default_rng(1)
    close = 100 * np.exp(random.normal(0, spread, (rows, 1)).cumsum(axis=0))
    open_ = np.vstack([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) * (1 + spread / 2), np.minimum(open_, close) * (1 - spread / 2)
    ts = np.arange(rows, dtype=np.int64) * step
    own = Candles(ts, ("BTC/KRW",), open_, high, low, close, np.ones_like(close), interval=interval)
    return replace(own, references={"BTC/KRW": replace(own, rows=ts, _memo={})}, _memo={})


@pytest.fixture(scope="module")
def minutes():
    return made(ROWS, MINUTE, "1m", 0.001)


def crossing(candles):
    up = ind.sma(candles, 20) > ind.sma(candles, 100)
    return Orders(enter=up, exit=~up)


def fastest(work, times=7):
    """Least CPU seconds: other processes of the machine do not count."""

    def once():
        started = time.process_time()
        work()
        return time.process_time() - started

    return min(once() for _ in range(times))


def told(name, ours, theirs, least):
    ratio = theirs / ours
    print(f"\n{name}: {1000 * ours:.2f} ms against {1000 * theirs:.2f} ms, {ratio:.2f} x (at least {least:g})")
    assert ratio >= least


def vectorbt_portfolio():
    """A function that simulates orders at the open by vectorbt's order function."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies, at import
        vbt = pytest.importorskip("vectorbt", reason="install the group `benchmarks` to compare with vectorbt")
        from numba import njit
        from vectorbt.portfolio import nb
        from vectorbt.portfolio.enums import Direction, NoOrder

    @njit
    def order(context, enter, exit_, price, fee, slip):
        i = context.i
        if context.position_now > 0 and exit_[i, 0]:
            return nb.order_nb(size=-np.inf, price=price[i, 0], fees=fee, slippage=slip, direction=Direction.LongOnly)
        if context.position_now == 0 and enter[i, 0]:
            return nb.order_nb(size=np.inf, price=price[i, 0], fees=fee, slippage=slip, direction=Direction.LongOnly)
        return NoOrder

    def portfolio(candles, orders, freq):
        import pandas as pd

        close = pd.Series(candles.close[:, 0], pd.to_datetime(candles.ts, unit="ms"))
        arguments = (orders.enter, orders.exit, candles.open, COSTS.fee, COSTS.slip)
        return vbt.Portfolio.from_order_func(close, order, *arguments, init_cash=COSTS.capital, freq=freq)

    return portfolio


def test_one_long_run_against_vectorbt(minutes):
    portfolio = vectorbt_portfolio()
    orders = crossing(minutes)
    engine = FastEngine()
    ours = engine.execute(minutes, orders, COSTS)
    theirs = portfolio(minutes, orders, "1min")
    assert len(ours.fills) > 1000
    assert ours.equity == pytest.approx(theirs.value().to_numpy(), rel=1e-9)
    told(
        "500,000 bars against vectorbt's order function",
        fastest(lambda: engine.execute(minutes, orders, COSTS)),
        fastest(lambda: portfolio(minutes, orders, "1min"), 3),
        10,
    )


def test_one_long_run_against_a_bare_kernel(minutes):
    from numba import njit

    @njit
    def rule(o, h, low, c, noise, slow, quick, cash):
        """The live rule of one symbol that is its own filter, without costs."""
        equity = np.empty(len(o))
        held, ema, total, alpha = 0.0, 0.0, 0.0, 2.0 / (quick + 1)
        for t in range(len(o)):
            if t >= slow:
                leave = c[t - 1] <= ema
                if held > 0 and leave:
                    cash += held * o[t]
                    held = 0.0
                stop = o[t] + (h[t - 1] - low[t - 1]) * noise
                if held == 0 and not leave and c[t - 1] > total / slow and o[t] <= stop * 1.01 and h[t] >= stop:
                    budget = 0.99 * cash
                    held = budget / max(o[t], stop)
                    cash -= budget
            ema = c[t] if t == 0 else alpha * c[t] + (1 - alpha) * ema
            total += c[t]
            if t >= slow:
                total -= c[t - slow]
            equity[t] = cash + held * c[t]
        return equity

    strategy, engine = VolatilityBreakout(), FastEngine()
    columns = [np.ascontiguousarray(x[:, 0]) for x in (minutes.open, minutes.high, minutes.low, minutes.close)]
    ours = simulate(strategy, minutes, engine, FREE)
    assert ours.execution.equity == pytest.approx(rule(*columns, 0.5, 20, 5, FREE.capital), rel=1e-6)
    told(
        "500,000 bars of the live rule against a kernel written for it",
        fastest(lambda: simulate(strategy, minutes, engine, FREE)),
        fastest(lambda: rule(*columns, 0.5, 20, 5, FREE.capital)),
        1 / 4,
    )


def test_one_daily_run_with_metrics_against_vectorbt():
    portfolio = vectorbt_portfolio()
    days = made(3_000, DAY, "1d", 0.02)
    orders = crossing(days)
    engine = FastEngine()

    class Crossing(VolatilityBreakout):
        def orders(self, candles):
            return crossing(candles)

    strategy = Crossing()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # vectorbt's statistics use what pandas calls old
        theirs = portfolio(days, orders, "1D").stats()
        ours = statistics(simulate(strategy, days, engine, COSTS))
        assert ours["total_return"] == pytest.approx(theirs["Total Return [%]"])
        assert -ours["mdd"] == pytest.approx(theirs["Max Drawdown [%]"])
        assert ours["num_trades"] == theirs["Total Closed Trades"]
        told(
            "3,000 days with metrics against vectorbt with metrics",
            fastest(lambda: statistics(simulate(strategy, days, engine, COSTS)), 30),
            fastest(lambda: portfolio(days, orders, "1D").stats(), 3),
            20,
        )


def test_fast_against_bt(minutes):
    """bt runs a tenth of the bars; its time is taken times ten."""
    orders = crossing(minutes)
    part, asked = minutes.between(0, ROWS // 10), orders.between(0, ROWS // 10, minutes.shape)
    reference = BtEngine().execute(part, asked, COSTS)
    assert FastEngine().execute(part, asked, COSTS).equity == pytest.approx(reference.equity, rel=1e-9)
    told(
        "500,000 bars against bt (50,000 measured, times ten)",
        fastest(lambda: FastEngine().execute(minutes, orders, COSTS)),
        10 * fastest(lambda: BtEngine().execute(part, asked, COSTS), 1),
        1_000,
    )


def test_metrics_of_a_curve_against_ffn():
    import ffn
    import pandas as pd

    from cqs_backtest.metrics import monthly_returns, yearly_returns
    from cqs_backtest.metrics.return_stats import calendar_numbers, daily_numbers, drawdown_numbers
    from cqs_core.trading import metrics

    random = np.random.default_rng(2)
    equity = 100 * np.exp(random.normal(0.0005, 0.02, 3_000).cumsum())
    ts = np.arange(3_000, dtype=np.int64) * DAY
    prices = pd.Series(equity, pd.to_datetime(ts, unit="ms"))

    def ours():
        daily = metrics.daily_of(ts, equity, 100.0)
        found = {"sharpe": metrics.sharpe(daily), "sortino": metrics.sortino(daily)}
        found |= daily_numbers(daily) | calendar_numbers(ts, equity, 100.0) | drawdown_numbers(ts, equity, 100.0)
        return found, monthly_returns(ts, equity, 100.0), yearly_returns(ts, equity, 100.0)

    theirs = ffn.PerformanceStats(prices, annualization_factor=365)
    assert ours()[0]["best_day"] == pytest.approx(100 * theirs.best_day)
    assert ours()[0]["worst_month"] == pytest.approx(100 * theirs.worst_month)
    told(
        "metrics of 3,000 days against ffn.PerformanceStats",
        fastest(ours, 30),
        fastest(lambda: ffn.PerformanceStats(prices, annualization_factor=365), 3),
        10,
    )


def test_the_whole_command_against_the_imports_it_needs(tmp_path):
    """`cqs backtest run --no-keep` on 1,800 days, whole process, against a process that only imports what it uses."""
    import pyarrow as pa

    from cqs_core import Bucket, Lake, Series

    days = made(1_800, DAY, "1d", 0.03)
    columns = {name: getattr(days, name)[:, 0] for name in ("open", "high", "low", "close", "volume")}
    table = pa.table({"ts": pa.array(days.ts, pa.timestamp("ms", "UTC")), **columns})
    series = Series("upbit", "BTC/KRW", "1d")
    Lake(Bucket(str(tmp_path))).append(series, table, 0, int(days.ts[-1]) + DAY, source="import")
    run = ["backtest", "run", "volatility_breakout", "--symbols", "BTC", "--no-keep", "--json", "--bucket"]
    cqs = "import sys; from cqs_core.cli import main; main()"
    command = [sys.executable, "-c", cqs, *run, str(tmp_path)]
    probe = (
        "import sys; from cqs_core.cli import run_command; code = run_command(sys.argv[1:]); "
        "print(*(n for n in sys.modules if not n.startswith(('cqs', '__main'))), file=sys.stderr); sys.exit(code)"
    )
    seen = subprocess.run([sys.executable, "-c", probe, *command[3:]], capture_output=True, text=True, check=True)
    names = seen.stderr.split()
    assert "numba" in names
    assert "bt" not in names
    each = " with contextlib.suppress(Exception):\n  importlib.import_module(name)"
    imports = f"import contextlib, importlib\nfor name in {names!r}:\n{each}"

    def seconds(arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(arguments, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    whole, bare = (min(seconds(a) for _ in range(4)) for a in (command, [sys.executable, "-c", imports]))
    told("the whole command against its imports", whole, bare, 1 / 1.3)
