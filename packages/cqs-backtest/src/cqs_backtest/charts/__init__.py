"""Charts of backtests as HoloViews objects: the same in notebooks, on the pages and in the tear sheet.

They need the extra `panel`: `pip install 'cqs-backtest[panel]'`. Each takes a result or a kept run (see `Charted`).
"""

import lazy_loader

from cqs_core.host import needing_panel

_getattr, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = needing_panel(_getattr, "cqs-backtest")
