"""PnL by day, week or month: bars, accounts stacked, and the newest periods as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_monitor import charts
from cqs_monitor.performance.periods import PERIODS, Period, period_frame
from cqs_monitor.views.figure_chart import FigureChart
from cqs_panel import ONE_LINE, WIDE, amount, bar, beside, csv_button, empty, plain_table, section

if TYPE_CHECKING:
    import pandas as pd

    from cqs_monitor.performance.report import Report
    from cqs_panel import PageState

_DRAWN = {"day": 90, "week": 53, "month": 36}
_LISTED = 10
_ACCOUNTS = 3  # that a table beside the chart has room for


class PnlPeriods(pn.viewable.Viewer):
    """One kind of period at a time, kept in the address as `by`."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._report: Report | None = None
        asked = page.query.get("by", "")
        value = asked if asked in PERIODS else "day"
        self._by = pmui.RadioButtonGroup(
            options={one.capitalize(): one for one in PERIODS}, value=value, size="small", margin=0, sx=ONE_LINE
        )
        self._by.param.watch(self._chosen, "value")
        self._csv = csv_button(self._export, "pnl.csv", "PnL as CSV")
        self._chart = FigureChart(page, 240, below=True)
        self._listed = pn.Column(**WIDE)
        self._shown: Any = None

    def __panel__(self) -> Any:
        return section(
            "PnL by period",
            bar(self._by, self._csv),
            beside(self._chart, self._listed, columns="3fr 2fr"),
            note="realized; weeks begin on Monday; periods without a sale are left out",
        )

    def update(self, report: Report) -> None:
        """Show another report."""
        self._report = report
        self._show()

    @property
    def _kind(self) -> Period:
        return next((one for one in PERIODS if one == self._by.value), "day")

    def _chosen(self, event: Any) -> None:
        self._page.remember(by=None if event.new == "day" else event.new)
        self._show()

    def _frame(self, last: int | None = None) -> pd.DataFrame:
        report = self._report
        assert report is not None
        return period_frame(report.days, report.pnl, report.curves, self._kind, last)

    def _show(self) -> None:
        report, kind = self._report, self._kind
        if report is None:
            return
        frame = self._frame(_DRAWN[kind])
        figures = (kind, frame.index.tolist(), frame.to_numpy().tolist(), [*frame.columns])
        if figures == self._shown:
            return
        self._shown = figures
        nothing = "Nothing realized yet", "The bars begin with the first sale."
        word = "net (est.)" if report.choice.net else "gross"
        total = amount(float(frame["total"].sum()), report.convention.currency, signed=True)
        self._chart.update(
            figures,
            lambda: charts.periods(frame, stacked=True, mode="page") if len(frame) else empty(*nothing),
            f"the newest {len(frame)} {kind}{'' if len(frame) == 1 else 's'} with sales, together {total}, {word}",
        )
        self._listed[:] = [_table(frame, kind)] if len(frame) else []

    def _export(self) -> pd.DataFrame:
        frame = self._frame().reset_index()
        frame[self._kind] = frame[self._kind].dt.strftime("%Y-%m-%d")
        return frame


def _table(frame: pd.DataFrame, kind: Period) -> Any:
    names = [str(name) for name in frame.columns if name != "total"]
    names = names if len(names) <= _ACCOUNTS else []
    form = "%Y-%m" if kind == "month" else "%Y-%m-%d"
    newest = frame.iloc[-_LISTED:][::-1]
    rows = [
        [at.strftime(form), amount(row["total"], signed=True), *(amount(row[name], signed=True) for name in names)]
        for at, row in zip(newest.index, newest.to_dict("records"), strict=True)
    ]
    return plain_table([kind.capitalize(), "Total", *names], rows, numbers=range(1, 2 + len(names)))
