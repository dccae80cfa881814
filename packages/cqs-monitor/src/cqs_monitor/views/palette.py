"""What the command palette finds of the bots: accounts, models, rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_monitor.models.registry import models
from cqs_monitor.performance.reader import reader_of
from cqs_panel import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Bucket


def accounts(bucket: Bucket) -> Iterator[Entry]:
    """Each account's page."""
    for name in reader_of(bucket.address).refresh().snapshot.accounts:
        yield Entry(name, "account", {"account": name})


def comparisons(bucket: Bucket) -> Iterator[Entry]:
    """Each account against a backtest."""
    for name in reader_of(bucket.address).refresh().snapshot.accounts:
        yield Entry(f"{name} vs backtest", "comparison", {"account": name})


def versions(bucket: Bucket) -> Iterator[Entry]:
    """Each version of a model."""
    for model in models(bucket):
        yield Entry(f"Model {model.version}", "model", {"version": model.version})
