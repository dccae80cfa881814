"""Outside data of a run: read, checked, aligned, and kept with it."""

from cqs_backtest.features.fit import fitted
from cqs_backtest.features.reading import read_feature
from cqs_backtest.features.sources import from_text
from cqs_backtest.features.stored_regimes import StoredRegimes, stored_regimes
from cqs_backtest.features.storing import described, stored, write

__all__ = [
    "StoredRegimes",
    "described",
    "fitted",
    "from_text",
    "read_feature",
    "stored",
    "stored_regimes",
    "write",
]
