"""Reads the logs of live bots, checks them, and compares them with backtests.

Everything comes from files in the bucket; it is read only, and nothing trades.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
