"""How fast sweeps are: side by side in one run, the same rule, results compared; ratios, not figures.

`uv run --group benchmarks pytest tests/benchmarks -k sweep`. The kernel is the live rule written by hand, nothing else:
no other kind of order, no fills, no checks. All are warm: compiled, candles in memory.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
import warnings
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import psutil
import pytest

from cqs_backtest.feed import from_lake
from cqs_backtest.request import Request
from cqs_backtest.search.evaluator import Evaluator
from cqs_backtest.search.executors import Workload, open_executor
from cqs_backtest.search.sets import Runner, evaluator_of, part_size, seconds_a_set
from cqs_backtest.search.space import make_space
from cqs_backtest.search.store import ranges
from cqs_backtest.strategies import VolatilityBreakout
from cqs_core import FIELDS, Candles, Costs
from cqs_core.time.intervals import DAY, MINUTE

COSTS = Costs(fee=0.0005, slip=0.0005)
FREE = Costs(fee=0, slip=0)  # of half a million minutes costs would leave nothing
NAMES = ("BTC/KRW", "ETH/KRW", "XRP/KRW", "SOL/KRW", "ADA/KRW")
GRID = {"noise_ratio": "0.1:0.9:0.1", "btc_ma": "5:50:5", "ma_short": "3:13:1"}
CLOSE = 1e-9


def made(rows, names=NAMES, step=DAY, interval="1d", spread=0.03):
    random = np.random.default_rng(1)
    close = 100 * np.exp(random.normal(0, spread, (rows, len(names))).cumsum(axis=0))
    open_ = np.vstack([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) * (1 + spread / 2), np.minimum(open_, close) * (1 - spread / 2)
    ts = np.arange(rows, dtype=np.int64) * step
    fields = (open_, high, low, close, np.ones_like(close))
    bitcoin = Candles(ts, names[:1], *(np.ascontiguousarray(x[:, :1]) for x in fields), interval=interval, rows=ts)
    return Candles(ts, names, *fields, interval=interval, references={names[0]: bitcoin})


def by_hand():  # noqa: C901 - one loop
    from numba import njit

    @njit(nogil=True, error_model="numpy")
    def rule(open_, high, low, close, noise, slow, quick, late, fee, slip, cash, days):  # noqa: C901 - one loop
        """Final equity, drawdown, Sharpe (annual, of days), won share and trades of the live rule on all symbols."""
        rows, columns = open_.shape
        held, ema, paid = np.zeros(columns), np.zeros(columns), np.zeros(columns)
        total, alpha, warm = 0.0, 2.0 / (quick + 1), max(slow, quick)
        peak, depth, before, sums, squares, won, trades, n = cash, 0.0, cash, 0.0, 0.0, 0, 0, 0
        for t in range(rows):
            for s in range(columns):
                if held[s] > 0.0 and close[t - 1, s] <= ema[s]:
                    got = held[s] * open_[t, s] * (1.0 - slip) * (1.0 - fee)
                    cash += got
                    trades += 1
                    won += got > paid[s]
                    held[s] = 0.0
            if t >= warm and close[t - 1, 0] > total / slow:
                value = cash
                for s in range(columns):
                    value += held[s] * open_[t, s]
                for s in range(columns):
                    if held[s] == 0.0 and close[t - 1, s] > ema[s]:
                        stop = open_[t, s] + noise * (high[t - 1, s] - low[t - 1, s])
                        if high[t, s] >= stop and open_[t, s] <= stop * (1.0 + late / 100.0):
                            budget = min(value / columns, 0.99 * cash)
                            if budget > 1e-6 * value:
                                held[s] = budget / (max(open_[t, s], stop) * (1.0 + slip) * (1.0 + fee))
                                cash -= budget
                                paid[s] = budget
            worth = cash
            for s in range(columns):
                worth += held[s] * close[t, s]
                ema[s] = close[t, s] if t == 0 else ema[s] + alpha * (close[t, s] - ema[s])
            total += close[t, 0]
            if t >= slow:
                total -= close[t - slow, 0]
            peak = max(peak, worth)
            depth = min(depth, worth / peak - 1.0)
            if t == days[n]:
                earned = worth / before - 1.0
                sums += earned
                squares += earned * earned
                before = worth
                n += 1
        mean = sums / n
        deviation = math.sqrt((squares - n * mean * mean) / (n - 1))
        return worth, depth, mean / deviation * math.sqrt(365.0), won / max(trades, 1), trades

    return rule


class Handmade:
    """The kernel on the candles of a sweep."""

    def __init__(self, candles, costs=COSTS):
        self.costs = costs
        from cqs_core.trading.metrics import last_rows

        self.rule, self.days = by_hand(), last_rows(candles.ts)[1]
        self.arrays = [candles.open, candles.high, candles.low, candles.close]

    def __call__(self, sets):
        terms = (1.0, self.costs.fee, self.costs.slip, self.costs.capital, self.days)
        return [self.rule(*self.arrays, s["noise_ratio"], s["btc_ma"], s["ma_short"], *terms) for s in sets]


def least(work, times=5):
    """Least CPU seconds: other processes of the machine do not count."""

    def once():
        started = time.process_time()
        work()
        return time.process_time() - started

    work()
    return min(once() for _ in range(times))


def told(name, ours, theirs, least_ratio):
    ratio = theirs / ours
    print(f"\n{name}: {1000 * ours:.0f} ms against {1000 * theirs:.0f} ms, {ratio:.2f} x (at least {least_ratio:g})")
    assert ratio >= least_ratio


@pytest.fixture(scope="module")
def days():
    return made(3_000)


def stored(folder):
    """The days in the lake of a bucket: workers read them there."""
    from cqs_core import Bucket, Lake, Series
    from cqs_core.lake import candle_table

    bucket, candles = Bucket(str(folder)), made(3_000)
    for s, market in enumerate(candles.symbols):
        values = np.stack([getattr(candles, name)[:, s] for name in FIELDS], axis=1)
        Lake(bucket).append(Series("upbit", market, "1d"), candle_table(candles.ts, values), 0, len(values) * DAY)
    return load_on(from_lake(request_on(candles), bucket), bucket)


def request_on(candles, costs=COSTS):
    return Request(VolatilityBreakout(), "upbit", candles.symbols, candles.interval, costs=costs)


def test_sweep_of_1000_sets_against_a_kernel_written_by_hand(days):
    sets = make_space(VolatilityBreakout, GRID).sets(0, 990)
    sets += make_space(VolatilityBreakout, {"noise_ratio": "0.5", "btc_ma": "6:15:1", "ma_short": "4"}).sets(0, 10)
    kernel, evaluator = Handmade(days), Evaluator(request_on(days), days)
    theirs, ours = np.array(kernel(sets)).T, evaluator.rows(sets).metrics
    assert len(sets) == 1000
    for name, expected in (
        ("final_equity", theirs[0]),
        ("mdd", 100 * theirs[1]),
        ("sharpe", theirs[2]),
        ("win_rate", 100 * theirs[3]),
        ("num_trades", theirs[4]),
    ):
        assert ours[name] == pytest.approx(expected, rel=1e-7), name
    told(
        "1,000 sets x 5 x 3,000 days against a kernel by hand",
        least(lambda: evaluator.rows(sets)),
        least(lambda: kernel(sets)),
        1 / 2.5,
    )


def test_sweep_rows_are_those_of_the_engine(days):
    sets = make_space(VolatilityBreakout, GRID).sets(0, 990)[::37]
    evaluator = Evaluator(request_on(days), days)
    found = evaluator.rows(sets).metrics
    for k, values in enumerate(sets):
        single = evaluator.result(values).performance
        for name, value in single.items():
            assert found[name][k] == pytest.approx(value, rel=CLOSE, abs=CLOSE, nan_ok=True)


def vectorbt_sweep(candles, freq, costs=COSTS):  # noqa: C901, PLR0915 - a portfolio of theirs is functions in one
    """The same rule by vectorbt's order function, all sets of a chunk at once, each a group that shares cash."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies, at import
        vbt = pytest.importorskip("vectorbt", reason="install the group `benchmarks` to compare with vectorbt")
        from numba import njit
        from vectorbt.portfolio import nb
        from vectorbt.portfolio.enums import Direction, NoOrder
    import pandas as pd

    from cqs_backtest import indicators as ind

    @njit
    def prepare(context, open_, exit_, fee, slip):
        value = context.last_cash[context.group]
        leaving = 0
        for column in range(context.from_col, context.to_col):
            held = context.last_position[column]
            leaves = held > 0 and exit_[context.i, column]
            leaving += leaves
            value += held * open_[context.i, column] * ((1 - slip) * (1 - fee) if leaves else 1.0)
        at, later = 0, leaving
        for k in range(context.to_col - context.from_col):
            column = context.from_col + k
            if context.last_position[column] > 0 and exit_[context.i, column]:
                context.call_seq_now[at] = k
                at += 1
            else:
                context.call_seq_now[later] = k
                later += 1
        return (value,)

    @njit
    def order(context, value, open_, high, exit_, enter, stop, share, fee, slip):
        i, column = context.i, context.col
        if context.position_now > 0 and exit_[i, column]:
            return nb.order_nb(-np.inf, open_[i, column], fees=fee, slippage=slip, direction=Direction.LongOnly)
        if context.position_now == 0 and enter[i, column] and high[i, column] >= stop[i, column]:
            price = max(open_[i, column], stop[i, column])
            size = min(share * value, 0.99 * context.cash_now) / (price * (1 + slip) * (1 + fee))
            if size * price > 1e-6 * value:
                return nb.order_nb(size, price, fees=fee, slippage=slip, direction=Direction.LongOnly)
        return NoOrder

    columns = len(candles.symbols)
    bitcoin = candles.reference("BTC/KRW")
    width = ind.previous(candles, "high") - ind.previous(candles, "low")

    def chunk(sets):
        enter, leave, stops = [], [], []
        for s in sets:
            stop = candles.open + s["noise_ratio"] * width
            exits = ind.previous(candles, "close") <= ind.ema(candles, s["ma_short"])
            risk = ind.previous(bitcoin, "close") > ind.sma(bitcoin, s["btc_ma"])
            warm = ind.closed(candles) >= max(s["btc_ma"], s["ma_short"])
            enter.append(risk & warm & ~exits & (candles.open <= stop * 1.01))
            leave.append(exits)
            stops.append(stop)
        enter, leave, stops = (np.concatenate(x, axis=1) for x in (enter, leave, stops))
        wide = [np.tile(x, (1, len(sets))) for x in (candles.open, candles.high, candles.close)]
        close = pd.DataFrame(wide[2], pd.to_datetime(candles.ts, unit="ms"))
        return vbt.Portfolio.from_order_func(
            close, order, wide[0], wide[1], leave, enter, stops, 1 / columns, costs.fee, costs.slip,
            pre_segment_func_nb=prepare, pre_segment_args=(wide[0], leave, costs.fee, costs.slip), call_seq="default",
            init_cash=costs.capital, group_by=np.repeat(np.arange(len(sets)), columns), cash_sharing=True, freq=freq,
        )  # fmt: skip

    def metrics(sets):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pandas calls old
            done = chunk(sets)
            trades = done.trades
            return {
                "final_equity": done.final_value().to_numpy(),
                "num_trades": trades.closed.count().to_numpy(),
                "win_rate": 100 * trades.closed.win_rate().to_numpy(),
                "mdd": 100 * done.max_drawdown().to_numpy(),
                "sharpe": done.sharpe_ratio().to_numpy(),
                "cagr": 100 * done.annualized_return().to_numpy(),
            }

    return metrics


