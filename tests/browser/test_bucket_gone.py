"""A bucket that is gone is told on every page, looks like no empty one, and is read again when it is back."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from cqs_core import Bucket
from cqs_panel.testing.server import ForkedServer
from walks import PAGES, arrive, click, faults, go

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
ELSEWHERE = ("jobs", "plugins")
"""Pages that show what is on this machine, not in the bucket."""
EMPTY = ("No candles yet", "No candles in the lake", "No bot has logs here", "No models in this bucket", "No kept runs")


def told(page, slug):
    """The bar is there, and the page itself says why it shows nothing."""
    page.locator(".gone").get_by_text("put it back").wait_for()
    if slug not in ELSEWHERE:
        page.locator(f".cqs-view-{slug}").get_by_text("is gone: its folder was moved").first.wait_for()
    expect(page.locator(".skeleton").locator("visible=true")).to_have_count(0)
    for text in EMPTY:
        expect(page.get_by_text(text).locator("visible=true"), f"{slug}: {text}").to_have_count(0)


@pytest.mark.parametrize(
    "pages", [("data", "alerts"), pytest.param(PAGES, marks=pytest.mark.soak)], ids=["some", "dashboard"]
)
def test_a_folder_that_is_gone_is_told_on_every_page_until_it_is_back(visit, demo, tmp_path, pages):
    bucket, away = tmp_path / "bucket", tmp_path / "away"
    shutil.copytree(demo, bucket)
    with ForkedServer(bucket, log=tmp_path / "log") as server:
        page = visit(f"{server.url}?view=models").page
        arrive(page, "models")
        bucket.rename(away)
        page.locator(".gone").get_by_text("Anything still shown was read before").wait_for()
        expect(page.get_by_text("Metrics by version")).to_be_visible()
        for slug in (one for one in pages if one != "models"):
            click(page, slug)
            told(page, slug)
        click(page, "alerts")  # without its rules there is nothing to write them over
        expect(page.get_by_role("button", name="New rule").locator("visible=true")).to_have_count(0)
        late = visit(f"{server.url}?view=data").page
        told(late, "data")
        away.rename(bucket)
        for one in (page, late):
            one.locator(".gone").wait_for(state="hidden")
        for slug in pages:
            go(page, slug)
            assert faults(page) == [], slug
        arrive(late, "data")
        late.get_by_text("Coverage").wait_for()
        for one in (page, late):
            one.context.close()
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.soak
def test_a_remote_bucket_that_does_not_answer_is_told_and_read_again(visit, remote, tmp_path):
    emulator, url = remote
    Bucket(url).write("models/metadata/v1.json", b"{}")
    asked = {"STORAGE_EMULATOR_HOST": emulator.url, "CQS_GCS_TIMEOUT": "1"}
    with ForkedServer(url, environment=asked, log=tmp_path / "log") as server:
        page = visit(f"{server.url}?view=jobs").page
        arrive(page, "jobs")
        emulator.stall()
        click(page, "models")
        page.locator(".gone").wait_for(timeout=120_000)
        expect(page.get_by_text("No models in this bucket").locator("visible=true")).to_have_count(0)
        emulator.go_on()
        page.locator(".gone").wait_for(state="hidden", timeout=120_000)
        arrive(page, "models")
        page.get_by_text("v1").first.wait_for()
        page.context.close()
    assert (tmp_path / "log").read_text() == ""
