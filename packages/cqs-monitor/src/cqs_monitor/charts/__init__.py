"""Charts of live bots as HoloViews objects: the same in notebooks and on the pages.

They need the extra `panel`: `pip install 'cqs-monitor[panel]'`. Frames are those of `cqs_monitor.pnl` and
`cqs_monitor.trades`.
"""

import lazy_loader

from cqs_core.host import needing_panel

_getattr, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__getattr__ = needing_panel(_getattr, "cqs-monitor")
