"""The sets of a sweep as a table: the best first, or those that were brushed in a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_panel import WIDE, columns_button, label, refresh, section, table, table_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import pandas as pd

    from cqs_backtest.search.objective import Objective
    from cqs_panel import PageState

_MOST = 1_000
_SIGNED = {"total_return": 1, "cagr": 1, "mdd": 1, "avg_win": 1, "avg_loss": 1}
_MORE = ("volatility", "sortino", "calmar", "avg_win", "avg_loss", "profit_factor", "final_equity")


class SetTable(pn.viewable.Viewer):
    """The best sets, at most 1,000 of them; a click opens one as a run.

    Args:
        page: the view that shows them.
        searched: columns of the parameters that were searched.
        objective: by which they are ordered.
        open_set: called with the number of the set that was clicked.
        title: of the section.
        note: beside it.
    """

    def __init__(
        self,
        page: PageState,
        searched: Sequence[str],
        objective: Objective,
        open_set: Callable[[int], Any],
        *,
        title: str = "Sets",
        note: str = "best first; click one to run it and keep the run",
    ) -> None:
        super().__init__()
        self._page, self._searched, self._objective, self._open = page, list(searched), objective, open_set
        self._title, self._about = title, note
        self._rows: pd.DataFrame | None = None
        self._only: set[int] = set()
        self._place, self._columns = pn.Column(**WIDE), pn.Row(margin=0, styles={"gap": "8px"})
        self._note = pn.pane.HTML("", margin=0)
        self._table: Any = None

    def __panel__(self) -> Any:
        return section(self._title, self._note, self._place, note=self._about, actions=[self._columns])

    def update(self, rows: pd.DataFrame) -> None:
        """Show these rows."""
        self._rows = rows
        self._show()

    def show_only(self, sets: Collection[int]) -> None:
        """Show the sets with these numbers; all, if there are none."""
        self._only = set(sets)
        self._show()

    def _show(self) -> None:
        if self._rows is None:
            return
        shown = self._shown(self._rows)
        if self._table is None:
            self._table = self._made(shown)
            self._columns[:] = [columns_button(self._table), table_csv(self._table, "sets.csv")]
            self._place[:] = [self._table]
        else:
            refresh(self._table, shown)

    def _shown(self, rows: pd.DataFrame) -> pd.DataFrame:
        chosen = rows[rows["set"].isin(self._only)] if self._only else rows
        text = f"{len(chosen):,} of {len(rows):,} sets are brushed" if self._only else ""
        if len(chosen) > _MOST:
            text += f"{'; ' if text else ''}the best {_MOST:,} are listed"
        self._note.object = f'<span style="font-size:12px;color:var(--cqs-muted)">{text}</span>' if text else ""
        ordered = chosen.sort_values(self._objective.metric, ascending=self._objective.lower_is_better, kind="stable")
        metrics = dict.fromkeys([*self._objective.goals, *HEADLINE])
        columns = ["set", *self._searched, *(name for name in metrics if name in rows)]
        return ordered.head(_MOST)[columns].reset_index(drop=True)

    def _made(self, shown: pd.DataFrame) -> Any:
        metrics = [name for name in shown.columns if name in CONVENTIONS]
        titles = {name: label(name.removeprefix("parameter_")) for name in shown.columns}
        titles |= {
            name: f"{CONVENTIONS[name].label}{' %' if CONVENTIONS[name].unit == '%' else ''}" for name in metrics
        }
        whole: dict[str, str] = {name: "0,0" for name in ("num_trades", "final_equity") if name in metrics}
        plain = {name: "0,0.00" for name in metrics if name not in _SIGNED and name not in whole}
        return table(
            shown,
            titles=titles,
            numbers={**plain, **whole},
            signed={name: places for name, places in _SIGNED.items() if name in metrics},
            more=[name for name in _MORE if name in shown and name not in self._objective.goals],
            phone=[*self._searched[:2], self._objective.metric, "mdd"],
            page_size=10,
            on_click=lambda row: self._open(int(self._table.value["set"].iloc[row])),
        )
