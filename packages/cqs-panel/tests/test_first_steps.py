"""First steps and cards that lead somewhere: what they hold is text, and their addresses are quoted."""

from __future__ import annotations

import panel_material_ui as pmui
from instant import InstantShell

from cqs_panel import Metric, PageState, Step, View, metrics_html, section
from cqs_panel.pages.first_steps import first_steps, steps_html

PAGE = PageState(None, "overview")
HOSTILE = '"><script>alert(1)</script>'


def test_a_step_that_is_done_has_no_button():
    view = View("data", "Data", "storage", 1, print)
    text = steps_html(PAGE, [(view, Step("Fetch", HOSTILE, "Go", done=False, query={"a": HOSTILE}))])
    assert "<script" not in text
    assert 'href="?view=data&amp;a=%22%3E%3Cscript' in text
    assert "href" not in steps_html(PAGE, [(view, Step("Fetch", "Candles", "Go", done=True))])


def test_a_figure_and_a_title_may_lead_to_a_page():
    assert '<a class="card plain" href="?view=data&amp;a=1"' in metrics_html([Metric("A", "1", link="?view=data&a=1")])
    heading = section("Title", link=f"?{HOSTILE}")[0].object
    assert "<script" not in heading
    assert "Title ›</a>" in heading


def test_the_cookie_is_kept_before_the_steps_are_hidden():
    view = View("data", "Data", "storage", 1, print)
    told: list[object] = []
    page = PageState(InstantShell(None), "overview")
    steps = first_steps(page, lambda: [(view, Step("Fetch", "Candles", "Go", done=False))], told.append)
    assert steps.visible
    steps.param.watch(lambda _: told.append("hidden"), "visible")
    steps.select(pmui.Button)[0].clicks += 1
    assert told == ["cqs_steps=hidden", "hidden"]
