"""Pages work by keyboard and have names for screen readers; `test_matrix.py` has axe-core look at all of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accessibility import SEEN, addresses, settled
from cqs_core import Bucket
from plots import settle
from walks import follow

pytestmark = pytest.mark.browser
FOCUSED = """let el = document.activeElement
  while (el?.shadowRoot?.activeElement) el = el.shadowRoot.activeElement"""
ON_A_ROW = f"() => {{ {FOCUSED}; return el.matches('.tabulator-row') }}"
DRAW_AGAIN = f"""() => {{ {FOCUSED}
  const copy = el.cloneNode(true)
  el.replaceWith(copy); const lost = document.activeElement === document.body
  copy.replaceWith(el); return Number(lost) }}"""
QUIET = "() => { for (const one of Bokeh.documents) one._trigger_on_change = () => null }"
LATE_BUTTON = """() => { const main = [...document.body.children].find((el) => el.shadowRoot)
  window.late = document.createElement("button"); main.shadowRoot.append(window.late) }"""


@pytest.fixture(scope="module", name="demo")
def _demo(demo):
    """Its folder and its run."""
    return demo, Bucket(str(demo)).folders("runs")[0]


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_axe_finds_no_poor_contrast_in_the_dark(visit, dashboard, demo):
    """Roles and names are the same as in the light, where `test_matrix.py` looks at all pages."""
    folder, run = demo
    page = visit(f"{dashboard(folder)}?view=plugins", dark=True, height=1400).page
    told = {}
    for view, seen in addresses(run).items():
        follow(page, f"?view={view}")
        page.get_by_text(seen).locator("visible=true").first.wait_for()
        settle(page, of=view.partition("&")[0])
        if found := settled(page, runOnly=["color-contrast"]):
            told[view] = found
    assert not told, "\n".join(f"{view}: {line}" for view, lines in told.items() for line in lines)


def test_what_a_slow_browser_draws_late_gets_its_name_too(visit, dashboard, demo):
    """Drawn long after the last change of the document."""
    page = visit(f"{dashboard(demo[0])}?view=plugins").page
    page.get_by_text("Where this runs").wait_for()
    page.evaluate(QUIET)
    for _ in range(3):  # two may be named by what the last change set off
        page.evaluate(LATE_BUTTON)
        page.wait_for_function("window.late.getAttribute('aria-label')")


def test_every_page_works_by_keyboard(visit, dashboard, demo):
    folder, run = demo
    page = visit(f"{dashboard(folder)}?view=backtest").page
    page.locator(".tabulator-row").first.wait_for()
    page.keyboard.press("Tab")
    page.wait_for_function("document.activeElement.textContent === 'Skip to content'")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for(state="detached")
    page.locator(".tabulator-tableholder").first.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(ON_A_ROW)
    assert page.evaluate(DRAW_AGAIN) == 1
    page.wait_for_function(ON_A_ROW)  # rows that are drawn again keep the focus
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.search.includes('run={run}')")
    page.get_by_text("Equity and drawdown").wait_for()
    expect(page.locator(".tabulator-cell[tabindex='0']")).to_have_count(0)
    menu = page.get_by_role("listbox")
    for name, key in (("Symbols", "ArrowDown"), ("Period", "Enter"), ("Strategy", "Space")):
        page.get_by_role("combobox", name=name).first.focus()
        page.keyboard.press(key)
        expect(menu.get_by_role("menuitem").or_(menu.get_by_role("option")).first).to_be_visible()
        page.keyboard.press("Escape")
        expect(menu).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_function("location.search.includes('view=data')")
    page.get_by_text("Coverage").wait_for()
    other = page.locator(".tabulator-row:visible", has_text="BTC/KRW").first
    other.wait_for()  # so the fields that filter rows are there
    page.keyboard.press("/")
    page.keyboard.type("SOL")
    other.wait_for(state="detached")
    page.keyboard.press("Escape")


def test_a_button_whose_text_comes_later_is_named_by_it(visit, dashboard, tmp_path):
    page = visit(f"{dashboard(tmp_path)}?view=plugins").page
    page.get_by_text(SEEN["plugins"]).first.wait_for()
    page.evaluate("document.body.append(Object.assign(document.createElement('button'), {id: 'late'}))")
    page.locator("#late").focus()
    page.get_by_role("button", name="Menu", exact=True).and_(page.locator("#late")).wait_for()
    page.evaluate("document.querySelector('#late').textContent = 'Show 5 rows'")
    page.locator("#late").blur()
    page.locator("#late").focus()
    page.get_by_role("button", name="Show 5 rows", exact=True).wait_for()
