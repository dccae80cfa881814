"""The contracts that plugin authors subclass: what keeps them passes, what breaks them does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import param
import pytest

from cqs_core import Candles, Exchange, ExchangeError, Listing, Orders, Page, Strategy, UsageError, jobs
from cqs_core.jobs import job_registry
from cqs_core.jobs.job_files import PROCESS, read_json
from cqs_core.jobs.places import place
from cqs_core.testing import forked
from cqs_core.testing.candles import random_candles
from cqs_core.testing.command import started
from cqs_core.testing.engine import EngineContract
from cqs_core.testing.exchange import ExchangeContract
from cqs_core.testing.forked_jobs import fork_jobs
from cqs_core.testing.gcs import emulator_binary
from cqs_core.testing.strategy import StrategyContract, with_references
from cqs_core.testing.waiting import until
from cqs_core.time import intervals
from cqs_core.time.intervals import DAY
from cqs_core.trading.engine import REASONS, Execution, Fill


class Calm(Strategy):
    """Buys above the average of the closes before, looks at BTC, sells below."""

    id = "calm"
    title = "Calm"
    length = param.Integer(5, bounds=(2, 50), doc="closes that are averaged")

    def references(self, markets):
        return ["BTC/KRW"]

    def orders(self, candles: Candles) -> Orders:
        before = np.full(candles.shape, np.nan)
        before[1:] = candles.close[:-1]
        above = np.zeros(candles.shape, bool)
        for t in range(self.length, candles.shape[0]):
            window = candles.close[t - self.length : t]
            seen = np.maximum(np.sum(~np.isnan(window), axis=0), 1)
            above[t] = before[t] > np.nansum(window, axis=0) / seen
        return Orders(enter=above, exit=~above, stop=candles.open * 1.01, weight=0.3)


class Peeks(Calm):
    def orders(self, candles):
        return Orders(enter=candles.close > candles.open)


class PeeksAtBitcoin(Calm):
    def orders(self, candles):
        seen = candles.reference("BTC/KRW")
        return Orders(enter=np.repeat(seen.close > seen.open, candles.shape[1], axis=1))


class Scribbles(Calm):
    def orders(self, candles):
        candles.close[:] = 1
        return Orders()


class Dices(Calm):
    def orders(self, candles):
        return Orders(enter=np.random.default_rng().random(candles.shape) < 0.5)


class TestCalm(StrategyContract):
    strategy = Calm


class TestContractOfStrategies:
    @pytest.mark.parametrize("bad", [Peeks, PeeksAtBitcoin])
    def test_a_look_ahead_is_caught(self, bad):
        with pytest.raises(AssertionError, match=r"'enter' of bar .* changes with what happens in or after bar"):
            contract_of(bad).test_no_order_knows_what_comes(with_all(bad), 0.5)

    def test_what_is_not_pure_is_caught(self):
        with pytest.raises(AssertionError):
            contract_of(Dices).test_the_same_candles_give_the_same_orders(with_all(Dices))

    def test_what_writes_to_candles_is_caught(self):
        with pytest.raises(UsageError, match=r"test_testing\.py, line \d+.*candles are read-only; change a"):
            contract_of(Scribbles).test_its_orders_can_be_executed(with_all(Scribbles))


def contract_of(strategy):
    contract = StrategyContract()
    contract.strategy = strategy
    return contract


def with_all(strategy):
    return with_references(strategy(), random_candles(("BTC/KRW", "ETH/KRW")))


class OpenOnly:
    """An engine that knows entries and exits at the open, and how to spoil its own books."""

    name = "open-only"

    def __init__(self, spoil=None):
        self.spoil = spoil

    def execute(self, candles, orders, costs):
        rows, symbols = candles.shape
        enter, leave = orders.array("enter", candles.shape), orders.array("exit", candles.shape)
        cash, held, last = costs.capital, np.zeros(symbols), np.zeros(symbols)
        fills, equity = [], np.empty(rows)
        ends = {s: int(np.flatnonzero(here)[-1]) for s, here in enumerate(candles.present.T)}
        for t in range(rows):
            for s in np.flatnonzero(candles.present[t]):
                price, room = candles.open[t, s], (costs.max_volume_share or np.inf) * max(candles.volume[t, s], 1e-12)
                if held[s] and leave[t, s]:
                    fills.append((t, s, 0, -min(held[s], room), price * (1 - costs.slip), 0.0))
                elif held[s] and costs.on_end == "sell" and t == ends[s] < rows - 1:
                    fills.append((t, s, REASONS.index("end"), -held[s], candles.close[t, s] * (1 - costs.slip), 0.0))
                elif not held[s] and enter[t, s]:
                    paid = price * (1 + costs.slip)
                    fills.append((t, s, 0, min(0.2 * cash / paid / (1 + costs.fee), room), paid, 0.0))
                else:
                    continue
                *which, quantity, filled, _ = fills[-1]
                fee = abs(quantity) * filled * costs.fee
                fills[-1] = (*which, quantity, filled, fee)
                cash -= quantity * filled + fee
                held[s] += quantity
            last = np.where(candles.present[t], candles.close[t], last)
            equity[t] = cash + held @ last
        done = Execution(equity, np.array(fills, Fill))
        if self.spoil:
            self.spoil(done)
        return done


class TestOpenOnly(EngineContract):
    @pytest.fixture
    def engine(self):
        return OpenOnly()


@pytest.mark.parametrize(
    ("spoil", "caught"),
    [
        (lambda done: done.equity.__imul__(1.0001), "test_equity_is_what_the_fills_make_it"),
        (lambda done: done.fills["fee"].__imul__(0.5), "test_fees_are_a_share_of_the_value"),
        (
            lambda done: done.fills["price"].__imul__(2),
            "test_prices_are_inside_the_bar_but_for_slippage_and_never_better",
        ),
        (
            lambda done: done.fills["quantity"].__imul__(9),
            "test_nothing_is_sold_that_is_not_held_and_no_cash_is_borrowed",
        ),
    ],
)
def test_an_engine_with_spoiled_books_is_caught(spoil, caught):
    with pytest.raises(AssertionError):
        getattr(EngineContract(), caught)(OpenOnly(spoil), 0)


class Shelf(Exchange):
    """Sixty days, seven a page, newest first, as some real ones do."""

    id = "shelf"
    title = "Shelf"
    quote = "KRW"
    backwards = True
    held = range(0, 60 * DAY, DAY)

    async def markets(self):
        if self.endpoint != "http://shelf":
            raise ExchangeError(f"nobody answers at {self.endpoint!r}; is it running?")
        return {"BTC/KRW": Listing("BTC/KRW", "KRW-BTC")}

    async def volumes(self):
        return {"BTC/KRW": 5.0}

    async def price(self, market):
        return 1.0

    async def page(self, market, interval, start, end):
        opens = [t for t in intervals.opens(interval, start, end).tolist() if t in self.held]
        some = opens[-7:] if self.backwards else opens[:7]
        rows = [[t, 1.0, 1.0, 1.0, 1.0, 1.0] for t in reversed(some)]
        if len(opens) <= 7:
            return Page(rows, start, end)
        return Page(rows, some[0], end) if self.backwards else Page(rows, start, some[-1] + DAY)


class TestShelf(ExchangeContract):
    exchange, market, interval, start, end = Shelf, "BTC/KRW", "1d", 0, 70 * DAY

    @pytest.fixture(params=[True, False], ids=["backwards", "forwards"])
    def endpoint(self, request, monkeypatch):
        monkeypatch.setattr(Shelf, "backwards", request.param)
        return "http://shelf"


def test_an_exchange_that_never_comes_to_an_end_is_caught(monkeypatch):
    async def stuck(self, market, interval, start, end):
        return Page([], start, start)

    monkeypatch.setattr(Shelf, "page", stuck)
    with pytest.raises(AssertionError, match="still not answered"):
        TestShelf().test_asking_for_the_rest_ends_with_every_candle_once("http://shelf")


@pytest.mark.parametrize(
    ("attribute", "value", "caught"),
    [
        ("quote", "USDT", "test_a_bare_base_means_the_market_in_its_own_quote"),
        ("page_size", "720", "test_it_says_what_it_is"),
        ("page_size", 0, "test_it_says_what_it_is"),
    ],
)
def test_an_attribute_that_is_missing_or_mistyped_is_caught(monkeypatch, attribute, value, caught):
    monkeypatch.setattr(Shelf, attribute, value, raising=False)
    with pytest.raises(AssertionError, match=attribute):
        getattr(TestShelf(), caught)()


@pytest.mark.parametrize(
    ("method", "answer", "caught"),
    [
        ("volumes", {}, "test_volumes_are_numbers_by_unified_name"),
        ("volumes", {"BTC/KRW": float("nan")}, "test_volumes_are_numbers_by_unified_name"),
        ("volumes", {"BTC/KRW": 1.0, "KRW-ETH": 1.0}, "test_volumes_are_numbers_by_unified_name"),
        ("price", 0.0, "test_the_price_is_a_number_above_0"),
        ("price", float("inf"), "test_the_price_is_a_number_above_0"),
    ],
)
def test_a_wrong_volume_or_price_is_caught(monkeypatch, method, answer, caught):
    async def answered(self, *args):
        return answer

    monkeypatch.setattr(Shelf, method, answered)
    with pytest.raises(AssertionError):
        getattr(TestShelf(), caught)("http://shelf")


def test_a_refusal_counts_where_the_class_has_the_method_itself(monkeypatch):
    async def refused(self, market):
        raise ExchangeError("404; name another market")

    monkeypatch.setattr(Shelf, "price", refused)
    with pytest.raises(ExchangeError):
        TestShelf().test_the_price_is_a_number_above_0("http://shelf")
    monkeypatch.setattr(Exchange, "price", refused)
    monkeypatch.delattr(Shelf, "price")
    with pytest.raises(pytest.skip.Exception, match="404"):
        TestShelf().test_the_price_is_a_number_above_0("http://shelf")


class TestOwnFolders:
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _user(cls):
        with pytest.MonkeyPatch.context() as before:
            before.setenv("CQS_COLORS", "korean")
            before.setenv("GCS_BUCKET", "mine")
            yield

    def test_they_leave_no_setting_of_the_user(self, own_folders):
        left = {name for name in os.environ if name.startswith("CQS_")}
        assert left == {"CQS_DATA_DIR", "CQS_STATE_DIR", "CQS_CACHE_DIR"}
        assert "GCS_BUCKET" not in os.environ
        assert Path.cwd().is_relative_to(own_folders)


def test_random_candles_are_sound_and_repeatable():
    one, other = (random_candles(("A/B", "C/D"), 50, missing=0.2, seed=3) for _ in range(2))
    assert np.array_equal(one.close, other.close, equal_nan=True)
    assert not one.present.all()
    assert (np.nan_to_num(one.high, nan=1) >= np.nan_to_num(one.low, nan=1)).all()


def test_the_emulator_needs_no_pytest():
    code = "import sys; import cqs_core.testing, cqs_core.testing.gcs; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


FORKING = """
import os, time
from cqs_core.testing import forked
forked.PRELOAD.clear()
print(forked.start(time.sleep, 600, environment=os.environ).pid, flush=True)
time.sleep(600)
"""


EMULATING = """
import time
from cqs_core.testing.gcs import GcsEmulator, emulator_binary
with GcsEmulator(emulator_binary()) as emulator:
    print(emulator._process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
@pytest.mark.parametrize(
    "code",
    [
        FORKING,
        pytest.param(EMULATING, marks=pytest.mark.skipif(not emulator_binary(), reason="the emulator is not there")),
    ],
    ids=["forked", "emulator"],
)
def test_no_process_outlives_tests_that_are_killed(code):
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as tests:
        state = Path(f"/proc/{tests.stdout.readline().strip()}/stat")
        assert state.exists()
        tests.kill()
    until(lambda: not state.exists() or ") Z" in state.read_text())


def test_what_a_forked_process_writes_is_captured_with_its_test(capfd):
    for words in ((print, "hello"), (os.write, 2, b"and an error\n")):
        process = forked.start(*words, environment=os.environ)
        process.join()
        assert process.exitcode == 0
    assert capfd.readouterr() == ("hello\n", "and an error\n")


def test_a_command_at_work_is_watched_like_a_process():
    with started("--version") as running:
        out, err = running.communicate(60)
        assert (running.wait(), running.poll(), err) == (0, 0, "")
    assert out.startswith("cqs")
    with started("nonsense") as refused:
        assert "unknown command 'nonsense'" in refused.communicate(60)[1]
        assert refused.returncode == 2
    with started("plugins") as killed:
        os.kill(killed.pid, signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            killed.wait(0.01)
        killed.kill()
        assert killed.wait(60) == -signal.SIGKILL


@pytest.fixture
def forks_jobs(monkeypatch):
    monkeypatch.setattr(job_registry, "_begin", job_registry._begin)  # afterwards they are processes of their own again
    fork_jobs()


def test_a_forked_job_ends_fails_is_cancelled_and_killed_as_any_other(forks_jobs, monkeypatch):
    def over(job):
        return until(lambda: (now := jobs.get(job.id)).over and now)

    def process_of(job):
        return until(lambda: read_json(job.folder / PROCESS).get("pid"))

    done, failed = jobs.start("Lists", ["plugins"]), jobs.start("Fails", ["nothing"])
    assert over(done).state == "done"
    assert "core" in [one["name"] for one in over(done).result]
    assert over(failed).state == "failed"
    assert "unknown command 'nothing'" in over(failed).log
    monkeypatch.setenv("CQS_JOBS", "1")
    with place():
        cancelled, killed = jobs.start("Waits", ["plugins"]), jobs.start("Waits", ["plugins"])
        until(lambda: os.getsid(process_of(cancelled)) == process_of(cancelled))
        assert jobs.get(killed.id).state == "queued"
        jobs.cancel(cancelled.id)
        assert over(cancelled).state == "cancelled"
        os.kill(process_of(killed), signal.SIGKILL)
        assert over(killed).state == "failed"
        until(lambda: "killed (SIGKILL)" in jobs.get(killed.id).note)
