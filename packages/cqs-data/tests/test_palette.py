"""What the command palette finds of the candles."""

from __future__ import annotations

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-data[panel]")

from cqs_core import Bucket, Lake, Series
from cqs_core.market_notes import add_note, delete_note
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY
from cqs_data.views.age_card import age_html
from cqs_data.views.palette import entries, first_step


def test_actions_come_before_series(tmp_path):
    Lake(str(tmp_path)).append(Series("upbit", "BTC/KRW", "1d"), flat_table(10), 0, 10 * DAY)
    *actions, series = entries(Bucket(str(tmp_path)))
    assert {one.kind for one in actions} == {"action"}
    assert (series.label, series.query) == ("BTC/KRW 1d upbit", {"series": "upbit BTC/KRW 1d"})


def test_notes_are_found_by_their_text_and_shown_on_the_longest_candles(tmp_path):
    lake = Lake(str(tmp_path))
    lake.append(Series("upbit", "BTC/KRW", "1d"), flat_table(10), 0, 10 * DAY)
    lake.append(Series("upbit", "BTC/KRW", "1h"), flat_table(10, interval="1h"), 0, 10 * DAY // 24)
    add_note(lake.bucket, "upbit", "BTC/KRW", 3 * DAY + 5_000, 1.0, "sold half\nat the top")
    delete_note(lake.bucket, add_note(lake.bucket, "upbit", "BTC/KRW", 4 * DAY, 1.0, "gone"))
    add_note(lake.bucket, "upbit", "ETH/KRW", 3 * DAY, 1.0, "no candles")
    [note] = [one for one in entries(lake.bucket) if one.kind == "note"]
    assert note.label == "sold half at the top, BTC/KRW 1970-01-04"
    assert note.query == {"series": "upbit BTC/KRW 1d", "at": "1970-01-04T00:00:00+00:00"}


def test_the_first_step_is_done_when_there_are_candles(tmp_path):
    assert not first_step(Bucket(str(tmp_path))).done
    Lake(str(tmp_path)).append(Series("upbit", "BTC/KRW", "1d"), flat_table(10), 0, 10 * DAY)
    assert first_step(Bucket(str(tmp_path))).done


def test_the_age_of_candles_is_that_of_their_close(tmp_path):
    lake = Lake(str(tmp_path))
    lake.append(Series("upbit", "BTC/KRW", "1d"), flat_table(10), 0, 10 * DAY)
    text = age_html(lake.status(), 10 * DAY + 3_600_000)
    assert '<dd class="">1 h ago</dd>' in text
    assert '<dd class="">none</dd>' in text
    assert '<dd class="late">1</dd>' in age_html(lake.status(), 12 * DAY)
