"""`cqs health` with all packages: candles, bots, and the watcher."""

from __future__ import annotations

import errno
import os
import time

import pytest

from cqs_core import Bucket, Lake, Series
from cqs_core.jobs import health
from cqs_core.testing.candles import flat_table
from cqs_core.time import clock
from cqs_core.time.intervals import DAY


@pytest.fixture
def bucket(tmp_path):
    return Bucket(str(tmp_path))


def found(bucket):
    return {one.name: one for one in health(bucket)}


def test_candles_are_old_or_not(bucket):
    today = clock.now() // DAY * DAY
    lake = Lake(bucket)
    lake.append(Series("upbit", "BTC/KRW", "1d"), flat_table(3, today - 3 * DAY, 7.0), today - 3 * DAY, today)
    lake.append(Series("binance", "BTC/USDT", "1d"), flat_table(3, 0, 7.0), 0, 3 * DAY)
    now = found(bucket)
    assert (now["candles of upbit"].state, now["candles of binance"].state) == ("ok", "warning")
    assert "1 series, newest candle" in now["candles of upbit"].fact
    assert "damaged candles" not in now


def test_a_watcher_is_missed_where_there_are_rules(bucket):
    assert "watcher" not in found(bucket)
    bucket.write("config/alerts.toml", b"")
    assert found(bucket)["watcher"].state == "failed"
    bucket.write("alerts/lease/000000000001.json", f'{{"holder": "me", "until": {time.time() + 60}}}'.encode())
    assert found(bucket)["watcher"].fact.startswith("me has the lease for ")


def test_the_age_of_each_log_is_a_figure(bucket):
    bucket.write("logs/Main/trades_2026-01-01.csv", b"timestamp,date,action,coin,price,amount,value,pnl,reason\n")
    assert found(bucket)["log of Main"].value < 600


def test_a_folder_of_logs_that_cannot_be_listed_fails(bucket, monkeypatch):
    bucket.write("bot-logs/Main/trades_2026-01-01.csv", b"timestamp,date,action,coin,price,amount,value,pnl,reason\n")
    bucket.write("logs/Other/trades_2026-01-01.csv", b"timestamp,date,action,coin,price,amount,value,pnl,reason\n")
    opened = os.open

    def refuse(path, *rest, **more):
        if str(path).endswith("/logs"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    now = found(bucket)
    assert (now["folder logs/"].state, now["folder logs/"].fact) == ("failed", "cannot be listed: Permission denied")
    assert now["log of Main"].state == "ok"
