"""The positions of a comparison on its page: first as text, then as a table with a choice of what it lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from cqs_monitor.views import comparison_table
from cqs_panel import ONE_LINE, Previewed, bar, choose, columns_button, html, refresh, section, table, table_csv

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cqs_monitor.compare.comparison import BotComparison
    from cqs_panel import PageState

_CLICK = "click one to see it on candles"
_ALL, _DIFFERING = "All positions", "Differences only"


class ComparedPositions:
    """The positions of one comparison after another; the address names the one that is chosen, as `position`.

    Args:
        page: whose address it is.
    """

    def __init__(self, page: PageState) -> None:
        self._page = page
        self._found: BotComparison | None = None
        self._rows: pd.DataFrame  # of all its positions, the newest first
        self._which: Any = None  # above the table
        self._table: Any = None  # its first rows are there before it, as text

    def show(self, found: BotComparison) -> None:
        """The positions of another comparison."""
        self._found, self._rows = found, self._frame(found)
        self._list()

    def place(self) -> Previewed:
        """For `staged`, once a comparison is shown."""
        told = comparison_table.first_rows_html(self._rows, lambda key: self._page.link(position=key))
        first = html(told, stylesheets=[comparison_table.FIRST_CSS])
        return Previewed(section("Positions", first, note=_CLICK), self._drawn)

    def newest(self) -> Any:
        """The row of the newest position; None where there is none."""
        return self._rows.iloc[0] if len(self._rows) else None

    def chosen(self) -> Any:
        """The row of the position that the address names; None where it names none, or none of these."""
        place = self._place_in(self._rows)
        return None if place is None else self._rows.iloc[place]

    def mark(self) -> None:
        """Mark the chosen position in the table."""
        if self._table is not None:
            choose(self._table, self._place_in(self._table.value))

    def _frame(self, found: BotComparison, *, differing: bool = False) -> pd.DataFrame:
        return comparison_table.comparison_frame(found, self._page.settings.timezone, differing=differing)

    def _place_in(self, rows: pd.DataFrame) -> int | None:
        wanted = self._page.query.get("position", "")
        keys = [comparison_table.key(m, at) for m, at in zip(rows["symbol"], rows["at"], strict=True)]
        return keys.index(wanted) if wanted in keys else None

    def _drawn(self) -> Any:
        self._which = pmui.RadioButtonGroup(options=[_ALL, _DIFFERING], value=_ALL, size="small", margin=0, sx=ONE_LINE)
        self._which.param.watch(lambda _: self._list(), "value")
        self._table = _table(self._focus)
        self._list()
        head = bar(self._which, columns_button(self._table), table_csv(self._table, "comparison.csv"))
        return section("Positions", head, self._table, note=_CLICK)

    def _list(self) -> None:
        if self._found is not None and self._table is not None:
            differing = self._which.value == _DIFFERING
            refresh(self._table, self._frame(self._found, differing=True) if differing else self._rows)
            self.mark()

    def _focus(self, row: int) -> None:
        chosen = self._table.value.iloc[row]
        key = comparison_table.key(str(chosen["symbol"]), int(chosen["at"]))
        self._page.goto(self._page.slug, **self._page.query | {"position": key})


def _table(on_click: Callable[[int], None]) -> Any:
    import pandas as pd

    return table(
        pd.DataFrame(columns=[*comparison_table.TITLES, "at"]),
        titles=comparison_table.TITLES,
        numbers=comparison_table.NUMBERS,
        signed=comparison_table.SIGNED,
        prices=comparison_table.PRICES,
        phone=comparison_table.PHONE,
        widths={
            "opened": 92,
            "symbol": 84,
            "what": 92,
            "rule_pnl": 92,
            "live_pnl": 92,
            **dict.fromkeys(comparison_table.PRICES, 104),
        },
        hidden=["at"],
        more=list(comparison_table.PRICES),
        filters=["symbol", "what"],
        page_size=comparison_table.PAGE,
        on_click=on_click,
    )
