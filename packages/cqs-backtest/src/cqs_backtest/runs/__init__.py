"""Kept runs: a folder `runs/{id}/` of the bucket with a manifest, equity and trades."""

from cqs_backtest.runs.store import StoredRun, keep, listing, load

__all__ = ["StoredRun", "keep", "listing", "load"]
