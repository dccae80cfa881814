"""Tests of pages wait: what is looked at once may be a moment early on a busy machine."""

from __future__ import annotations

import ast
from pathlib import Path

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


def test_no_assertion_looks_at_a_page_only_once():
    files = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("packages/*/tests/**/*.py")]
    driving = [path for path in files if "pytest.mark.browser" in path.read_text("utf-8")]
    assert len(driving) > 15
    found = [f"{path.relative_to(ROOT)}:{line}" for path in driving for line in early(path.read_text("utf-8"))]
    assert found == [], "use expect(…) of Playwright, wait_for, or wait_for_function"


def test_what_looks_once_is_seen():
    assert early("assert page.locator('a').count() == 0\nassert not page.get_by_text('b').is_visible()") == [1, 2]
    assert early("assert text.count('a') == 1\nexpect(page).to_have_title('b')") == []
