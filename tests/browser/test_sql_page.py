"""The SQL page: a query by keyboard, its rows as table, chart and CSV, what it may not, and how it is ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from cqs_core import Lake, Series
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY

pytestmark = pytest.mark.browser

HOSTILE = """select ts, close, '<img src=x onerror=window.hit=1>' as "<b onclick=alert(1)>bold.name</b>",
  '=1+1' as formula, 9007199254740993 as large, null as nothing
from candles order by ts"""


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sql") / "bucket"
    folder.mkdir()
    Lake(str(folder)).append(Series("upbit", "BTC/KRW", "1d"), flat_table(30, 0, 7.0), 0, 30 * DAY)
    return folder


def ask(page, query):
    page.get_by_label("SQL query").fill(query)
    page.keyboard.press("Control+Enter")


def test_a_query_is_a_table_a_chart_a_file_and_an_address(visit, dashboard, bucket):
    seen = visit(dashboard(bucket) + "?view=sql", height=1300)
    page = seen.page
    page.get_by_label("SQL query").click()
    page.keyboard.press("Control+Enter")  # the first example
    page.locator(".tabulator-cell", has_text="BTC/KRW").wait_for()
    ask(page, HOSTILE)
    page.get_by_text("30 rows").wait_for()
    page.get_by_text("<b onclick=alert(1)>bold.name</b>", exact=True).wait_for()
    expect(page.locator(".tabulator-cell", has_text="<img src=x onerror=window.hit=1>").first).to_be_visible()
    expect(page.locator(".tabulator-cell", has_text="9007199254740993").first).to_be_visible()
    assert page.evaluate("window.hit") is None
    page.locator(".bk-Canvas, .bk-events").first.wait_for()
    with page.expect_download() as given:
        page.get_by_role("button", name="CSV").click()
    lines = Path(given.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 31
    assert lines[1] == "1970-01-01 00:00:00+00,7.0,<img src=x onerror=window.hit=1>,'=1+1,9007199254740993,"
    page.get_by_label("Chart", exact=True).click()
    page.get_by_role("menuitem", name="bar").click()
    page.wait_for_url("**kind=bar**")
    page.reload()
    page.get_by_text("30 rows").wait_for()
    expect(page.get_by_label("SQL query")).to_have_value(HOSTILE)
    page.set_viewport_size({"width": 420, "height": 900})
    page.get_by_label("Chart", exact=True).wait_for()
    seen.wait_to_fit()


def test_an_error_has_its_place_and_what_has_no_end_is_ended_by_hand(visit, dashboard, bucket):
    page = visit(dashboard(bucket) + "?view=sql&q=copy+candles+to+'x.csv'", width=420).page
    page.get_by_text("only one SELECT is allowed").wait_for()
    ask(page, "select 1,\n  clsoe\nfrom candles")
    page.get_by_text("line 2, column 3").wait_for()
    field = page.get_by_label("SQL query").element_handle()
    page.wait_for_function(
        "([el, place]) => [...el.value.slice(0, el.selectionStart)].length === place", arg=[field, len("select 1,\n  ")]
    )
    ask(page, "select * from read_text('/etc/passwd')")
    page.get_by_text("refused the query").wait_for()
    ask(page, "select count(*) from range(100000) a, range(100000) b, range(100000) c")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("the query was canceled").wait_for()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    ask(page, "select * from range(1000000000)")
    page.get_by_text("the first 10,000 rows").wait_for()
