"""The dashboard of cqs: what views are written against. Names are imported on use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
