"""The trial ledger: every set of parameters that was ever evaluated for a strategy, its markets and interval.

The best of many trials looks good by luck alone, so its luck is judged by how many there were. A set counts once,
however often it was evaluated, on whatever candles: what counts are its parameters, and dates that overlap.

    trials/{strategy}/{exchange}-{interval}-{hash of the markets}/{first}-{last}-{source}.parquet

`first` and `last` are ms UTC. `source` is a search, or `set-` and a hash for a set that a single run evaluated.
"""

from cqs_backtest.trials.ledger import Ledger, Trials, survey, threshold, trials
from cqs_backtest.trials.recording import canonical, count, count_set, merge, record
from cqs_backtest.trials.subject import FOLDER, Subject, subject_of, subject_of_run

__all__ = [
    "FOLDER",
    "Ledger",
    "Subject",
    "Trials",
    "canonical",
    "count",
    "count_set",
    "merge",
    "record",
    "subject_of",
    "subject_of_run",
    "survey",
    "threshold",
    "trials",
]
