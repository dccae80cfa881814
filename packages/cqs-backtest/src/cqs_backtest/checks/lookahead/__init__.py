"""Finds strategies that peek: what follows the open of a bar is changed, and the orders up to that bar must stay.

`check` gives the finding, `cuts` chooses the bars, `futures` what it changes there, `differences` what counts
as a change. `foreknowledge` looks for features that hold the future. What does not come from candles or features (a
file, a module's variables, the network) cannot be changed here, so a strategy that peeks by it is not found.
"""

from cqs_backtest.checks.lookahead.check import OFF, LookaheadFinding, Peek, look_ahead
from cqs_backtest.checks.lookahead.foreknowledge import foreknowledge

__all__ = ["OFF", "LookaheadFinding", "Peek", "foreknowledge", "look_ahead"]
