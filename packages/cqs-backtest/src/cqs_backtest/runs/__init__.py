"""Kept runs: a folder `runs/{id}/` of the bucket with a manifest, equity and trades."""

from cqs_backtest.runs.store import FOLDER, StoredRun, keep, listing, load, set_aside, survey

__all__ = ["FOLDER", "StoredRun", "keep", "listing", "load", "set_aside", "survey"]
