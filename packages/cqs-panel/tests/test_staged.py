"""Parts of a page that come later: a skeleton stands there until then, or what can be read of them already."""

from __future__ import annotations

import panel as pn

from cqs_panel import Previewed, html, staged


class Page:
    """Keeps what is to be called later, with its place."""

    def __init__(self):
        self.later_calls = []

    def later(self, call, place=None):
        self.later_calls.append((call, place))


def text(column):
    return [pane.object for pane in column.select(pn.pane.HTML)]


def test_a_part_that_comes_later_is_a_skeleton_which_the_browser_is_told_of():
    page = Page()
    shown = staged(page, html("first"), lambda: html("later"), first=1)
    (call, place) = page.later_calls[0]
    assert "skeleton" in text(shown[1])[0]
    assert place is shown[1]
    call()
    assert text(shown) == ["first", "later"]


def test_a_preview_is_read_until_the_page_rests_and_is_no_reason_to_hurry():
    page, made = Page(), []
    shown = staged(page, html("first"), Previewed(html("rows"), lambda: made.append(1) or html("table")), first=1)
    assert (text(shown), made) == (["first", "rows"], [])
    (call, place) = page.later_calls[0]
    assert place is None
    call()
    assert text(shown) == ["first", "table"]


def test_what_is_drawn_first_needs_no_preview():
    page = Page()
    shown = staged(page, Previewed(html("rows"), lambda: html("table")), first=1)
    assert (text(shown), page.later_calls) == (["table"], [])


def test_a_viewer_may_be_half_of_a_row():
    class Part(pn.viewable.Viewer):
        def __panel__(self):
            return pn.Column(html("part"))

    shown = staged(Page(), Part(), html("other"), halves=(0, 1))
    assert text(shown) == ["part", "other"]
    assert all("--cqs-column" in one.styles for one in shown)
