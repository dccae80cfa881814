"""Monitor and Compare in a browser: they refresh by themselves, keep what the user does, and execute nothing."""

from __future__ import annotations

import csv
import io
import re
import time

import pytest
from playwright.sync_api import expect

from cqs_core import Bucket
from cqs_core.testing.waiting import until
from plots import last_cell, settle

pytestmark = pytest.mark.browser

HEAD = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
EVIL = "<img src=x onerror=alert(1)>"


_TOLD = """() => Bokeh.documents.flatMap((one) => [...one._all_models.values()])
  .filter(({type, text}) => type === "Title" && text?.includes("tap again")).map(({text}) => text)"""


def bought(when: str, symbol: str = "BTC") -> str:
    return f"{when}+09:00,{when[:10]},BUY,{symbol},1000.0,5.0,5000.0,,\r\n"


def sold(when: str, profit: float, symbol: str = "BTC") -> str:
    amount = 5000.0 + profit
    return f"{when}+09:00,{when[:10]},SELL,{symbol},{amount / 5!r},5.0,{amount!r},{profit / 50!r},{profit!r}\r\n"


def write(folder, account: str, day: str, *rows: str) -> None:
    path = folder / "logs" / account / f"trades_{day}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "".join(rows), newline="")


@pytest.fixture
def bucket(tmp_path):
    """Four accounts with names of every kind, one of them with a symbol that a spreadsheet would calculate.

    Each trades at seconds of its own: accounts whose rows are all equal are copies, and count once.
    """
    for second, account in enumerate(("Main", EVIL, "메인", "a b")):
        rows = [sold(f"2025-10-20T10:{i:02d}:{second:02d}", 100.0 * (i % 3 - 1)) for i in range(40)]
        write(tmp_path, account, "2025-10-20", *rows)
    write(
        tmp_path,
        "Main",
        "2025-10-21",
        bought("2025-10-21T10:00:00", "=1+1"),
        "torn,row\r\n",
        bought("2025-10-21T11:00:00", EVIL),
    )
    held = '{"symbol": "x", "quantity": 0.5, "entry_price": 100.0, "entry_time": "2025-10-20T09:00:05+09:00"}'
    (tmp_path / "logs" / "메인" / "positions.json").write_text(f'{{"{EVIL}": {held}}}')
    (tmp_path / "logs" / "a b" / "positions.json").write_text("{torn")
    return tmp_path


@pytest.fixture
def monitor(visit, dashboard, bucket):
    """The Monitor page of that bucket, once it has figures; dialogs that scripts open are counted."""

    def open_page(query: str = "", **window):
        visited = visit(f"{dashboard(bucket)}?view=monitor{query}", **window)
        visited.dialogs = []
        visited.page.on("dialog", lambda dialog: (visited.dialogs.append(dialog.message), dialog.dismiss()))
        visited.page.get_by_text("All time").first.wait_for()
        return visited

    return open_page


