"""The commands of cqs-backtest: each parses, calls one function, and prints."""

from cqs_backtest.commands.backtest import backtest
from cqs_backtest.commands.runs import compare, confirm, list_runs, report, show, verify
from cqs_backtest.commands.strategies import strategies
from cqs_backtest.commands.sweep import sweep, trials

for command in (sweep, list_runs, show, compare, verify, confirm, report, trials):
    backtest.add_command(command)

__all__ = ["backtest", "strategies"]
