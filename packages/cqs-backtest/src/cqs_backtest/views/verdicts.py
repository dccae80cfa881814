"""Verdicts on a page: the figure, whether it is good, and the sentence that says what it means."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from cqs_panel import html

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_backtest.search.verdicts import Verdict

_CSS = """
.verdicts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(230px,100%),1fr));gap:10px;margin:0}
.verdict{border:1px solid var(--cqs-line);border-left:3px solid var(--cqs-muted);border-radius:6px;padding:8px 12px;
  font-size:12px} .verdict.good{border-left-color:var(--cqs-up)} .verdict.bad{border-left-color:var(--cqs-down)}
.verdict.care{border-left-color:var(--cqs-warning)}
.verdict dt{display:flex;justify-content:space-between;gap:8px;align-items:baseline;font-weight:500}
.verdict b{font-size:16px;font-variant-numeric:tabular-nums;white-space:nowrap}
.good b{color:var(--cqs-up)} .bad b{color:var(--cqs-down)} .care b{color:var(--cqs-warning)}
.verdict dd{margin:4px 0 0;color:var(--cqs-muted)}
"""


def verdicts_html(verdicts: Iterable[Verdict]) -> Any:
    """A card for each verdict, side by side where there is room."""
    cards = "".join(
        f'<div class="verdict {one.judgment}"><dt>{escape(one.name)} <b>{escape(one.figure)}</b></dt>'
        f"<dd>{escape(one.text)}</dd></div>"
        for one in verdicts
    )
    return html(f'<dl class="verdicts">{cards}</dl>', stylesheets=[_CSS])
