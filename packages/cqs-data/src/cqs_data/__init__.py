"""Candles of crypto exchanges: fetched once, kept in the lake, read as DataFrames.

from cqs_data import download, load, sql
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
