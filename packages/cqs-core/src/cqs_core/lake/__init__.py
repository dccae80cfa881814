"""The lake: every series of a bucket as immutable parquet objects whose names are the catalog."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
