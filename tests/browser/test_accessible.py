"""No page has a serious or critical violation that axe-core finds, in either theme; every page works by keyboard."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from cli import cqs_json

pytestmark = pytest.mark.browser
SEEN = {
    "overview": "volatility_breakout",
    "data": "Coverage",
    "backtest": "Kept runs",
    "monitor": "Reconciliation",
    "compare": "From backtest to live",
    "alerts": "Channels",
    "models": "Metrics by version",
    "jobs": "on this machine",
    "plugins": "Where this runs",
}
IMPACTS = ("serious", "critical")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "bucket"
    made = cqs_json("demo", "--once", "--bucket", folder)
    return folder, made["backtest"]["run"]


def violations(page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:160]}"
        for one in found
        if one["impact"] in IMPACTS
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_on_any_page(visit, dashboard, demo, dark):
    folder, run = demo
    url, told = dashboard(folder), {}
    for view in (*SEEN, f"backtest&run={run}", "data&fetch=1"):
        shown = visit(f"{url}?view={view}", dark=dark, height=1400)
        shown.page.get_by_text(SEEN[view.partition("&")[0]]).first.wait_for(timeout=60_000)
        found = violations(shown.page)
        for _ in range(20):  # names and roles follow what is drawn
            if not found:
                break
            shown.page.wait_for_timeout(500)
            found = violations(shown.page)
        if found:
            told[view] = found
        shown.page.context.close()
    assert not told, "\n".join(f"{view}: {line}" for view, lines in told.items() for line in lines)


def test_every_page_works_by_keyboard(visit, dashboard, demo):
    folder, run = demo
    page = visit(f"{dashboard(folder)}?view=backtest").page
    page.locator(".tabulator-row").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for(state="detached")
    page.locator(".tabulator-tableholder").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**run={run}**")
    page.get_by_text("Equity and drawdown").wait_for()
    assert page.locator(".tabulator-cell[tabindex='0']").count() == 0
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**view=data**")
    page.get_by_text("Coverage").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("SOL")
    page.locator(".tabulator-row", has_text="BTC/KRW").first.wait_for(state="detached")
    page.keyboard.press("Escape")
