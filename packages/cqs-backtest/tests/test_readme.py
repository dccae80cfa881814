"""What the README says is true."""

import re
from pathlib import Path

import pytest
from handmade import WAVE

from cqs_backtest import BacktestFacade

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_example_runs():
    names = {"data": {"BTC": WAVE, "ETH": WAVE}}
    exec(CODE[0], names)
    assert len(names["r"].equity) == len(WAVE)


def test_the_rule_runs():
    names = {}
    exec(CODE[1], names)
    result = BacktestFacade().run_backtest(names["MyRule"], ["BTC"], {"BTC": WAVE}, params={"bars": 20})
    assert result["performance"]["num_trades"] > 0
    assert result["badges"]["lookahead"] == "ok"


@pytest.mark.parametrize("command", ["list", "show", "compare", "verify", "report", "run"])
def test_the_commands_are_there(command):
    from cqs_backtest.commands import backtest

    assert command in backtest.commands
