"""People log in, see what their role may do, and log out, in a real browser."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cqs_panel.login import passwords, users
from cqs_panel.testing.browser import PATIENCE
from walks import follow

pytestmark = pytest.mark.browser

LOADED_AGAIN = "performance.getEntriesByType('navigation')[0]?.type === 'reload'"
ANNA, VIC = ("anna", "anna has a password"), ("vic", "vic has a password")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("login")


@pytest.fixture(scope="module")
def url(dashboard, home):
    """A dashboard with an operator and a viewer."""
    (home / "bucket").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "STATE", "CACHE"):
            patch.setenv(f"CQS_{name}_DIR", str(home / name.lower()))
        patch.setattr(passwords, "COST", 16)
        patch.setattr(passwords, "RUNS", 1)
        users.add(ANNA[0], "operator", ANNA[1])
        users.add(VIC[0], "viewer", VIC[1])
        yield dashboard(home / "bucket")


@pytest.fixture
def window(chromium, url):
    """`window(width, dark=False)`: a page of a new browser; none may ask another host or violate the policy."""
    opened, faults = [], []

    def open_(width=1400, *, dark=False):
        scheme = "dark" if dark else "light"
        opened.append(chromium.new_context(viewport={"width": width, "height": 850}, color_scheme=scheme))
        opened[-1].set_default_timeout(PATIENCE)
        page = opened[-1].new_page()
        page.on("request", lambda asked: faults.append(asked.url) if foreign(asked.url) else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    def foreign(asked):
        return urlsplit(asked).scheme in ("http", "https") and urlsplit(asked).netloc != urlsplit(url).netloc

    yield open_
    for one in opened:
        one.close()
    assert faults == []


def log_in(page, name, password):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def serious(page):
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def test_an_operator_logs_in_and_a_logout_ends_the_other_tab(window, url):
    page = window()
    page.goto(f"{url}?view=jobs")
    assert serious(page) == []
    assert page.evaluate("document.scripts.length") == 0
    log_in(page, ANNA[0], "not the password")
    page.get_by_role("alert").get_by_text("name or the password is wrong").wait_for()
    expect(page.get_by_label("Name")).to_have_value("anna")
    log_in(page, *ANNA)
    page.wait_for_url(re.compile("view=jobs"))
    page.get_by_text("operator", exact=True).wait_for()
    assert "cqs_login" not in page.evaluate("document.cookie")
    other = page.context.new_page()
    other.goto(f"{url}?view=plugins")
    other.get_by_role("button", name="Log out").wait_for()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile("/login$"))
    other.wait_for_url(re.compile(r"/login\?next=.*plugins"))
    page.go_back()
    page.wait_for_url(re.compile("/login"))


def test_a_viewer_sees_why_a_button_is_disabled_until_the_role_changes(window, url, home, monkeypatch):
    monkeypatch.setenv("CQS_DATA_DIR", str(home / "data"))
    page = window(420, dark=True)
    page.goto(f"{url}?view=data")
    assert serious(page) == []
    page.wait_for_function("document.documentElement.scrollWidth <= 420")
    log_in(page, *VIC)
    page.wait_for_url(re.compile("view=data"))
    page.wait_for_function(LOADED_AGAIN)  # for a phone in the dark: the first page is served wide and light
    fetch = page.get_by_role("button", name="Fetch", exact=True)
    fetch.wait_for()
    expect(fetch).to_be_disabled()
    page.get_by_text("Buttons that change something are disabled").wait_for()
    follow(page, "?view=sql&q=select+40%2B2+as+answer")  # which changes nothing
    page.locator(".tabulator-cell", has_text="42").wait_for()
    follow(page, "?view=data")
    users.set_role(VIC[0], "operator")
    page.get_by_text("operator", exact=True).wait_for()  # the page has loaded itself again
    expect(fetch).to_be_enabled()
    users.set_role(VIC[0], "viewer")
    page.get_by_text("viewer", exact=True).wait_for()
    fetch.wait_for()
    expect(fetch).to_be_disabled()


def test_pages_of_a_user_ask_no_other_host(window, url):
    page = window()
    page.goto(f"{url}?view=overview")
    log_in(page, *ANNA)
    for title in ("Data", "Backtest", "Overview"):
        page.locator(".sidebar").get_by_text(title, exact=True).click()
        expect(page).to_have_title(f"{title} · cqs")
    page.wait_for_load_state("networkidle")
