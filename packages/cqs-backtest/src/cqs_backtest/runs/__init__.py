"""Kept runs: a folder `runs/{id}/` of the bucket with a manifest, equity and trades.

`load` reads one back as a `Result`, `table` lists all, `verify` makes one again and compares. `annotate` names, tags
and stars one; `delete` takes one out of the lists, and `restore` brings it back.
"""

from cqs_backtest.record import StoredRun
from cqs_backtest.runs.annotating import Annotation, annotate, annotation_of, annotations_of
from cqs_backtest.runs.deleting import delete, deleted, purge, restore
from cqs_backtest.runs.kept import Verification, load, table, verify
from cqs_backtest.runs.store import FOLDER, keep, listing, manifest_of, read, set_aside, survey

__all__ = [
    "FOLDER",
    "Annotation",
    "StoredRun",
    "Verification",
    "annotate",
    "annotation_of",
    "annotations_of",
    "delete",
    "deleted",
    "keep",
    "listing",
    "load",
    "manifest_of",
    "purge",
    "read",
    "restore",
    "set_aside",
    "survey",
    "table",
    "verify",
]
