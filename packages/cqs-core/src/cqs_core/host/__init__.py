"""The plugin host: hooks, the registry, and the contracts that plugins implement."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
