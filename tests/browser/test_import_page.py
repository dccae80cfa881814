"""The Data page with files: what they are is shown, stored when confirmed, taken back; a series is deleted."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from cqs_core import Bucket, Lake, Series
from cqs_core.time.intervals import HOUR

pytestmark = pytest.mark.browser

SERIES = Series("binance", "BTC/USDT", "1h")
START = 1_704_067_200_000


@pytest.fixture
def files(tmp_path):
    """Two days of an archive of Binance, and a file of two markets."""
    rows = [
        [START + HOUR * i, 100 + i, 103 + i, 98 + i, 101 + i, 5, START + HOUR * (i + 1) - 1, 1, 1, 1, 1, 0]
        for i in range(48)
    ]
    archive = tmp_path / "BTCUSDT-1h-2024-01.csv"
    archive.write_text("\n".join(",".join(map(str, row)) for row in rows))
    several = tmp_path / "several.json"
    several.write_text(json.dumps({"BTCUSDT": [row[:6] for row in rows], "ETHUSDT": [row[:6] for row in rows]}))
    return archive, several


def test_a_file_is_shown_imported_taken_back_and_deleted(visit, dashboard, files, tmp_path):
    archive, several = files
    (tmp_path / "bucket").mkdir()
    lake = Lake(Bucket(tmp_path / "bucket"))
    page = visit(dashboard(tmp_path / "bucket", CQS_EXCHANGE="binance") + "?view=data&files=1").page
    give, store = page.locator("input[type=file]"), page.get_by_role("button", name="Import", exact=True).first
    give.set_input_files(several)
    page.get_by_text("holds 2 tables (BTCUSDT, ETHUSDT)").wait_for()
    expect(store).to_be_disabled()
    assert lake.series() == []

    def confirm():
        # two seconds after an upload the field forgets its files, also others that are chosen meanwhile
        page.wait_for_function("e => !e.files.length", arg=give.element_handle())
        give.set_input_files(archive)
        page.get_by_text("binance-archive").wait_for()
        page.wait_for_function("b => !b.disabled", arg=store.element_handle())
        assert lake.series() == []
        store.click()
        page.get_by_text("48 candles imported").wait_for()
        assert len(lake.read(SERIES)) == 48

    page.get_by_text("nothing was imported").wait_for()
    confirm()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("nothing was imported").wait_for()
    assert [entry.key for entry in lake.bucket.list()] == ["data/candles/_format_1"]  # no candles are left
    confirm()
    page.get_by_role("button", name="Delete", exact=True).click()
    assert len(lake.read(SERIES)) == 48
    page.get_by_role("button", name=f"Delete all candles of {SERIES}?").click()
    page.get_by_text("No candles yet").wait_for()
    assert lake.series() == []
