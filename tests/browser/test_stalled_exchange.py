"""An exchange that accepts connections and never answers: each page that asks it says so, and goes on when it does.

The process of the exchange is halted, and continued: what it was asked meanwhile it answers then.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect

from cqs_core import Lake, Series
from cqs_core.testing.command import cqs_json
from cqs_core.time import clock
from cqs_core.time.intervals import DAY, MINUTE
from walks import click

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
EXCHANGE = """
from cqs_data.sandbox import Sandbox, Synthetic

with Sandbox(Synthetic()) as sandbox:
    print(sandbox.url, flush=True)
    sandbox.wait()
"""
PATIENCE = 180_000  # ms: three requests of twenty seconds, and the pauses between them


@pytest.fixture
def exchange():
    """URL of a sandbox in a process of its own, and what halts and continues it."""
    with subprocess.Popen([sys.executable, "-c", EXCHANGE], stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip(), process
        process.kill()


@pytest.fixture
def bucket(exchange, tmp_path):
    """Some minutes of a market, and a bot that holds a coin of which there are no candles."""
    folder = tmp_path / "bucket"
    start = clock.iso(clock.now() // MINUTE * MINUTE - 300 * MINUTE)
    cqs_json(
        "fetch", "--symbols", "BTC", "--interval", "1m", "--start", start, "--bucket", folder, "--endpoint", exchange[0]
    )
    (folder / "logs" / "Main").mkdir(parents=True)
    day = clock.iso(clock.now() - DAY)[:10]
    bought = f"{day}T10:00:00+09:00"
    row = f"{bought},{day},BUY,SOL,150000.0,2.0,300000.0,,\r\n"
    head = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
    (folder / "logs" / "Main" / f"trades_{day}.csv").write_text(head + row, newline="")
    held = {"SOL": {"symbol": "SOL", "quantity": 2.0, "entry_price": 150000.0, "entry_time": bought}}
    (folder / "logs" / "Main" / "positions.json").write_text(json.dumps(held))
    (folder / "logs" / ".heartbeat").write_text(str(time.time()))
    return folder


@pytest.mark.soak
def test_dashboard_pages_say_that_an_exchange_stalls_and_go_on_without_a_reload(visit, dashboard, bucket, exchange):
    address, process = dashboard(bucket, CQS_ENDPOINT=exchange[0]), exchange[1]
    live = visit(f"{address}?view=data&live=1").page
    live.locator(".said.live").wait_for()
    fetching = visit(
        f"{address}?view=data&fetch=1&symbols=ETH&intervals=1h&start={clock.iso(clock.now() - DAY)[:10]}"
    ).page
    fetching.get_by_role("button", name="Fetch", exact=True).wait_for()
    held = visit(f"{address}?view=jobs").page
    process.send_signal(signal.SIGSTOP)
    click(held, "monitor")
    held.get_by_text("waiting for prices of 1 position").wait_for()
    fetching.get_by_role("button", name="Fetch", exact=True).click()
    markets = visit(f"{address}?view=data&markets=1").page
    held.get_by_text("0 of 1 positions priced").first.wait_for()  # it waits no longer, and says what is not known
    live.locator(".said.reconnecting").wait_for(timeout=PATIENCE)
    fetching.get_by_text("no answer within 20 s").first.wait_for(timeout=PATIENCE)
    markets.get_by_text("The markets of upbit cannot be listed").wait_for(timeout=PATIENCE)
    markets.get_by_text("no answer within 20 s").first.wait_for()
    process.send_signal(signal.SIGCONT)
    live.locator(".said.live").wait_for(timeout=PATIENCE)
    expect(held.get_by_text("0 of 1 positions priced")).to_have_count(0, timeout=PATIENCE)
    fetching.get_by_text("new candles in 1 series").wait_for(timeout=PATIENCE)
    markets.locator(".tabulator-row", has_text="SOL/KRW").wait_for(timeout=PATIENCE)
    expect(markets.get_by_text("cannot be listed")).to_have_count(0)
    assert Lake(str(bucket)).read(Series("upbit", "ETH/KRW", "1h")).num_rows > 20