def test_names_are_shown_as_text_and_nothing_executes_nor_calculates(monitor):
    """Neither on the page nor in the file that it exports."""
    visited = monitor(height=4000)
    page = visited.page
    for name in ("메인", "a b", EVIL):
        page.get_by_text(name, exact=True).first.wait_for()
    page.get_by_text("positions.json is unreadable", exact=False).first.wait_for()
    page.get_by_text("=1+1", exact=True).first.wait_for()
    assert visited.dialogs == []
    expect(page.locator("img[src=x]")).to_have_count(0)

    with page.expect_download() as waiting:
        page.get_by_text("CSV", exact=True).click()
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    symbols = {row["symbol"] for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert symbols == {"BTC", "'=1+1", EVIL}


def test_damaged_rows_are_shown_on_demand_and_the_page_of_the_table_stays_while_figures_refresh(monitor, bucket):
    page = monitor(height=4000).page
    damaged = page.get_by_text("logs/Main/trades_2025-10-21.csv").first
    expect(damaged).to_be_hidden()
    page.get_by_role("button", name="damaged row").click()
    damaged.wait_for()
    page.get_by_text("2 columns where 9 are needed; not counted").wait_for()
    pages = page.locator(".tabulator-page", has_text="3")
    pages.first.click()
    page.locator(".tabulator-page.active", has_text="3").wait_for()
    (bucket / "logs" / ".heartbeat").write_text(str(time.time()))
    page.get_by_text("alive").wait_for()
    expect(page.locator(".tabulator-page.active", has_text="3")).to_have_count(1)


def test_a_new_row_appears_by_itself_and_filter_and_scroll_stay(monitor, bucket):
    visited = monitor(height=900)
    page = visited.page
    field = page.get_by_label("Filter", exact=False)
    field.fill("sell btc")
    field.press("Enter")
    page.get_by_text("160 trades, 160 sales").wait_for()
    settle(page, of="monitor")  # parts that come later move what is below them
    field.scroll_into_view_if_needed()
    top = field.bounding_box()["y"]
    path = bucket / "logs" / "Main" / "trades_2025-10-21.csv"
    with path.open("a", newline="") as file:
        file.write(sold("2025-10-21T12:34:56", 77.0))
    page.get_by_text("161 trades, 161 sales").wait_for()
    page.get_by_text("2025-10-21 12:34:56").wait_for()
    expect(field).to_have_value("sell btc")
    until(lambda: abs(field.bounding_box()["y"] - top) < 3)
    page.wait_for_url(re.compile(r"filter=sell(\+|%20)btc"))


def test_the_choice_is_in_the_address(monitor):
    page = monitor("&account=Main&net=1").page
    page.get_by_text("As of", exact=False).first.wait_for()
    expect(page.get_by_role("button", name="Net (est.)")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Gross").click()
    page.wait_for_function("!location.search.includes('net=1')")
    assert "account=Main" in page.url


def test_periods_and_groups_of_trades_are_chosen_and_a_group_opens_its_trades(monitor):
    page = monitor("&by=week&group=account&to=2025-10-20", height=4000).page
    page.get_by_text("the newest 1 week with sales").wait_for()
    page.get_by_text("160 trades, 160 sales").wait_for()  # of 162: two are of the day after
    page.get_by_role("button", name="Month", exact=True).click()
    page.get_by_text("2025-10", exact=True).wait_for()
    page.get_by_role("button", name="By day", exact=True).click()
    page.locator(".tabulator-row", has_text="2025-10-20").last.click()
    page.wait_for_url(re.compile("from=2025-10-20"))
    assert "group=" not in page.url
    assert "by=month" in page.url


def test_a_phone_needs_no_sideways_scrolling(monitor):
    """Nor do the days of the year, which tell their figure at the first tap and open their trades at the second."""
    visited = monitor(width=420, height=900, has_touch=True)
    visited.wait_to_fit(1)
    page = visited.page
    settle(page, of="monitor")
    x, y, _ = last_cell(page, 340, "address")
    page.touchscreen.tap(x, y)
    [told] = until(lambda: page.evaluate(_TOLD))
    assert re.match(r"\w{3} 2025-10-20: .* · tap again for its trades", told)
    assert "day=" not in page.url
    page.touchscreen.tap(x, y)
    page.wait_for_url(re.compile("day=2025-10-20"))


def test_a_bucket_that_stalls_is_told_and_comes_back(visit, dashboard, remote):
    emulator, url = remote
    Bucket(url).write("logs/Main/trades_2025-10-20.csv", (HEAD + sold("2025-10-20T10:00:00", 70.0)).encode())
    page = visit(f"{dashboard(url, STORAGE_EMULATOR_HOST=emulator.url)}?view=monitor").page
    page.get_by_text("All time").first.wait_for()
    emulator.stall()
    page.get_by_text("the bucket has not answered for", exact=False).wait_for()
    page.get_by_text("All time").first.wait_for()
    emulator.go_on()
    page.get_by_text("every 5 s", exact=False).wait_for()


def test_compare_shows_the_five_deviations_of_the_demo(visit, dashboard, demo):
    visited = visit(f"{dashboard(demo)}?view=compare&account=Main", height=3000)
    page = visited.page
    page.get_by_text("From backtest to live").wait_for()
    for kind in ("missed", "extra", "late", "size", "price"):
        expect(page.locator(".chip", has_text=kind)).to_have_count(1)
    page.get_by_role("button", name="Differences only").click()
    page.get_by_text("as expected").first.wait_for(state="detached")
    visited.wait_to_fit(1)
