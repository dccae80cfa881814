"""Cumulative PnL over its drawdown, as the Monitor page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn

from cqs_monitor import charts
from cqs_panel import WIDE, empty
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    import pandas as pd

    from cqs_monitor.performance.report import Report
    from cqs_panel import PageState

_HEIGHT = 384  # pixels, dates included


class PnlChart(pn.viewable.Viewer):
    """One point a day on which something was realized; accounts thin, their total thick."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._pane = ChartPane(page, _HEIGHT)
        self._shown: pd.DataFrame | None = None
        self._blank = empty("Nothing realized yet", "The curve begins with the first sale.")
        self._root = pn.Column(**WIDE)

    def __panel__(self) -> Any:
        return self._root

    def update(self, report: Report) -> None:
        """Draw another report; the same one is not drawn again."""
        pnl = _frame(report)
        wanted = self._pane if len(pnl) else self._blank
        if wanted not in self._root:
            self._root[:] = [wanted]
        if len(pnl) and (self._shown is None or not pnl.equals(self._shown)):
            self._shown = pnl
            self._pane.draw(lambda: charts.cumulative(pnl, mode="page"))


def _frame(report: Report) -> pd.DataFrame:
    """As `cqs_monitor.pnl` gives it, but without the days on which nothing was sold."""
    import pandas as pd

    days = pd.DatetimeIndex(report.days.astype("datetime64[D]").astype("datetime64[us]"), tz="UTC", name="day")
    accounts = {name: np.diff(curve, prepend=0.0) for name, curve in report.curves.items()}
    return pd.DataFrame(accounts | {charts.TOTAL: report.pnl}, index=days)
