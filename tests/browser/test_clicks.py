"""What is clicked is shown: a position, a deviation, a trade, a day, an alert; marked, named, and in the address."""

# Parts of a page that come when it rests move what is pressed from under the pointer: a click waits for them, too.

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import plots
from plots import settle
from walks import follow

pytestmark = pytest.mark.browser

SHOWN = """() => {
  for (const document of Bokeh.documents) for (const model of document._all_models.values())
    if (model.type == "Figure" && model.x_range?.start > 1e12 && model.renderers.some(r => r.glyph?.type == "Rect"))
      return [model.x_range.start, model.x_range.end]
  return null }"""


def heading(page, pattern):
    return page.get_by_role("heading", name=re.compile(pattern))


def covers(page, moment):
    """Until the chart in view shows this moment, ms UTC."""
    page.wait_for_function(f"(() => {{ const s = ({SHOWN})(); return s && s[0] < {moment} && {moment} < s[1] }})()")


def test_a_deviation_and_a_position_show_their_market_at_their_time(visit, dashboard, demo):
    page = visit(f"{dashboard(demo)}?view=compare&account=Main").page
    page.locator("a.plain", has_text="missed").click()
    heading(page, r"upbit \w+.KRW 1d · missed, opened \d{4}").wait_for()
    page.wait_for_url("**position=**")
    first = page.url
    opened = re.search(r"position=[^&]*?(\d{4}-\d\d-\d\dT)", first.replace("+", "T").replace("%3A", ":"))
    cell = page.locator(".tabulator-cell[tabulator-field=symbol]", has_text="XRP").first
    cell.wait_for()
    settle(page, of="compare", times=20)  # the rows stay what they are
    day = cell.locator("xpath=..").locator("[tabulator-field=opened]").inner_text()[:10]
    cell.click()
    heading(page, rf"upbit XRP.KRW 1d · .*opened {day}").wait_for()
    covers(page, page.evaluate(f"Date.parse('{day}')"))
    page.wait_for_url(lambda url: url != first)
    page.go_back()
    heading(page, "· missed, opened").wait_for()
    assert opened is None or page.url == first
    page.reload()
    heading(page, "· missed, opened").wait_for()


def test_a_trade_and_a_day_of_the_monitor_are_shown_on_candles(visit, dashboard, demo):
    page = visit(f"{dashboard(demo)}?view=monitor", height=1200).page
    row = page.locator(".tabulator-row", has=page.locator("[tabulator-field=action]")).nth(3)
    row.locator("[tabulator-field=symbol]").wait_for()
    settle(page, of="monitor", times=20)
    symbol, time = (row.locator(f"[tabulator-field={name}]").inner_text() for name in ("symbol", "time"))
    row.locator("[tabulator-field=symbol]").click()
    heading(page, rf"upbit {symbol}.KRW \w+ · trade of {time[:16]} KST").wait_for()
    covers(page, page.evaluate(f"Date.parse('{time.replace(' ', 'T')}+09:00')"))
    settle(page, of="monitor", times=20)
    x, y, address = plots.last_cell(page, 340, "address")
    date = re.search(r"day=(\d{4}-\d\d-\d\d)", address)[1]
    page.mouse.click(x, y)
    heading(page, rf"· {date} KST").wait_for()
    expect(page.get_by_label("Filter", exact=False)).to_have_value(date)
    page.wait_for_url(f"**day={date}**")


def test_an_alert_leads_to_its_account_and_day(visit, dashboard, demo):
    page = visit(f"{dashboard(demo)}?view=alerts").page
    page.locator("a.row", has_text="drawdown").first.click()
    page.wait_for_url("**view=monitor&account=**day=**")
    heading(page, r"· \d{4}-\d\d-\d\d KST").wait_for()


def test_a_trade_of_a_run_is_marked_and_kept_in_the_address(visit, dashboard, demo):
    page = visit(f"{dashboard(demo)}?view=backtest").page
    settle(page, of="backtest")
    page.locator(".tabulator-row [tabulator-field=title]").first.click()
    row = page.locator(".tabulator-row", has=page.locator("[tabulator-field=entry_price]")).nth(5)
    row.wait_for()
    settle(page, of="backtest", times=20)
    row.locator("[tabulator-field=symbol]").click()
    said = heading(page, r"upbit \w+.KRW 1d · trade \d+, [+-]")
    said.wait_for()
    page.locator(".tabulator-selected [tabulator-field=entry_price]").wait_for()
    page.wait_for_url("**trade=**")
    text = said.inner_text()
    page.reload()
    said.wait_for()
    expect(said).to_have_text(text)


TOP = """(() => { for (const el of document.querySelectorAll("body *")) {
  const found = el.shadowRoot?.querySelector(".main-content"); if (found) return found.scrollTop } })()"""


def test_back_returns_to_where_the_page_was_scrolled(visit, dashboard, demo):
    page = visit(f"{dashboard(demo)}?view=monitor").page
    page.locator(".tabulator-row [tabulator-field=action]").first.wait_for()
    settle(page, of="monitor", times=20)
    page.get_by_role("heading", name="Trades").scroll_into_view_if_needed()
    page.wait_for_function(  # parts above that are made when they come into view move what is below them
        f"() => {{ const top = {TOP}; window.still = top === window.was ? window.still + 1 : 0; window.was = top;"
        " return top > 500 && window.still > 4 }",
        polling=200,
    )
    was = page.evaluate(TOP)
    page.locator('.sidebar [href="?view=jobs"]').first.click()
    page.wait_for_function(f"location.search.includes('jobs') && {TOP} === 0")
    page.go_back()
    page.wait_for_function(f"(was) => Math.abs({TOP} - was) < 60", arg=was)


def test_an_address_that_names_what_is_not_there_is_corrected_and_says_so(visit, dashboard, demo):
    url = dashboard(demo)
    page = visit(f"{url}?view=jobs", height=1200).page
    follow(page, "?view=monitor&account=Nobody&symbol=NOPE&trade=2020-01-01 00:00:00 BTC")
    for text in (  # each is there for some seconds
        "There is no account 'Nobody' here",
        "No trade of 'NOPE' is logged",
        "No trade '2020-01-01 00:00:00 BTC'",
    ):
        page.get_by_text(text).wait_for()
    page.wait_for_function("location.search === '?view=monitor'")
    page.goto(f"{url}?view=models&version=v99")
    page.get_by_text("There is no model 'v99' here; v2 is shown.").wait_for()
    page.wait_for_function("location.search === '?view=models'")
    page.locator(".tabulator-selected", has_text="v2").wait_for()
