"""Backtests that can be checked: strategies, engines that agree, metrics and runs.

    from cqs_backtest import backtest, compare, indicators, runs, Orders, Strategy

`backtest` runs a strategy and returns a `Result`; `runs.load` reads a kept one; `compare` puts several side by side.
Names are imported on use, so that `import cqs_backtest` loads neither pandas nor numba nor bt.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
