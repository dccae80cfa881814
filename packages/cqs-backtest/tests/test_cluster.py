"""A Dask scheduler and two workers on loopback: the same table, whatever dies; and what is refused at once."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import numpy as np
import pytest
from handmade import frame, store
from rules_to_send import RULE, SETS, after_part, job_of, rule_in, sweep_of, table

from cqs_backtest.feed import from_lake
from cqs_backtest.request import make_costs, make_request
from cqs_backtest.search.executors import open_executor
from cqs_backtest.search.montecarlo import montecarlo
from cqs_backtest.search.opened_run import OpenedRun
from cqs_backtest.search.plan import Plan
from cqs_backtest.search.stress import stress
from cqs_backtest.search.walk_forward import walk_forward
from cqs_core import CqsError, UsageError

pytestmark = pytest.mark.once
distributed = pytest.importorskip("distributed", reason="a Dask cluster needs cqs-backtest[cluster]")


@dataclass
class Cluster:
    """The address of a scheduler, and the processes of its workers."""

    address: str
    scheduler: subprocess.Popen
    workers: list


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A scheduler without workers."""
    folder = tmp_path_factory.mktemp("dask")
    with started("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", folder / "at.json") as process:
        while not (folder / "at.json").is_file() or not (folder / "at.json").read_text().strip():
            assert process.poll() is None
            time.sleep(0.05)
        yield Cluster(json.loads((folder / "at.json").read_text())["address"], process, [])


@pytest.fixture(scope="module")
def cluster(alone, tmp_path_factory):
    """With two workers of one thread."""
    folder = tmp_path_factory.mktemp("workers")
    options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--memory-limit", "0")
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            worker = started("worker", alone.address, *options, "--local-directory", folder)
            alone.workers.append(stack.enter_context(worker))
        with distributed.Client(alone.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield alone


@contextlib.contextmanager
def started(kind, *options):
    """A process of Dask's."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *map(str, options)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as folder:  # a worker that is killed leaves its files
        process = subprocess.Popen(command, **quiet, env=os.environ | {"TMPDIR": folder})
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def plain(found):
    """A result without its ids, as text."""
    return repr({name: value for name, value in found.items() if name not in ("walk_forward", "sweep", "table")})


def test_without_workers(alone):
    with pytest.raises(UsageError, match="has no workers; start some: dask worker tcp://"):
        open_executor(scheduler=alone.address)


@pytest.mark.parametrize("listens", [True, False])
def test_a_scheduler_that_does_not_answer_is_told_in_time(monkeypatch, listens):
    from cqs_backtest.search.executors import cluster as module

    assert module._ANSWER + module._WORKERS < 10
    monkeypatch.setattr(module, "_ANSWER", 0.3)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if listens:
            server.listen()
        with pytest.raises(UsageError, match="does not answer") as error:
            open_executor(scheduler=f"tcp://127.0.0.1:{server.getsockname()[1]}")
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="'tpc://nowhere:8786' does not answer"):
        open_executor(scheduler="tpc://nowhere:8786")


def test_software_that_differs_is_named_before_anything_runs(cluster, bucket, tmp_path, monkeypatch):
    for name in ("numpy", "only_here"):
        about = tmp_path / "here" / f"{name}-0.1.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (about / "top_level.txt").write_text(name)
    (tmp_path / "here" / "only_here.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "here")
    sweep = sweep_of(rule_in(tmp_path, "import only_here\n" + RULE))
    with open_executor(scheduler=cluster.address) as dask, pytest.raises(UsageError) as error:
        job_of(sweep, bucket, executor=dask).run()
    found = distributed.__version__ and np.__version__
    assert f"has numpy {found} and this machine 0.1" in str(error.value)
    assert "lacks only_here 0.1" in str(error.value)
    assert "the scheduler" in str(error.value)
    assert "worker tcp://127.0.0.1" in str(error.value)
    assert [table(bucket, name) for name in bucket.folders("sweeps")] == [[]]


def test_workers_read_the_candles_once(cluster, bucket, tmp_path):
    sweep = sweep_of(rule_in(tmp_path))

    def count():
        from cqs_backtest import feed

        read, feed.reads = feed.from_lake, []
        feed.from_lake = lambda *args: (feed.reads.append(args), read(*args))[1]

    with open_executor(scheduler=cluster.address) as dask:
        dask._client.run(count)
        result = job_of(sweep, bucket, executor=dask).run()
        reads = dask._client.run(lambda: len(sys.modules["cqs_backtest.feed"].reads)).values()
    assert max(reads) == 1
    assert table(bucket, result["sweep"]) == table(bucket, job_of(sweep, bucket).run()["sweep"])


def test_walk_forward_monte_carlo_and_stress_say_the_same_as_on_one_thread(cluster, bucket):
    for k, market in enumerate(("BTC/KRW", "ETH/KRW")):
        store(bucket, market, frame(100 * np.exp(np.random.default_rng(k).normal(0.001, 0.03, 300).cumsum())))
    sweep = sweep_of("volatility_breakout", {"btc_ma": "5:20:5"})
    request = make_request("volatility_breakout", ["BTC", "ETH"], costs=make_costs())

    class Stored:
        id = "run"

    run = OpenedRun(Stored(), request, from_lake(request, bucket), bucket)
    with open_executor(scheduler=cluster.address) as dask:
        for work in (
            lambda **options: walk_forward(sweep, Plan(90, 70), bucket, **options),
            lambda **options: montecarlo(run, samples=120, noise_samples=12, seed=3, **options),
            lambda **options: stress(run, shifts=2, **options),
        ):
            assert plain(work(executor=dask)) == plain(work())


def test_a_worker_that_dies_loses_nothing_and_a_scheduler_that_dies_is_told(cluster, bucket, tmp_path):
    sweep = sweep_of(rule_in(tmp_path))
    with open_executor(scheduler=cluster.address) as dask:
        job = job_of(sweep, bucket, executor=dask)
        after_part(job, 3, cluster.workers[0].kill)
        result = job.run()
        assert (result["rows"], result["failed"]) == (SETS, 0)
        stopped = job_of(sweep, bucket, executor=dask)
        after_part(stopped, 2, cluster.scheduler.kill)
        with pytest.raises(CqsError, match="is gone") as error:
            stopped.run()
        assert "\n" not in str(error.value)
    again = job_of(sweep, bucket, resume=stopped.folder.id).run()
    assert table(bucket, result["sweep"]) == table(bucket, again["sweep"])
