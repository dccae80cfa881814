"""Executors: the same table as one thread makes, whatever dies; and what is refused before anything runs."""

import contextlib
import itertools
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import param
import psutil
import pytest
from handmade import WAVE, frame, store
from rules_to_send import RANGES, RULE, SETS, after_part, interrupt, job_of, rule_in, sweep_of, table

from cqs_backtest import indicators as ind
from cqs_backtest.feed import from_lake
from cqs_backtest.request import make_costs, make_request
from cqs_backtest.search.executors import Workload, choice, executor, open_executor
from cqs_backtest.search.executors.parcel import Parcel
from cqs_backtest.search.executors.threads import ThreadExecutor
from cqs_backtest.search.sets import evaluator_of, part_size
from cqs_core import Bucket, CqsError, Orders, Strategy, UsageError
from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator  # noqa: F401 - fixtures

IN_WORKERS = "__import__('multiprocessing').parent_process()"


@pytest.mark.once
class TestProcesses:
    def test_what_is_stopped_and_what_dies_runs_again_and_no_row_is_twice(self, bucket, tmp_path):
        sweep = sweep_of(rule_in(tmp_path))
        serial = job_of(sweep, bucket).run()
        with open_executor(workers=2) as processes:
            stopped = job_of(sweep, bucket, executor=processes)
            after_part(stopped, 3, interrupt)
            with pytest.raises(KeyboardInterrupt):
                stopped.run()
            assert len(table(bucket, stopped.folder.id)) == 3 * 4
            again = job_of(sweep, bucket, executor=processes, resume=stopped.folder.id)
            after_part(again, 2, lambda: psutil.Process(next(iter(processes._pool._processes))).kill())
            result = again.run()
        assert (result["sweep"], result["rows"], result["failed"]) == (stopped.folder.id, SETS, 0)
        assert table(bucket, result["sweep"]) == table(bucket, serial["sweep"])
        assert repr(result["best"]) == repr(serial["best"])

    def test_a_rule_that_kills_its_process_again_and_again_is_told(self, bucket, tmp_path, monkeypatch):
        monkeypatch.setattr(executor, "_MOST_DEATHS", 1)
        deadly = RULE.replace("    up = ", f"    {IN_WORKERS} and __import__('os')._exit(1)\n        up = ")
        with open_executor(workers=1) as processes, pytest.raises(CqsError, match="the same work") as error:
            job_of(sweep_of(rule_in(tmp_path, deadly), {"bars": "2,3"}), bucket, executor=processes).run()
        assert "\n" not in str(error.value)

    def test_workers_read_a_remote_bucket_themselves(self, gcs_bucket):  # noqa: F811 - a fixture
        bucket = Bucket(gcs_bucket)
        for market in ("BTC/KRW", "ETH/KRW"):
            store(bucket, market, WAVE)
        sweep = sweep_of("volatility_breakout", {"btc_ma": "5,10", "ma_short": "3,5"})
        with open_executor(workers=1) as processes:
            result = job_of(sweep, bucket, executor=processes).run()
        assert table(bucket, result["sweep"]) == table(bucket, job_of(sweep, bucket).run()["sweep"])

    def test_other_candles_than_at_the_start_are_refused(self, bucket):
        job = job_of(sweep_of("volatility_breakout", {"btc_ma": "5,10"}), bucket)
        parcel = Parcel.of(job._load)
        store(bucket, "ETH/KRW", frame(np.linspace(100, 200, 300)))
        with pytest.raises(UsageError, match="reads other candles of ETH/KRW"):
            parcel.workload(Path.cwd())


def test_processes_are_for_work_that_is_worth_their_start(bucket, monkeypatch):
    monkeypatch.setattr(choice, "processors", lambda: 3)
    request = make_request("volatility_breakout", ["BTC"], costs=make_costs())
    load = Workload(request, from_lake(request, bucket), bucket)
    with open_executor() as automatic:
        assert automatic.suited(load, 5) is automatic
        assert automatic.suited(load, 20).count == 3
    with open_executor(threads=2) as threads:
        assert threads.suited(load, 1e6) is threads


