"""Kept runs: a folder `runs/{id}/` of the bucket with a manifest, equity and trades.

`load` reads one back as a `Result`, `table` lists all, `verify` makes one again and compares.
"""

from cqs_backtest.record import StoredRun
from cqs_backtest.runs.kept import Verification, load, table, verify
from cqs_backtest.runs.store import FOLDER, keep, listing, read, set_aside, survey

__all__ = [
    "FOLDER",
    "StoredRun",
    "Verification",
    "keep",
    "listing",
    "load",
    "read",
    "set_aside",
    "survey",
    "table",
    "verify",
]
