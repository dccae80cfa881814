"""The end of the main job: the page shows the equity curve that the facade computes, on real candles."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cqs_core.testing.command import cqs, cqs_json

pytestmark = pytest.mark.browser

EQUITY = """() => {
  for (const document of Bokeh.documents) for (const model of document._all_models.values())
    if (model.type == "ColumnDataSource" && model.data.drawdown) return Array.from(model.data.equity)
  return [] }"""


@pytest.fixture(scope="module")
def bucket(real_sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real") / "bucket"
    cqs_json("fetch", "--symbols", "BTC", "--interval", "1d", "--bucket", folder, "--endpoint", real_sandbox)
    return folder


def test_the_page_shows_the_equity_of_the_facade(visit, dashboard, bucket, monkeypatch):
    from cqs_backtest import BacktestFacade

    monkeypatch.setenv("CQS_BUCKET", str(bucket))
    wanted = BacktestFacade().run_backtest(strategy="volatility_breakout", symbols=["BTC"])["equity"]
    page = visit(dashboard(bucket) + "?view=backtest").page
    page.get_by_role("button", name="Run backtest").click()
    page.get_by_text("Equity and drawdown").wait_for()
    page.wait_for_function(f"({EQUITY})().length > 0")
    assert np.allclose(page.evaluate(EQUITY), wanted.to_numpy(), rtol=1e-12)
    page.wait_for_url("**run=**")


def test_an_endpoints_candles_are_marked_as_such(visit, dashboard, bucket):
    page = visit(dashboard(bucket) + "?view=data").page
    page.get_by_text("from an endpoint, not the real exchange").wait_for()


def test_panel_serve_shows_the_same(visit, bucket, monkeypatch):
    """`panel serve $(cqs app)` is the other way in."""
    app = cqs("app").stdout.strip()
    monkeypatch.setenv("CQS_BUCKET", str(bucket))
    command = [Path(sys.executable).with_name("panel"), "serve", app, "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        try:
            found = next(m for line in serving.stderr if (m := re.search(r"http://localhost:\d+/\w+", line)))
            page = visit(found[0] + "?view=data").page
            page.get_by_text("from an endpoint, not the real exchange").wait_for()
            page.close()
        finally:
            serving.terminate()