def test_parts_are_for_all_workers_and_their_overhead_is_a_tenth_at_most():
    sizes = (1, 10, 1000, 3_000_000), (1e-5, 1e-3, 0.5, 20), (0.0, 0.002, 0.05), (1, 2, 64)
    for sets, cost, overhead, count in itertools.product(*sizes):
        workers = ThreadExecutor(count)
        workers.overhead = overhead
        size, many = part_size(sets, cost, workers), -(-sets // 500)
        assert 1 <= size <= max(10_000, many)
        assert size * cost >= 10 * overhead - cost or size >= min(10_000, sets / count - 1)
        assert size * cost <= 1.001 * max(3, 10 * overhead, cost, cost * many)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"threads": 2, "workers": 2}, "--threads and --workers exclude each other"),
        ({"workers": 1, "scheduler": "tcp://127.0.0.1:1"}, "--workers and --scheduler exclude each other"),
    ],
)
def test_one_way_to_run_is_chosen(options, told):
    with pytest.raises(UsageError, match=told):
        open_executor(**options)


def test_a_cluster_needs_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"install it: uv add 'cqs-backtest\[cluster\]'"):
        open_executor(scheduler="tcp://127.0.0.1:8786")


def test_a_class_of_a_notebook_and_its_features_arrive(bucket, tmp_path):
    class Looking(Strategy):
        id = "looking"
        bars = param.Integer(5, bounds=(2, 30), step=1)

        def orders(self, candles):
            up = (candles.feature("mood") > 0)[:, None] & (ind.previous(candles, "close") > ind.sma(candles, self.bars))
            return Orders(enter=up, exit=~up)

    mood = pd.Series(np.sin(np.arange(300)), WAVE.index)
    request = make_request(Looking, ["BTC", "ETH"], costs=make_costs(), features={"mood": mood}, end="2024-08-01")
    load = Workload(request, from_lake(request, bucket), bucket)
    sent = pickle.loads(Parcel.of(load).packed()).workload(tmp_path)
    sets = [{"bars": bars} for bars in (5, 20)]
    here, there = (evaluator_of(each).rows(sets).metrics for each in (load, sent))
    assert type(sent.request.strategy) is not Looking
    assert here["num_trades"].min() > 0
    for name, values in here.items():
        np.testing.assert_array_equal(values, there[name], name)


def test_a_rule_that_cannot_be_sent_is_told_and_stays_in_this_process_by_itself(bucket):
    outside = object()

    class Bound(Strategy):
        id = "bound"

        def orders(self, candles):
            assert outside
            return Orders(enter=True)

    request = make_request(Bound, ["BTC"], costs=make_costs())
    load = Workload(request, from_lake(request, bucket), bucket)
    with pytest.raises(UsageError, match="'bound' cannot be sent to workers: outside"):
        Parcel.of(load)
    with open_executor() as automatic:
        assert automatic.suited(load, 1e6) is automatic


@pytest.mark.once
class TestCommand:
    """`cqs` as a process with workers, in the middle of a sweep."""

    @pytest.fixture
    def running(self, bucket, tmp_path):
        """The process, and those that it started; the rows of one part are there, the sets of the other take long."""
        late = f"{IN_WORKERS} and self.bars > 16 and __import__('time').sleep(0.3)"
        slow = RULE.replace("    up = ", f"    {late}\n        up = ")
        main = [sys.executable, "-c", "from cqs_core.cli import main; main()"]
        sweep = ["backtest", "sweep", rule_in(tmp_path, slow), "--symbols", "BTC,ETH", "--workers", "2", "--json"]
        sweep += [word for name, text in RANGES.items() for word in ("--param", f"{name}={text}")]
        with psutil.Popen(
            [*main, *sweep, "--bucket", bucket.url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        ) as process:  # fmt: skip
            while not any(bucket.list(f"sweeps/{name}/rows") for name in bucket.folders("sweeps")):
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.05)
            workers = process.children(recursive=True)
            assert len(workers) >= 2
            try:
                yield process, workers
            finally:
                psutil.wait_procs(workers, 1)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def test_ctrl_c_stops_it_in_one_line_and_says_how_to_go_on(self, running, bucket):
        process, workers = running
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        assert f"--resume {bucket.folders('sweeps')[0]}" in err
        assert "Traceback" not in err
        assert psutil.wait_procs(workers, 60)[1] == []

    def test_workers_end_with_a_process_that_is_killed(self, running):
        process, workers = running
        process.kill()
        assert psutil.wait_procs(workers, 60)[1] == []
