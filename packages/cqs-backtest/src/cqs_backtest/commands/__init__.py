"""The commands of cqs-backtest: each parses, calls one function, and prints."""

from cqs_backtest.commands.backtest import backtest
from cqs_backtest.commands.runs import annotate, compare, confirm, delete, list_runs, report, restore, show, verify
from cqs_backtest.commands.searches import searches
from cqs_backtest.commands.strategies import strategies
from cqs_backtest.commands.sweep import sweep, trials
from cqs_backtest.commands.validate import montecarlo, permute, stress, walk_forward

for command in (
    sweep,
    list_runs,
    show,
    annotate,
    delete,
    restore,
    compare,
    verify,
    confirm,
    report,
    trials,
    searches,
    walk_forward,
    montecarlo,
    permute,
    stress,
):
    backtest.add_command(command)

__all__ = ["backtest", "strategies"]
