"""Tables: Tabulator in the dashboard's dress for what is sorted and filtered, plain HTML for a few rows."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from cqs_panel.sections import html
from cqs_panel.theme import TABLE_CSS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import pandas as pd

_PLAIN_CSS = """
:host{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:500;font-size:12px;color:var(--cqs-muted);white-space:nowrap}
th,td{padding:8px 10px;border-bottom:1px solid var(--cqs-line);vertical-align:top;overflow-wrap:anywhere}
tr:last-child td{border-bottom:0} td.number,th.number{text-align:right;white-space:nowrap}
td.up{color:var(--cqs-up)} td.down{color:var(--cqs-down)} td.muted{color:var(--cqs-muted)}
"""
_LEAST = 96  # pixels a column; where that is too much for the screen the table scrolls


def plain_table(headers: Sequence[str], rows: Iterable[Sequence[object]], numbers: Collection[int] = ()) -> Any:
    """A small table to read; every cell is escaped.

    Args:
        headers: of the columns.
        rows: cells; None shows as a dash.
        numbers: places of columns to align right.
    """

    def cells(tag: str, row: Sequence[object]) -> str:
        marked = ((' class="number"' if i in numbers else "", "–" if v is None else str(v)) for i, v in enumerate(row))
        return "".join(f"<{tag}{css}>{escape(text)}</{tag}>" for css, text in marked)

    head = f"<thead><tr>{cells('th', headers)}</tr></thead>"
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return html(f"<table>{head}<tbody>{body}</tbody></table>", stylesheets=[_PLAIN_CSS])


def table(
    frame: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    numbers: Mapping[str, str] | None = None,
    signed: Mapping[str, int] | None = None,
    hidden: Collection[str] = (),
    filters: Collection[str] = (),
    page_size: int = 20,
    placeholder: str = "Nothing here yet",
    on_click: Callable[[int], None] | None = None,
    **params: Any,
) -> Any:
    """A table to sort and filter; cells are shown as text, never as HTML.

    Args:
        frame: its columns in their order; times as text (`figures.when`).
        titles: of columns; others are named by their column.
        numbers: `{column: format}`, right-aligned; formats are numbro's, `0,0.00`.
        signed: `{column: decimals}`, likewise, gains and losses coloured.
        hidden: columns to keep for `on_click` but not to show.
        filters: columns with a text filter below their title.
        page_size: rows a page.
        placeholder: what stands where there are no rows.
        on_click: called with the row's place in `frame`.
        params: of `panel.widgets.Tabulator`.
    """
    import panel as pn
    from bokeh.models.widgets.tables import NumberFormatter

    numbers, signed = dict(numbers or {}), dict(signed or {})
    formatters = {name: NumberFormatter(format=how, nan_format="–") for name, how in numbers.items()}
    formatters |= {name: _signed(decimals) for name, decimals in signed.items()}
    options = {
        "show_index": False,
        "titles": dict(titles or {}),
        "formatters": formatters,
        "text_align": dict.fromkeys([*numbers, *signed], "right"),
        "header_align": dict.fromkeys([*numbers, *signed], "right"),
        "hidden_columns": list(hidden),
        "header_filters": {name: {"type": "input", "func": "like", "placeholder": "filter"} for name in filters},
        "pagination": "local",
        "page_size": page_size,
        "layout": "fit_columns",
        "theme": "simple",
        "disabled": True,
        "selectable": False,
        "sizing_mode": "stretch_width",
        "margin": 0,
        "stylesheets": [TABLE_CSS],
        "configuration": {
            "placeholder": escape(placeholder),
            "columnDefaults": {"minWidth": _LEAST, "resizable": "header"},
        },
    }
    shown = pn.widgets.Tabulator(frame, **(options | params))
    if on_click is not None:
        shown.on_click(lambda event: on_click(int(event.row)))
    return shown


def refresh(shown: Any, frame: pd.DataFrame) -> None:
    """Put new rows into a table; scroll, filter and selection stay, and where nothing changed nothing is sent."""
    if not shown.value.equals(frame):
        shown.value = frame


def _signed(decimals: int) -> Any:
    from bokeh.models.widgets.tables import HTMLTemplateFormatter

    how = f'{{minimumFractionDigits:{decimals},maximumFractionDigits:{decimals},signDisplay:"exceptZero"}}'
    shown = f'<%= isNaN(value) ? "–" : value.toLocaleString("en-US", {how}) %>'
    return HTMLTemplateFormatter(
        template=f'<span class="<%= value > 0 ? "up" : value < 0 ? "down" : "" %>">{shown}</span>'
    )
