"""Backtests that can be checked: strategies, engines that agree, metrics and runs.

Names are imported on use, so that `import cqs_backtest` loads neither pandas nor numba nor bt.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
