"""Tests of pages wait: what is looked at once may be a moment early on a busy machine."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

from cqs_panel.testing.browser import PATIENCE

ROOT = Path(__file__).resolve().parent.parent
ONCE = {
    *("is_visible", "is_hidden", "is_enabled", "is_disabled", "is_checked", "is_editable", "overflow"),
    *("inner_text", "inner_html", "text_content", "all_inner_texts", "input_value", "get_attribute", "title"),
}
"""Methods of Playwright that answer at once; `expect(…)`, `wait_for` and `wait_for_function` wait."""


def looks(test: ast.Assert) -> set[str]:
    """Methods in an assertion that look at a page once."""
    calls = [one for one in ast.walk(test) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)]
    counts = {"count" for one in calls if one.func.attr == "count" and not one.args}
    return counts | {one.func.attr for one in calls} & ONCE


def early(text: str) -> list[int]:
    """Lines whose assertion does not wait for the page."""
    return [one.lineno for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Assert) and looks(one)]


def hasty(text: str) -> list[int]:
    """Lines with a time limit of Playwright, in milliseconds, that is not longer than the one that all have."""
    limits = (one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.keyword) and one.arg == "timeout")
    numbers = ((one.lineno, one.value.value) for one in limits if isinstance(one.value, ast.Constant))
    return [line for line, limit in numbers if 1000 <= limit <= PATIENCE]  # below are seconds, of other libraries


def everywhere(look: Callable[[str], list[int]]) -> list[str]:
    """What is found in the tests that drive a browser."""
    files = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("packages/*/tests/**/*.py")]
    driving = [path for path in files if "pytest.mark.browser" in path.read_text("utf-8")]
    assert len(driving) > 15
    return [f"{path.relative_to(ROOT)}:{line}" for path in driving for line in look(path.read_text("utf-8"))]


def test_no_assertion_looks_at_a_page_only_once():
    assert everywhere(early) == [], "use expect(…) of Playwright, wait_for, or wait_for_function"


def test_no_limit_is_one_that_a_busy_machine_reaches():
    assert everywhere(hasty) == [], "leave the limit out: the one that all have is as long"
    assert hasty("a.click(timeout=5_000)\nwait(timeout=90)\na.click(timeout=120_000)") == [1]


def test_what_looks_once_is_seen():
    assert early("assert page.locator('a').count() == 0\nassert not page.get_by_text('b').is_visible()") == [1, 2]
    assert early("assert text.count('a') == 1\nexpect(page).to_have_title('b')") == []
