"""The state of a series says what is known: nobody has looked, all of it is sound, some of it is damaged."""

from __future__ import annotations

import pytest

from cqs_core import DataError, Lake, Series
from cqs_core.bucket import checked_files
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY
from cqs_data.availability import availability

SERIES = Series("upbit", "BTC/KRW", "1d")


@pytest.fixture
def lake(tmp_path, monkeypatch):
    monkeypatch.setattr(checked_files, "_REST", 0)  # a file that is this new would be looked at again
    lake = Lake(str(tmp_path))
    lake.append(SERIES, flat_table(10), 0, 10 * DAY)
    return lake


def test_what_nobody_has_read_is_not_said_to_be_ok(lake):
    assert availability(lake).states == {SERIES: "not checked"}


def test_what_was_read_is_ok_until_it_changes(lake):
    lake.read(SERIES)
    assert availability(lake).states == {SERIES: "ok"}
    (key,) = (one.key for one in lake.objects(SERIES))
    lake.bucket.write(key, lake.bucket.read(key)[:-9])
    assert availability(lake).states == {SERIES: "not checked"}
    with pytest.raises(DataError):
        lake.read(SERIES)
    assert availability(lake).states != {SERIES: "ok"}
