"""Deleted runs: bring one back, or remove its files for good."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from cqs_backtest.runs import purge, restore
from cqs_panel import ONE_LINE, WIDE, ConfirmButton, bar, count, html, ignore_double_clicks, operator_only, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_panel import PageState

_MOST = 20  # that are listed; `cqs backtest restore` lists all


def deleted_runs(page: PageState, runs: Sequence[str], changed: Callable[[], None]) -> list[Any]:
    """A folded list of deleted runs; nothing if there are none.

    Args:
        page: that shows them.
        runs: their ids.
        changed: called after one came back, or is gone for good.
    """
    if not runs:
        return []
    title = "1 deleted run" if len(runs) == 1 else f"{count(len(runs))} deleted runs"
    rows = [_row(page, run, changed) for run in runs[:_MOST]]
    if len(runs) > _MOST:
        rows.append(html(f'<span class="note">and {count(len(runs) - _MOST)} more</span>'))
    return [pmui.Accordion((title, stack(*rows)), active=[], title_variant="subtitle2", **WIDE)]


def _row(page: PageState, run: str, changed: Callable[[], None]) -> Any:
    bucket = page.bucket
    part = {"size": "small", "margin": 0, "sx": ONE_LINE}
    back = pmui.Button(label="Restore", icon="undo", variant="outlined", **part)
    back.on_click(lambda _: page.load(lambda: restore(bucket, run), lambda _: changed()))
    ignore_double_clicks(back)  # it comes where that of a run was that is back
    operator_only(back)

    def remove() -> None:
        page.load(lambda: purge(bucket, run), lambda _: changed())

    question = "Remove its files? This cannot be undone"
    gone = ConfirmButton("Remove for good", question, remove, variant="text", **part)
    return bar(html(f"<code>{escape(run)}</code>", sizing_mode=None), back, gone)
