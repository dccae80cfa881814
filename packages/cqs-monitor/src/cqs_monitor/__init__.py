"""What live bots hold, earn and do: their logs read, checked and compared with backtests.

Everything comes from files in the bucket; it is read only, and nothing trades.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
