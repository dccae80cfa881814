"""Finds strategies that peek: what follows the open of a bar is changed, and the orders up to that bar must stay.

`check` says what was found, `cuts` at which bars it looks, `futures` what it changes there, `differences` what counts
as a change. What does not come from candles (a file, a module's variables, the network) cannot be changed here, so a
rule that peeks by it is not found.
"""

from cqs_backtest.checks.lookahead.check import OFF, LookaheadFinding, Peek, look_ahead

__all__ = ["OFF", "LookaheadFinding", "Peek", "look_ahead"]
