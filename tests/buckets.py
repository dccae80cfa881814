"""Buckets to look at in the dashboard: a demo, an empty one, a damaged one, and one with real logs."""

from __future__ import annotations

import fcntl
import shutil
from typing import TYPE_CHECKING

from cqs_core import Bucket, Lake, Series
from cqs_core.testing.command import cqs

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = (Series("upbit", "BTC/KRW", "1d"), Series("upbit", "ETH/KRW", "1d"), Series("upbit", "BTC/KRW", "1h"))
"""Series of the damaged bucket whose newest object is cut off."""
DAMAGED_ACCOUNT = "Main"


def make_demo(folder: Path) -> Path:
    """What `cqs demo` makes, once for all processes of a test run; copy it to write into it.

    What the command said is beside it, in a file of JSON.
    """
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            made = folder.with_name(f"{folder.name}-making")
            said = cqs("demo", "--bucket", made, "--once", "--no-open", "--json", timeout=200).stdout
            folder.with_suffix(".json").write_text(said)
            made.rename(folder)
    return folder


def make_empty(folder: Path, _demo: Path) -> None:
    """Nothing at all."""
    folder.mkdir()


def make_damaged(folder: Path, demo: Path) -> None:
    """A demo whose candles, run, positions, rules of alerts and newest model are broken."""
    from cqs_backtest.runs import FOLDER
    from cqs_monitor.alerts.rule_reader import KEY
    from cqs_monitor.models.registry import models

    shutil.copytree(demo, folder)
    bucket = Bucket(str(folder))
    for series in DAMAGED:
        _cut(bucket, max(Lake(bucket).objects(series), key=lambda one: one.last).key)
    for run in bucket.folders(FOLDER):
        bucket.write(f"{FOLDER}/{run}/manifest.json", b"{broken")
    bucket.write("sweeps/20260101T000000-torn-abcdef/manifest.json", b"{broken")
    _cut(bucket, f"logs/{DAMAGED_ACCOUNT}/positions.json")
    bucket.write(KEY, b"[[broken\n" + bucket.read(KEY))
    _cut(bucket, next(model.entry.key for model in models(bucket) if model.latest and model.entry))


def make_real(folder: Path, logs: Path) -> None:
    """The logs of a real bot, and no candles."""
    shutil.copytree(logs, folder / "logs")


def _cut(bucket: Bucket, key: str) -> None:
    """Half of an object, as an upload leaves it that was interrupted; fails where there is no such object."""
    data = bucket.read(key)
    bucket.write(key, data[: len(data) // 2])