def test_sweep_of_1000_sets_against_vectorbt(days):
    """vectorbt runs 60 sets in chunks of 20; its time is taken times 1,000 / 60."""
    theirs = vectorbt_sweep(days, "1D")
    sets = make_space(VolatilityBreakout, GRID).sets(0, 990)
    some, evaluator = sets[::17][:60], Evaluator(request_on(days), days)
    ours = evaluator.rows(some).metrics
    found = [theirs(some[at : at + 20]) for at in (0, 20, 40)]
    for name in ("final_equity", "num_trades", "win_rate", "mdd"):
        assert ours[name] == pytest.approx(np.concatenate([part[name] for part in found]), rel=1e-7), name
    told(
        "1,000 sets x 5 x 3,000 days against vectorbt in chunks of 20",
        least(lambda: evaluator.rows(sets)) * 1000 / 990,
        least(lambda: [theirs(some[at : at + 20]) for at in (0, 20, 40)], 1) * 1000 / 60,
        50,
    )


def test_sweep_of_200_sets_of_500000_minutes_against_vectorbt():
    """vectorbt runs 4 sets, ours 20 of a grid; both times are taken for 200."""
    minutes = made(500_000, NAMES[:1], MINUTE, "1m", 0.001)
    theirs = vectorbt_sweep(minutes, "1min", FREE)
    grid = {"noise_ratio": "0.3:0.7:0.1", "btc_ma": "20", "ma_short": "5:8:1"}
    sets, evaluator = make_space(VolatilityBreakout, grid).sets(0, 20), Evaluator(request_on(minutes, FREE), minutes)
    ours = evaluator.rows(sets[:4]).metrics
    assert ours["final_equity"] == pytest.approx(theirs(sets[:4])["final_equity"], rel=1e-7)
    told(
        "200 sets x 500,000 minutes against vectorbt",
        least(lambda: evaluator.rows(sets), 2) * 10,
        least(lambda: theirs(sets[:4]), 1) * 50,
        30,
    )


