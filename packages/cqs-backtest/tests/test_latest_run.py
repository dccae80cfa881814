"""The overview's newest run: where the only one cannot be read, it is not said that there is none."""

from __future__ import annotations

import pytest

pytest.importorskip("panel")

from cqs_backtest.views import palette
from cqs_backtest.views.latest import newest
from cqs_core import Bucket


def test_a_run_that_cannot_be_read_is_told(tmp_path):
    bucket = Bucket(str(tmp_path))
    assert newest(bucket) == (None, [], [], [])
    bucket.write("runs/20260101T000000-momentum-abcdef/manifest.json", b"{broken")
    run, earlier, damaged, _ = newest(bucket)
    assert run is None
    assert earlier == []
    assert len(damaged) == 1
    assert "20260101T000000-momentum-abcdef" in str(damaged[0])


def test_the_palette_has_the_ways_to_the_forms_where_no_run_can_be_read(tmp_path):
    bucket = Bucket(str(tmp_path))
    bucket.write("runs/20260101T000000-momentum-abcdef/manifest.json", b"{broken")
    assert [one.label for one in palette.runs(bucket)] == ["Run a backtest"]
    assert [one.label for one in palette.sweeps(bucket)] == ["Optimize a strategy"]
