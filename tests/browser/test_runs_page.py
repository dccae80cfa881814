"""The Runs page: search, stars, ticks and comparison in the address, notes of two windows, delete and undo, jobs."""

from __future__ import annotations

import contextlib
import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from cqs_backtest.runs import annotate, annotation_of, delete, deleted, listing, manifest_of
from cqs_core import Bucket, Lake, Series
from cqs_core.lake import candle_table
from cqs_core.testing.command import cqs_json
from cqs_core.time.intervals import DAY
from plots import settle

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=\"throw Error('ran')\"> {{7*7}} <%= value %>"
RATIOS = (0.3, 0.5, 0.7)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A bucket with three runs, and their ids, oldest first."""
    bucket = Bucket(tmp_path_factory.mktemp("library") / "bucket", create=True)
    start = 1_704_067_200_000
    ts = start + DAY * np.arange(240)
    close = 100 * np.exp(np.cumsum(0.03 * np.sin(np.arange(240) / 9)))
    open_ = np.append(close[0], close[:-1])
    top, bottom = 1.02 * np.maximum(open_, close), 0.98 * np.minimum(open_, close)
    for market in ("BTC/KRW", "ETH/KRW"):
        rows = candle_table(ts, np.column_stack([open_, top, bottom, close, np.ones(240)]))
        Lake(bucket).append(Series("upbit", market, "1d"), rows, int(ts[0]), int(ts[-1]) + DAY)
    run = ("backtest", "run", "volatility_breakout", "--symbols", "BTC,ETH", "--bucket", bucket.url)
    return bucket, [cqs_json(*run, "--set", f"noise_ratio={ratio}")["run"] for ratio in RATIOS]


def cell(page, column, row):
    return page.locator(f".tabulator-row .tabulator-cell[tabulator-field={column}]").nth(row)


def rows(page):
    return page.locator(".cqs-view-runs .tabulator-row:visible")


@contextlib.contextmanager
def another_version(bucket, run):
    """Its Sharpe ratio is one of another formula meanwhile."""
    key = f"runs/{run}/manifest.json"
    before = bucket.read(key)
    made = json.loads(before)
    made["metrics"]["sharpe"] = 0
    bucket.write(key, json.dumps(made).encode())
    yield
    bucket.write(key, before)


def said(bucket, run):
    return annotation_of(bucket, manifest_of(bucket, run))


def test_runs_are_searched_starred_and_compared_and_the_address_says_so(visit, dashboard, kept):
    bucket, (_, second, third) = kept
    url = f"{dashboard(bucket.url)}?view=runs"
    page = visit(url, width=1280).page
    expect(rows(page)).to_have_count(3)
    expect(cell(page, "differing", 0)).to_have_text("Noise ratio 0.7")
    wide = page.locator(".cqs-view-runs .tabulator-tableholder").first.element_handle()
    page.wait_for_function("(el) => el.scrollWidth <= el.clientWidth", arg=wide)  # all columns are seen
    with another_version(bucket, second):
        cell(page, "star", 1).click()
        page.locator(".toggle.on").wait_for()
        page.get_by_text("1 run made under another version of: Sharpe").wait_for()
    assert said(bucket, second).star
    cell(page, "tick", 0).click()
    page.wait_for_url(f"**compare={third}**")
    cell(page, "tick", 2).click()
    page.get_by_text("Settings that differ").wait_for()
    settle(page, of="runs")
    page.get_by_text("trades that only one run has").wait_for()
    expect(page.locator("td.number.up, td.number.down").first).to_be_attached()
    page.reload()  # the ticks, and the comparison, are in the address
    page.get_by_text("Trades compared with run 1").wait_for()
    expect(page.locator(".tabulator-cell[tabulator-field=tick] .toggle.on")).to_have_count(2)
    page.get_by_role("button", name="Untick all").click()
    page.get_by_text("Settings that differ").wait_for(state="detached")
    page.get_by_label("Search runs").first.fill("ratio 0.3")
    expect(rows(page)).to_have_count(1)
    page.wait_for_url("**q=ratio**")
    page.get_by_label("Search runs").first.fill("")
    page.get_by_text("Starred").first.click()
    page.wait_for_url("**star=1**")
    expect(rows(page)).to_have_count(1)
    expect(cell(page, "differing", 0)).to_have_text("Noise ratio 0.5")


def test_notes_of_two_windows_are_both_kept_and_hostile_ones_are_text(visit, dashboard, kept):
    bucket, runs = kept
    seen = visit(f"{dashboard(bucket.url)}?view=runs&run={runs[0]}", width=420, dark=True)
    page = seen.page
    settle(page, of="runs")
    seen.wait_to_fit()
    page.get_by_label("Name").first.fill(HOSTILE)
    annotate(bucket, runs[0], note="from another window", tags=["elsewhere"])
    page.get_by_label("Tags, separated by commas").fill("mine, <b>")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    kept_now = said(bucket, runs[0])
    assert (kept_now.name, kept_now.note) == (HOSTILE, "from another window")
    assert kept_now.tags == ("<b>", "elsewhere", "mine")
    expect(page.get_by_label("Note")).to_have_value("from another window")
    expect(cell(page, "title", 2)).to_have_text(HOSTILE)
    annotate(bucket, runs[0], name="theirs")
    page.get_by_label("Name").first.fill("ours")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("was changed in another window, to 'theirs'").wait_for()
    assert said(bucket, runs[0]).name == "theirs"
    expect(page.get_by_label("Name").first).to_have_value("ours")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("was changed in another window").wait_for(state="detached")
    assert said(bucket, runs[0]).name == "ours"


def test_a_run_is_opened_by_keyboard_verified_run_again_deleted_and_brought_back(visit, dashboard, kept):
    bucket, runs = kept
    page = visit(f"{dashboard(bucket.url)}?view=runs").page
    cell(page, "tick", 0).wait_for()
    page.locator(".cqs-view-runs .tabulator-tableholder").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.wait_for_url(re.compile("compare="))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**run={runs[2]}**")
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("identical").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    assert b"Worst drawdowns" in download.value.path().read_bytes()
    page.get_by_role("button", name="Run again").click()
    expect(rows(page)).to_have_count(4)
    again, before = listing(bucket)[0], manifest_of(bucket, runs[2])
    changing = ("id", "created")
    assert {k: v for k, v in again.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    question = page.get_by_role("button", name="Delete this run?")
    for pause in (0, 60, 200):  # between press and release: a double click of a quick and of a slow hand
        page.get_by_role("button", name="Delete", exact=True).dblclick(delay=pause)
        question.wait_for()
        page.get_by_role("button", name="Cancel").click()
    assert not deleted(bucket)
    page.get_by_role("button", name="Delete", exact=True).click()
    question.click()
    page.get_by_text("Deleted: Volatility breakout").wait_for()
    expect(rows(page)).to_have_count(3)
    assert deleted(bucket) == [runs[2]]
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(4)
    assert not deleted(bucket)


def test_a_run_is_confirmed_by_the_other_engine_and_a_deleted_one_is_removed_for_good(visit, dashboard, kept):
    bucket, (first, *_) = kept
    run = cqs_json("backtest", "run", "volatility_breakout", "--symbols", "BTC", "--bucket", bucket.url)["run"]
    delete(bucket, run)
    page = visit(f"{dashboard(bucket.url)}?view=runs&run={first}").page
    page.get_by_role("button", name="Confirm on bt").dblclick()
    page.get_by_text(re.compile(r"^parity ")).first.wait_for()
    expect(page.get_by_text(re.compile("^Confirm (?!on bt)"))).to_have_count(1)  # a double click starts one job
    page.get_by_text("1 deleted run").click()
    page.get_by_role("button", name="Remove for good").dblclick()
    question = page.get_by_role("button", name="Remove its files? This cannot be undone")
    question.wait_for()
    assert deleted(bucket) == [run]
    question.click()
    page.get_by_text("1 deleted run").wait_for(state="detached")
    assert not deleted(bucket)
    assert not list(bucket.list(f"runs/{run}"))