def load_on(candles, bucket=None):
    return Workload(request_on(candles), candles, bucket)


def swept(executor, load, space, part=124):
    """How many rows came of a sweep."""
    return sum(len(rows) for *_, rows in Runner(executor, load, space).run(ranges(len(space), part)))


def spent(executor, load, space, times=20):
    """Seconds of a sweep after start-up, in parts of the size that searches choose.

    Processor seconds of this process and of the busiest worker, at least half of all: on two free processors that is
    the time it takes, and on a busy machine it stays the same.
    """

    def seconds():
        workers = [sum(process.cpu_times()[:2]) for process in children]
        return np.array([time.process_time(), *workers])

    with executor:
        part = part_size(len(space), seconds_a_set(evaluator_of(load), space), executor)
        for _ in range(3):
            assert swept(executor, load, space, part) == len(space)
        children = psutil.Process().children(recursive=True)
        before = seconds()
        for _ in range(times):
            swept(executor, load, space, part)
        own, *workers = (seconds() - before) / times
    return max(own + max(workers), (own + sum(workers)) / 2)


def test_sweep_with_two_processes_against_one(tmp_path):
    load, space = stored(tmp_path), make_space(VolatilityBreakout, GRID)
    one, two = (spent(open_executor(workers=count), load, space) for count in (1, 2))
    told("two processes against one", two, one, 1.5)


