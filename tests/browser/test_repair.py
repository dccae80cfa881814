"""Damaged candles are mended by clicks: the page says what is damaged, Repair fetches it again, it is drawn."""

from __future__ import annotations

import pytest

from cqs_core import Bucket, Lake, Series
from cqs_core.testing.command import cqs
from cqs_data.sandbox import Sandbox, Synthetic
from cqs_panel.testing.server import ForkedServer
from plots import plots, settle
from walks import faults, go

pytestmark = pytest.mark.browser
SERIES = Series("upbit", "BTC/KRW", "1d")


def test_the_repair_button_mends_a_damaged_series(visit, tmp_path):
    with Sandbox(Synthetic()) as exchange:
        bucket = tmp_path / "bucket"
        bucket.mkdir()
        asked = ("--symbols", "BTC", "--interval", "1d", "--start", "2024-01-01", "--end", "2024-06-01")
        cqs("fetch", *asked, "--bucket", bucket, "--endpoint", exchange.url)
        lake = Lake(Bucket(str(bucket)))
        before = lake.read(SERIES)
        for one in lake.objects(SERIES):
            data = lake.bucket.read(one.key)
            lake.bucket.write(one.key, data[: len(data) // 2])
        with ForkedServer(bucket, environment={"CQS_ENDPOINT": exchange.url}, log=tmp_path / "log") as server:
            page = visit(f"{server.url}?view=overview").page
            go(page, "data")
            page.get_by_text("These candles cannot be read").wait_for()
            assert plots(page) == []
            page.locator(".cqs-view-data").get_by_role("button", name="Repair the lake").click()
            page.get_by_text("These candles cannot be read").wait_for(state="hidden")
            settle(page, of="data")
            assert len(plots(page)) == 2
            assert faults(page) == []
            go(page, "overview")
            page.get_by_text("unreadable").wait_for(state="detached")
            settle(page, of="overview")
            assert faults(page) == []
            page.context.close()
        assert Lake(Bucket(str(bucket))).read(SERIES).equals(before)
        assert (tmp_path / "log").read_text() == ""
