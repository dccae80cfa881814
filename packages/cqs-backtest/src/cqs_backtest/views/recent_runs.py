"""The newest kept runs, below the form of a backtest; the Runs page has all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from cqs_backtest.views.run_notes import damage, notes_on
from cqs_backtest.views.run_rows import Library, library, row_of
from cqs_panel import ONE_LINE, WIDE, choose, count, csv_button, empty, fill, section, table

if TYPE_CHECKING:
    from cqs_panel import PageState

_TITLES = {
    "title": "Run",
    "symbols": "Symbols",
    "cagr": "CAGR %",
    "sharpe": "Sharpe",
    "deflated": "Deflated Sharpe",
}
_MOST = 5
_PHONE = ("title", "cagr", "sharpe")


class RecentRuns(pn.viewable.Viewer):
    """The last five; a click opens one."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._found: list[str] = []
        self._body, self._damage = pn.Column(**WIDE), pn.Column(visible=False, **WIDE)
        self._table: Any = None
        self._all = pmui.Button(
            label="All runs", icon="inventory_2", variant="outlined", size="small", margin=0, sx=ONE_LINE
        )
        self._all.on_click(lambda _: page.goto("runs"))
        self._csv = csv_button(self._file, "newest-runs.csv", "CSV")
        page.param.watch(lambda _: self._mark(), "query")
        self.update()

    def __panel__(self) -> Any:
        note = "the newest; click one to open it"
        return section("Kept runs", self._damage, self._body, note=note, actions=[self._all, self._csv])

    def update(self) -> None:
        """Read them again."""
        self._page.load(lambda: library(self._page.bucket), self._show, quiet=self._table is not None)

    def _show(self, found: Library) -> None:
        fill(self._damage, *damage(self._page, found.damaged, self.update))
        runs = found.runs[:_MOST]
        self._found = [run.id for run in runs]
        self._all.visible = self._csv.visible = bool(runs)
        self._all.label = f"All {count(len(found.runs))} runs" if len(found.runs) > _MOST else "All runs"
        if not runs:
            self._table = None
            self._body[:] = [empty("No kept runs", "Every backtest is kept in the bucket under runs/.")]
            return
        zone = self._page.settings.timezone
        rows = [row_of(run, zone) | {"title": run.title} for run in runs]
        frame = pd.DataFrame(rows, columns=list(_TITLES))
        self._table = table(
            frame,
            titles=_TITLES,
            numbers={"sharpe": "0.00"},
            signed={"cagr": 1},
            phone=_PHONE,
            page_size=_MOST,
            on_click=lambda i: self._page.goto(self._page.slug, run=self._found[i]),
        )
        self._body[:] = [self._table, *notes_on([run.made for run in runs], [run.luck for run in runs])]
        self._mark()

    def _file(self) -> pd.DataFrame:
        rows = pd.DataFrame(columns=list(_TITLES)) if self._table is None else self._table.value
        return rows.set_axis([*_TITLES.values()], axis="columns")

    def _mark(self) -> None:
        """Mark the run that the page shows."""
        if self._table is not None:
            run = self._page.query.get("run")
            choose(self._table, self._found.index(run) if run in self._found else None)