@pytest.fixture
def dask(tmp_path):
    """The address of a Dask scheduler with two workers of one thread."""
    pytest.importorskip("distributed", reason="install cqs-backtest[cluster] to compare with a Dask cluster")
    about = tmp_path / "scheduler.json"
    with ExitStack() as stack:

        def start(kind, *options):
            command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1", "--no-dashboard"]
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            stack.callback(stack.enter_context(subprocess.Popen([*command, *options], **quiet)).kill)

        start("scheduler", "--port", "0", "--scheduler-file", str(about))
        while not about.is_file() or not about.read_text().strip():
            time.sleep(0.05)
        address = json.loads(about.read_text())["address"]
        for _ in range(2):
            start("worker", address, "--nthreads", "1", "--no-nanny", "--memory-limit", "0")
        yield address


def test_sweep_on_a_dask_cluster_against_processes(dask, tmp_path):
    from distributed import Client

    with Client(dask, set_as_default=False) as client:
        client.wait_for_workers(2)
    (tmp_path / "bucket").mkdir()
    load, space = stored(tmp_path / "bucket"), make_space(VolatilityBreakout, GRID)
    processes, cluster = (spent(open_executor(**where), load, space) for where in ({"workers": 2}, {"scheduler": dask}))
    told("two workers of Dask against two processes", cluster, processes, 1 / 1.5)


@pytest.mark.parametrize("sets", [1_000, 100_000])
def test_sweep_peak_memory(sets):
    """A process of its own that sweeps so many sets and says what it took at most."""
    code = f"""
import resource, sys
sys.path[:0] = {[str(p) for p in sys.path]!r}
from test_sweep import VolatilityBreakout, load_on, made, make_space, open_executor, swept
days = made(3_000)
space = make_space(VolatilityBreakout, {{}}, count={sets}, seed=1)
assert swept(open_executor(threads=2), load_on(days), space, 1000) == {sets}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
    folder = str(__import__("pathlib").Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    megabytes = int(done.stdout)
    print(f"\n{sets:,} sets: {megabytes} MB at most (400)")
    assert megabytes < 400


def test_sweep_one_run_of_500000_minutes_against_a_bare_kernel():
    from cqs_backtest.engines.fast.engine import FastEngine
    from cqs_core import simulate

    minutes = made(500_000, NAMES[:1], MINUTE, "1m", 0.001)
    kernel, strategy, engine = Handmade(minutes, FREE), VolatilityBreakout(), FastEngine()
    values = [{"noise_ratio": 0.5, "btc_ma": 20, "ma_short": 5}]
    fresh = replace(minutes, _memo={}).sealed()
    assert simulate(strategy, fresh, engine, FREE).execution.equity[-1] == pytest.approx(kernel(values)[0][0], rel=1e-6)
    told(
        "one run of 500,000 minutes against a kernel by hand",
        least(lambda: simulate(strategy, fresh, engine, FREE)),
        least(lambda: kernel(values)),
        1 / 3,
    )
