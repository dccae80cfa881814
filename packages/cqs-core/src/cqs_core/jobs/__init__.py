"""Long work that outlives the page that started it: a `cqs … --json` process with its own folder here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
