"""Tables: styled Tabulator to sort and filter, plain HTML for a few rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

from cqs_panel.cell_formats import decimals_columns, formatters, toggled, toned_texts, with_decimals
from cqs_panel.downloads import CSV_LINK_CSS, csv_button, csv_link
from cqs_panel.layout import scrolls
from cqs_panel.sections import html
from cqs_panel.theme import TABLE_CSS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import pandas as pd

    from cqs_panel.cell_formats import Toggle

_PLAIN_CSS = (
    scrolls("div:has(>table)")
    + CSV_LINK_CSS
    + """
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:500;font-size:12px;color:var(--cqs-muted);white-space:nowrap}
th,td{padding:var(--cqs-cell,8px 10px);border-bottom:1px solid var(--cqs-line);vertical-align:top;
  overflow-wrap:break-word}
tr:last-child td{border-bottom:0} td.number,th.number{text-align:right;white-space:nowrap}
td.date{white-space:nowrap}
td.up{color:var(--cqs-up)} td.down{color:var(--cqs-down)} td.muted{color:var(--cqs-muted)}
"""
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d[ \d:.]*")
_TOGGLE = 50  # pixels of a column of check boxes or stars
_LEAST = 64  # pixels a column; where that is too much for the screen the table scrolls


def plain_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    numbers: Collection[int] = (),
    tones: Mapping[tuple[int, int], Literal["up", "down", "muted"]] | None = None,
    filename: str = "table.csv",
) -> Any:
    """A small table to read, with a link that downloads it; every cell is escaped.

    Args:
        headers: of the columns.
        rows: cells; None shows as a dash.
        numbers: places of columns to align right.
        tones: colors of cells, by the places of row and column.
        filename: of the download.
    """
    rows = [*rows]
    toned = tones or {}

    def cells(tag: str, row: Sequence[object], at: int) -> str:
        texts = ["–" if value is None else str(value) for value in row]
        kinds = ["number" if i in numbers else "date" if _DATE.fullmatch(text) else "" for i, text in enumerate(texts)]
        classes = [" ".join(filter(None, (kind, toned.get((at, i))))) for i, kind in enumerate(kinds)]
        return "".join(f'<{tag} class="{css}">{escape(text)}</{tag}>' for css, text in zip(classes, texts, strict=True))

    head = f"<thead><tr>{cells('th', headers, -1)}</tr></thead>"
    body = "".join(f"<tr>{cells('td', row, at)}</tr>" for at, row in enumerate(rows))
    link = csv_link(headers, rows, filename, numbers) if rows else ""
    return html(f"<div><table>{head}<tbody>{body}</tbody></table></div>{link}", stylesheets=[_PLAIN_CSS])


def table(
    frame: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    numbers: Mapping[str, str] | None = None,
    signed: Mapping[str, int] | None = None,
    prices: Mapping[str, str] | None = None,
    sizes: Collection[str] = (),
    bars: Collection[str] = (),
    toned: Mapping[str, Mapping[str, str]] | None = None,
    toggles: Mapping[str, Toggle] | None = None,
    hidden: Collection[str] = (),
    more: Collection[str] = (),
    filters: Collection[str] = (),
    phone: Collection[str] = (),
    page_size: int = 20,
    placeholder: str = "Nothing here yet",
    on_click: Callable[[int], None] | None = None,
    on_toggle: Callable[[str, int], None] | None = None,
    widths: Mapping[str, int] | None = None,
    **params: Any,
) -> Any:
    """A table to sort and filter; cells are shown as text, never as HTML. Rows open by a click or by Enter.

    Args:
        frame: its columns in their order, the ones that matter first; times as text (`figures.when`).
        titles: of columns; others are named by their column.
        numbers: `{column: format}`, right-aligned; formats are numbro's, `0,0.00`.
        signed: `{column: decimals}`, with gains and losses colored.
        prices: `{column: column of the instrument}`; each instrument has its own decimals. The column of
            the instrument may be "", where all rows are of one.
        sizes: columns of bytes.
        bars: columns of `signed` in percent that have a bar behind the figure; it is full from about 20 % on.
        toned: `{column: {text: "up", "down" or "muted"}}`: cells with this text are so colored.
        toggles: `{column: "check" or "star"}`: columns of booleans, which a click on the cell is meant to change.
        hidden: columns to keep for `on_click` but not to show.
        more: columns that are shown when they are chosen under Columns; without them the others fit into a window.
        filters: columns with a text filter below their title.
        phone: columns that a phone shows at first; all where empty. `columns_button` shows the others.
        page_size: rows a page.
        placeholder: what stands where there are no rows.
        on_click: called with the row's place in `frame`.
        on_toggle: called with the column of `toggles` and the row's place, in place of `on_click`; it changes the cell
            with `put`. The key Space clicks the first of these columns.
        widths: least pixels of columns whose content is not in `frame` yet.
        params: of `panel.widgets.Tabulator`.
    """
    import panel as pn

    numbers, signed, prices = dict(numbers or {}), dict(signed or {}), dict(prices or {})
    right = [*numbers, *signed, *prices, *sizes]
    columns = [name for name in frame.columns if name not in hidden]
    titles = {name: title.replace(" %", "\N{NO-BREAK SPACE}%") for name, title in (titles or {}).items()}
    kept = _Kept(tuple(hidden), prices, {name: titles.get(name, name) for name in columns})
    frame = with_decimals(frame, prices)
    about = {
        "titles": titles,
        "formatters": formatters(numbers, signed, prices, sizes, bars)
        | toned_texts(toned or {})
        | toggled(toggles or {}, titles),
        "editors": dict.fromkeys(frame.columns),  # else every cell is a stop of the Tab key
        "text_align": dict.fromkeys(right, "right"),
        "header_align": dict.fromkeys(right, "right"),
        "hidden_columns": kept.hidden_with(set(columns) - set(phone) if phone and _narrow() else more),
        "header_filters": {name: {"type": "input", "func": "like", "placeholder": "filter"} for name in filters},
        "page_size": page_size,
        "configuration": _configuration(frame, kept, widths or {}, placeholder, toggles or {}),
    }
    options = _look(opens=on_click is not None) | about
    shown = pn.widgets.Tabulator(frame, **(options | params))
    _KEPT[shown] = kept

    def clicked(event: Any) -> None:
        if on_toggle is not None and event.column in (toggles or {}):
            on_toggle(str(event.column), int(event.row))
        elif on_click is not None:
            on_click(int(event.row))

    if on_click is not None or on_toggle is not None:
        shown.on_click(clicked)
    return shown


def _look(*, opens: bool) -> dict[str, Any]:
    """What all tables share; rows that open something are marked when they are chosen."""
    return {
        "show_index": False,
        "pagination": "local",
        "layout": "fit_columns",
        "theme": "simple",
        "disabled": True,
        "selectable": 1 if opens else False,
        "sizing_mode": "stretch_width",
        "margin": 0,
        "css_classes": ["cqs-rows"] if opens else [],
        "stylesheets": [TABLE_CSS],
    }


def _configuration(
    frame: pd.DataFrame, kept: _Kept, widths: Mapping[str, int], placeholder: str, toggles: Collection[str]
) -> dict[str, Any]:
    """What only Tabulator itself knows: the least widths of columns, and the text of an empty table."""
    return {
        "placeholder": escape(placeholder),
        "columnDefaults": {"minWidth": _LEAST, "resizable": "header", "headerWordWrap": True},
        "columns": [
            {"field": name, "minWidth": _TOGGLE, "width": _TOGGLE}
            if name in toggles
            else {"field": name, "minWidth": _least(frame, name, title, widths.get(name, 0))}
            for name, title in kept.titles.items()
        ],
    }


def refresh(shown: Any, frame: pd.DataFrame) -> None:
    """Put new rows into a table; scroll, filter and selection stay, and where nothing changed nothing is sent."""
    kept = _KEPT.get(shown)
    frame = with_decimals(frame, kept.prices) if kept else frame
    if not shown.value.equals(frame):
        shown.value = frame


def put(shown: Any, row: int, **values: Any) -> None:
    """Change some cells of a row, by its place in the frame."""
    shown.patch({name: [(row, value)] for name, value in values.items()})


def choose(shown: Any, row: int | None) -> None:
    """Mark the row, by its place in the frame, that a page is about; None marks none."""
    wanted = [] if row is None or row >= len(shown.value) else [row]
    if shown.selection == wanted:
        return
    shown.selection = wanted
    if wanted and shown.pagination and not shown.sorters and not shown.filters:  # else its page is not known here
        shown.page = wanted[0] // shown.page_size + 1


def table_csv(shown: Any, filename: str) -> Any:
    """A button that downloads the rows of a `table` that pass its filters, in the order in which they are sorted.

    All columns are there, also those that are not shown; numbers are numbers.

    Args:
        shown: the table.
        filename: of the download; it names the button, too: `runs.csv` is "Runs as CSV".
    """
    titles = _KEPT[shown].titles

    def frame() -> pd.DataFrame:
        whole: pd.DataFrame = shown.current_view[list(titles)]
        return whole.set_axis([title or name for name, title in titles.items()], axis="columns")

    what = filename.removesuffix(".csv").replace("-", " ").capitalize()
    return csv_button(frame, filename, f"{what} as CSV")


def columns_button(shown: Any) -> Any:
    """A menu in which the columns of a table are shown and hidden; for the `actions` of its section."""
    import panel_material_ui as pmui

    kept = _KEPT[shown]
    names = list(kept.titles)
    off = [i for i, name in enumerate(names) if name in shown.hidden_columns]
    items = [
        {"label": kept.titles[name] or name, "icon": "check_box_outline_blank", "active_icon": "check_box"}
        for name in names
    ]
    menu = pmui.MenuToggle(
        label="Columns",
        icon="view_column",
        items=items,
        toggled=[i for i in range(len(names)) if i not in off],
        persistent=True,
        variant="outlined",
        size="small",
        margin=0,
        sx={"minHeight": "34px"},  # as other buttons; the library's menus are lower
    )

    def choose(event: Any) -> None:
        wanted = kept.hidden_with(name for i, name in enumerate(names) if i not in event.new)
        if wanted != shown.hidden_columns:
            shown.hidden_columns = wanted

    menu.param.watch(choose, "toggled")
    return menu


@dataclass(frozen=True)
class _Kept:
    """Options of a table: columns that are never shown, price columns, titles of the others."""

    hidden: tuple[str, ...]
    prices: Mapping[str, str]
    titles: Mapping[str, str]

    def hidden_with(self, names: Iterable[str]) -> list[str]:
        return [*self.hidden, *decimals_columns(self.prices), *sorted(names)]


_KEPT: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()


def _narrow() -> bool:
    from cqs_panel.location import NARROW, last_window

    return last_window()[1] < NARROW


def _least(frame: pd.DataFrame, name: str, title: str, given: int) -> int:
    """Pixels that the title and the longest of the first cells need."""
    cells = frame[name].head(50)
    longest = max((len(_sample(value)) for value in cells), default=0)
    word = max((len(word) for word in title.split(" ")), default=0)  # titles wrap between words
    return max(given, min(240, 24 + round(7.2 * max(word, longest))))


def _sample(value: object) -> str:
    return f"+{value:,.0f}.00" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
