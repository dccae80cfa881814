"""What the command palette finds of the candles."""

from __future__ import annotations

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-data[panel]")

from cqs_core import Bucket, Lake, Series
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY
from cqs_data.views.palette import entries


def test_actions_come_before_series(tmp_path):
    Lake(str(tmp_path)).append(Series("upbit", "BTC/KRW", "1d"), flat_table(10), 0, 10 * DAY)
    *actions, series = entries(Bucket(str(tmp_path)))
    assert {one.kind for one in actions} == {"action"}
    assert (series.label, series.query) == ("BTC/KRW 1d upbit", {"series": "upbit BTC/KRW 1d"})
