"""A user's own project sees types: no cell of a notebook is Any to Pyright, and none to mypy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CELLS = """
import datetime as dt

import numpy as np

from cqs_backtest import Candles, Orders, Strategy, backtest, compare, indicators, runs
from cqs_core import Lake
from cqs_data import download, load, sql
from cqs_monitor import lots, pnl, positions, regimes, trades

fetched = download(["BTC", "ETH"], "2022-01-01")
bars = load(["BTC", "ETH"], np.datetime64("2022-01-01"), dt.date(2024, 1, 1))


class Cross(Strategy):
    def orders(self, candles: Candles) -> Orders:
        above = indicators.previous(candles, "close") > indicators.sma(candles, 20)
        return Orders(enter=above, exit=~above)


r = backtest(Cross, ["BTC", "ETH"], data=bars, keep=True, name="first try")
plot = r.plot()
candles = r.plot_candles("BTC")
rolling = r.plot_rolling("sharpe", 90)
months = r.plot_months()
years = r.plot_years()
metrics = r.metrics
made = r.trades
returns = r.returns
sharpe = r.performance.sharpe
drawdown = r["performance"]["max_drawdown"]
sheet = r.tear_sheet()
kept = runs.load("2024")
both = compare(r, kept)
daily = pnl(by="day", start="2025-01-01")
now = positions()
fills = trades()
bought = lots()
moods = regimes("v9")
closes = bars.wide("close")
last = bars["BTC"].tail(3)
answer = sql("select 1 as one")
frame = Lake("bucket").frame("BTC 1h", "2024-01-01")
long = bars.to_polars()
arrow = daily.to_arrow()
relation = answer.relation()
"""
WRONG = """
from cqs_data import load
from cqs_monitor import pnl

load(["BTC"], start=3.5)
pnl(by="year")
"""
STRICT = {
    "typeCheckingMode": "off",
    "pythonVersion": "3.11",
    **dict.fromkeys(("reportAny", "reportUnknownVariableType", "reportUnknownArgumentType"), "error"),
    **dict.fromkeys(("reportMissingImports", "reportAttributeAccessIssue", "reportCallIssue"), "error"),
    **dict.fromkeys(("reportArgumentType", "reportUnknownMemberType"), "error"),
}


def problems(folder: Path, **files: str) -> list[tuple[str, str]]:
    """What Pyright says of a project: rule and message."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "pyrightconfig.json").write_text(json.dumps(STRICT))
    program = Path(sys.executable).parent / ("basedpyright.exe" if os.name == "nt" else "basedpyright")
    ran = subprocess.run(
        [program, "--outputjson", "-p", folder, "--pythonpath", sys.executable],
        capture_output=True,
        text=True,
        timeout=110,
    )
    found = json.loads(ran.stdout)["generalDiagnostics"]
    return [(one["rule"], one["message"]) for one in found]


@pytest.mark.once
def test_pyright_knows_every_cell_and_refuses_wrong_ones(tmp_path):
    assert problems(tmp_path, cells=CELLS) == []
    told = problems(tmp_path, cells="", wrong=WRONG)
    assert [rule for rule, _ in told] == ["reportArgumentType", "reportArgumentType"]
