"""A researcher's notebook: a real kernel runs the pages of *From Python*, the usual cells, interrupts and a restart."""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

import documents
from cqs_core.testing.waiting import until

PAGES = documents.DOCS / "from-python"
NOTEBOOKS = sorted(path.stem for path in PAGES.glob("*.py"))

EXPECTED = ("DataWarning: the logs are not whole", "LookaheadWarning: Peek uses what it cannot know yet")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:jupyter_client|zmq|nbclient"),
]


def hook():
    spec = importlib.util.spec_from_file_location("notebooks_hook", documents.ROOT / ".ci" / "notebooks.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Kernel:
    """One kernel for all tests of this file; `run` is one more cell in it."""

    client: NotebookClient
    env: dict[str, str]

    def run(self, source: str) -> list[Any]:
        cell = nbformat.v4.new_code_cell(source)
        self.client.nb.cells.append(cell)
        self.client.execute_cell(cell, len(self.client.nb.cells) - 1)
        return cell.outputs

    def value(self, source: str) -> str:
        """The text of a cell's last value."""
        outputs = self.run(source)
        failed(outputs)
        return [one for one in outputs if one.output_type == "execute_result"][-1].data["text/plain"]

    def interrupt(self) -> None:
        os.kill(self.client.km.provisioner.pid, signal.SIGINT)

    def restart(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.env.items():
                patch.setenv(name, value)
            run_sync(self.client.km.restart_kernel)(now=True)
        run_sync(self.client.kc.wait_for_ready)(timeout=120)


def failed(outputs) -> None:
    errors = [f"{one.ename}: {one.evalue}" for one in outputs if one.output_type == "error"]
    assert errors == []


def told(outputs) -> str:
    """What a cell printed, warnings included."""
    return "".join(one.text for one in outputs if one.output_type == "stream")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> Iterator[Kernel]:
    with hook().made_up(tmp_path_factory.mktemp("notebooks")) as env, pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        client = NotebookClient(nbformat.v4.new_notebook(), timeout=100, kernel_name="python3", allow_errors=True)
        with client.setup_kernel():
            yield Kernel(client, env)


@pytest.fixture(autouse=True)
def fresh(kernel):
    kernel.run("%reset -f")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_page_runs(kernel, name):
    jupytext = pytest.importorskip("jupytext", reason="reads the pages as notebooks; of the group docs")
    cells = [cell for cell in jupytext.read(PAGES / f"{name}.py").cells if cell.cell_type == "code"]
    assert cells
    for cell in cells:
        outputs = kernel.run(cell.source)
        failed(outputs)
        warned = [line for line in told(outputs).splitlines() if "Warning" in line]
        assert all(any(known in line for known in EXPECTED) for line in warned), warned
    assert any("text/html" in one.data for one in outputs if "data" in one)


CROSS = """
from cqs_backtest import Orders, Strategy, backtest, compare, indicators, runs
from cqs_data import load

bars = load(["BTC", "ETH"], "2024-06-01")

class Cross(Strategy):
    def orders(self, candles):
        above = indicators.previous(candles, "close") > indicators.sma(candles, 20)
        return Orders(enter=above, exit=~above)

r = backtest(Cross, ["BTC", "ETH"], data=bars, keep=True, name="first try")
"""


def test_the_usual_cells(kernel):
    failed(kernel.run(CROSS))
    [card] = [one for one in kernel.run("r") if one.output_type == "execute_result"]
    assert "first try" in card.data["text/html"]
    assert len(card.data["text/plain"]) < 400
    for cell in ("r.plot()", "r.plot_candles('BTC')", "r.metrics", "r.trades", "r.returns", "r.tear_sheet()"):
        outputs = kernel.run(cell)
        failed(outputs)
        assert any("data" in one for one in outputs), cell
    failed(kernel.run("compare(r, runs.load(r.id))"))
    failed(kernel.run("from cqs_monitor import pnl, positions, trades"))
    assert "total" in kernel.value("pnl(by='day', start='2025-01-01')")
    assert "unrealized" in kernel.value("positions()")


def test_long_work_shows_a_bar_under_its_cell(kernel):
    cell = """%%capture shown
import cqs_core.jobs.notebook as bars
from cqs_core import progress
usual, (bars._AFTER, bars._EVERY) = (bars._AFTER, bars._EVERY), (0, 0)
with progress("count", 2, "rows") as work:
    while not work._shown._due:  # the timer's turn
        pass
    work.advance(1, part="<BTC>")
bars._AFTER, bars._EVERY = usual
"""
    failed(kernel.run(cell))
    html = "".join(eval(kernel.value("[one.data['text/html'] for one in shown.outputs]")))
    assert html.count("<progress") >= 2
    assert 'max="2"' in html
    assert "&lt;BTC&gt;" in html
    assert "<BTC>" not in html
    last = eval(kernel.value("shown.outputs[-1].data['text/html']"))
    assert last == ""


def test_short_work_shows_nothing(kernel):
    failed(kernel.run("%%capture shown\nfrom cqs_core import progress\nwith progress('x', 1) as work: work.advance()"))
    assert kernel.value("len(shown.outputs)") == "0"


ENDLESS = "download('BTC', '2015-01-01', '2024-01-01', '1m', bucket={bucket!r})"
WORKING = "[one.name for one in threading.enumerate() if one.name.startswith('cqs-')]"


def interrupted(kernel, cell, begun):
    """What a cell that is stopped once `begun()` puts out."""

    ended = threading.Event()

    def stop():
        until(begun)
        while True:  # Python loses an interrupt that comes during some imports; a user presses again
            kernel.interrupt()
            if ended.wait(20):
                return

    thread = threading.Thread(target=stop)
    thread.start()
    try:
        return kernel.run(cell)
    finally:
        ended.set()
        thread.join()


def test_an_interrupt_ends_the_work_and_what_came_is_kept(kernel, tmp_path):
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    kernel.run("import threading; from cqs_data import download, load")
    outputs = interrupted(kernel, ENDLESS.format(bucket=str(bucket)), lambda: any(bucket.rglob("*.parquet")))
    assert [one.ename for one in outputs if one.output_type == "error"] == ["KeyboardInterrupt"]
    objects = set(bucket.rglob("*.parquet"))
    assert kernel.value(WORKING) == "[]"
    assert set(bucket.rglob("*.parquet")) == objects
    assert int(kernel.value(f"len(load('BTC', interval='1m', bucket={str(bucket)!r})['BTC'])")) > 0


def test_a_query_ends_with_its_cell(kernel):
    kernel.run("from cqs_data import sql\nsql('select 1')")  # libraries that are just being imported lose interrupts
    mark = Path(kernel.env["CQS_BUCKET"]).parent / "begun"
    cell = f"open({str(mark)!r}, 'w').close()\nsql('select count(*) from range(100000000) a, range(100000) b')"
    outputs = interrupted(kernel, cell, mark.exists)
    assert [one.ename for one in outputs if one.output_type == "error"] == ["KeyboardInterrupt"]
    assert kernel.value("sql('select 1 as one')['one'].tolist()") == "[1]"


def test_a_fetch_can_be_awaited_and_leaves_the_loop_free(kernel, tmp_path):
    (tmp_path / "bucket").mkdir()
    cell = f"""
import asyncio, os, threading
from cqs_data import fetch_async, select
turns = 0

async def count():
    global turns
    while True:
        turns += 1
        await asyncio.sleep(0)

counting = asyncio.create_task(count())
[done] = await fetch_async({str(tmp_path / "bucket")!r}, select("BTC", start="2024-01-01"), os.environ["CQS_ENDPOINT"])
task = asyncio.create_task(fetch_async({str(tmp_path / "bucket")!r}, select("BTC", "1m"), os.environ["CQS_ENDPOINT"]))
before = turns
while not {WORKING}:
    await asyncio.sleep(0)
task.cancel()
ended = await asyncio.gather(task, return_exceptions=True)
counting.cancel()
"""
    failed(kernel.run(cell))
    assert int(kernel.value("done.rows")) > 300
    assert int(kernel.value("before")) > 50
    assert kernel.value("type(ended[0]).__name__") == "'CancelledError'"
    assert kernel.value(WORKING) == "[]"


def test_after_a_restart_what_was_kept_is_there(kernel):
    failed(kernel.run(CROSS))
    run = eval(kernel.value("r.id"))
    kernel.restart()
    assert "NameError" in [one.ename for one in kernel.run("r") if one.output_type == "error"]
    assert "first try" in kernel.value(f"from cqs_backtest import runs\nruns.load({run!r})")
    assert "Bars of 1 symbol" in kernel.value("from cqs_data import load\nload('BTC', '2024-06-01')")
