"""The overview: what a trader needs first comes first, each card leads to its page, a new bucket says how to begin."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from walks import arrive, go

pytestmark = pytest.mark.browser


def test_each_card_leads_to_its_page(visit, dashboard, demo):
    shown = visit(f"{dashboard(demo)}?view=overview")
    page = shown.page
    links = page.locator(".cqs-view-overview")
    for name, address in {
        "Today": r"\?view=monitor",
        "Positions": r"\?view=monitor",
        "Alerts": r"\?view=alerts",
        "BTC/KRW ›": r"\?view=data&series=",
        "Candles": r"\?view=data",
        "Regime": r"\?view=models",
    }.items():
        expect(links.get_by_role("link", name=name).first).to_have_attribute("href", re.compile(address))
    expect(page.get_by_text("First steps")).to_be_hidden()  # they are done
    places = [
        links.get_by_role("link", name=name).first.bounding_box()["y"] for name in ("Today", "Positions", "Candles")
    ]
    assert places == sorted(places)
    links.get_by_role("link", name="Candles").click()
    page.wait_for_url("**?view=data")
    page.go_back()
    arrive(page, "overview")
    page.set_viewport_size({"width": 420, "height": 900})
    shown.wait_to_fit()


def test_what_the_browser_knows_alone_is_not_sent(visit, dashboard, demo):
    """Material's script is asked for once; the theme's colors and the sizes of charts stay in the browser."""
    shown = visit(f"{dashboard(demo)}?view=plugins")
    shown.page.evaluate("""() => { window.sent = []; const send = WebSocket.prototype.send
        WebSocket.prototype.send = function(text) { window.sent.push(text); return send.call(this, text) } }""")
    go(shown.page, "overview")  # until its charts are drawn, too
    sent = "".join(shown.page.evaluate("window.sent"))
    assert "ModelChanged" in sent  # the ranges of the chart
    assert not re.findall("axis_line_color|grid_line_color|inner_width", sent)
    assert len([url for url in shown.requests if "panel-material-ui.bundle.js" in url]) == 1


def test_the_font_is_loaded_by_the_characters_of_the_page(visit, dashboard, demo):
    shown = visit(f"{dashboard(demo)}?view=overview")
    shown.page.evaluate("document.fonts.ready.then(() => true)")
    fonts = {url.rpartition("/")[2].partition("-normal")[0] for url in shown.requests if "/roboto-" in url}
    assert "roboto-latin-400" in fonts
    assert not [name for name in fonts if re.search("cyrillic|greek|vietnamese", name)]


def test_the_chart_of_the_newest_run_takes_the_place_of_its_picture(visit, dashboard, demo):
    page = visit(f"{dashboard(demo)}?view=overview").page
    card = page.locator(".cqs-frame", has=page.get_by_text("Sharpe").first).last
    card.locator("canvas").first.wait_for(state="attached")
    expect(card.get_by_role("img", name="Equity over drawdown")).to_have_count(0)


def test_a_new_bucket_has_three_buttons(visit, dashboard, tmp_path_factory):
    page = visit(f"{dashboard(tmp_path_factory.mktemp('new'))}?view=overview").page
    for button, slug, there in (
        ("Fetch candles", "data", "Symbols"),
        ("Open the form", "backtest", "No candles in the lake"),
        ("Connect a bot", "monitor", "No bot has logs here"),
    ):
        page.locator(".step").get_by_role("link", name=button).click()
        page.locator(f".cqs-view-{slug}").get_by_text(there).first.wait_for()
        if slug == "backtest":  # no button for what cannot be done, and one for what comes before it
            view = page.locator(".cqs-view-backtest")
            expect(view.get_by_role("button", name="Run backtest")).to_be_hidden()
            expect(view.get_by_role("link", name="Fetch candles")).to_have_attribute("href", re.compile("view=data"))
        page.go_back()
        page.get_by_text("First steps").wait_for()
    page.get_by_role("button", name="Hide").click()
    page.get_by_text("First steps").wait_for(state="hidden")
    page.reload()
    arrive(page, "overview")
    expect(page.get_by_text("First steps")).to_be_hidden()
