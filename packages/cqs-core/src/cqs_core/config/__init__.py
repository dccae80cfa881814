"""Settings from `CQS_*` variables and `.env`, and the user's folders."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
