"""Strategies as objects: parameters that are refused, hashes for Dask, orders in frames."""

import subprocess
import sys

import pandas as pd
import param
import pytest
from handmade import WAVE

from cqs_backtest import Orders, Strategy, backtest
from cqs_core import CqsError, UnknownName, UsageError

DATA = {"BTC": WAVE}
CODE = """
import param
from cqs_core import Orders, Strategy

def level(candles):
    return candles.open > 1

class Rule(Strategy):
    bars = param.Integer(5, bounds=(1, 10))

    def orders(self, candles):
        return Orders(enter=level(candles), exit=candles.symbols in {"a", "b", "c"})
"""


class Rule(Strategy):
    bars = param.Integer(5, bounds=(1, 10))
    share = param.Number(0.5, bounds=(0, 1))

    def orders(self, candles):
        return Orders(target=candles.open * 0 + self.share)


class TestParameters:
    def test_what_is_out_of_bounds_is_one_of_our_errors(self):
        for make in (lambda: Rule(bars=11), lambda: setattr(Rule(), "bars", 11), lambda: Rule().param.update(bars=11)):
            with pytest.raises(CqsError, match="parameter 'bars' is 11; it must be a whole number from 1 to 10"):
                make()
        with pytest.raises(UsageError, match="parameter 'share' is 'x'; it must be a number from 0 to 1"):
            Rule(share="x")
        with pytest.raises(UnknownName, match="did you mean 'bars'"):
            Rule(bar=3)
        with pytest.raises(ValueError, match="a whole number"):
            Rule(bars=0)

    def test_good_ones_are_taken(self):
        rule = Rule(bars=3, name="mine")
        rule.share = 0.25
        assert rule.values() == {"bars": 3, "share": 0.25}


class TestDask:
    def token(self, code, **values):
        names = {"__name__": "rules"}
        exec(code, names)
        return names["Rule"](**values).__dask_tokenize__()

    def test_code_and_parameters_tell_strategies_apart(self):
        assert self.token(CODE) == self.token(CODE) == self.token("# another line\n" + CODE)
        assert self.token(CODE) != self.token(CODE, bars=6)
        assert self.token(CODE) != self.token(CODE.replace("open > 1", "open > 2"))
        assert self.token(CODE) != self.token(CODE.replace("exit=", "stop_loss=0.1, exit="))

    def test_it_is_the_same_in_every_process(self):
        code = f"names = {{'__name__': 'rules'}}; exec({CODE!r}, names); print(names['Rule']().__dask_tokenize__())"
        made = {
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
            ).stdout
            for seed in ("1", "2")
        }
        assert made == {f"{self.token(CODE)}\n"}


class TestFrames:
    def rule(self, frame):
        return type("Frames", (Strategy,), {"orders": lambda _, candles: Orders(enter=frame, exit=~frame)})

    def test_orders_of_a_frame_may_begin_where_the_run_does(self):
        up = pd.DataFrame({"BTC/KRW": WAVE["close"].diff().shift(1) > 0})
        whole = backtest(self.rule(up), "BTC", DATA, start="2024-06-01", lookahead_check=False)
        later = backtest(self.rule(up.loc["2024-06-01":]), "BTC", DATA, start="2024-06-01", lookahead_check=False)
        assert later.performance.num_trades == 2
        pd.testing.assert_series_equal(later.equity, whole.equity)
        assert backtest(self.rule(up["BTC/KRW"].loc["2024-06-01":]), "BTC", DATA, start="2024-06-01").equity.equals(
            whole.equity
        )

    def test_a_bar_that_lacks_inside_the_run_is_still_refused(self):
        up = pd.DataFrame({"BTC/KRW": WAVE["close"] > 0})
        with pytest.raises(UsageError, match="no row for the bar at 2024-06-01"):
            backtest(self.rule(up.loc["2024-06-02":]), "BTC", DATA, start="2024-06-01")
        with pytest.raises(UsageError, match="no row for the bar at 2024-01-01"):
            backtest(self.rule(up.loc["2024-06-01":]), "BTC", DATA)
