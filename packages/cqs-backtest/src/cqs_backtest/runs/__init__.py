"""Kept runs: a folder `runs/{id}/` of the bucket with a manifest, equity and trades.

>>> from cqs_backtest import runs
>>> runs.load.__name__, runs.table.__name__
('load', 'table')
"""

from cqs_backtest.record import StoredRun
from cqs_backtest.runs.kept import load, table
from cqs_backtest.runs.store import FOLDER, keep, listing, read, set_aside, survey

__all__ = ["FOLDER", "StoredRun", "keep", "listing", "load", "read", "set_aside", "survey", "table"]
