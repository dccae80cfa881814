"""The charts of the Monitor page: cumulative PnL, by symbol, by hour, and the days of a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_monitor import charts
from cqs_monitor.charts.calendar import full_strength
from cqs_monitor.performance.periods import period_frame
from cqs_monitor.performance.report import last_year
from cqs_monitor.views.figure_chart import FigureChart
from cqs_panel import amount, empty

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from cqs_monitor.performance.report import Report
    from cqs_panel import PageState

_NOTHING = "Nothing realized yet", "The curve begins with the first sale."


class PnlCharts:
    """The charts of one report at a time, each drawn again only where its figures changed."""

    def __init__(self, page: PageState) -> None:
        self.curve = FigureChart(page, 384)  # dates included
        self.symbols = FigureChart(page, 240, below=True)
        self.hours = FigureChart(page, 200, below=True)
        self.year = FigureChart(page, 340, below=True)

    def update(self, report: Report, now: int, link: Callable[[dt.date], str]) -> None:
        """Show another report.

        Args:
            report: of the chosen accounts.
            now: ms UTC.
            link: address of a day's trades.
        """
        kind, currency = "net (est.)" if report.choice.net else "gross", report.convention.currency
        days, pnl, curves = report.days, report.pnl, report.curves
        by_symbol, by_hour = report.statistics.by_symbol, report.statistics.by_hour
        options: dict[str, Any] = {"currency": currency, "mode": "page"}
        self.curve.update(
            [days.tobytes(), pnl.tobytes(), {name: curve.tobytes() for name, curve in curves.items()}],
            lambda: charts.cumulative(period_frame(days, pnl, curves), mode="page") if len(days) else empty(*_NOTHING),
            still=lambda: charts.cumulative_still(period_frame(days, pnl, curves)),
        )
        total = amount(sum(by_symbol.values()), currency, signed=True)
        self.symbols.update(
            (by_symbol, kind, currency),
            lambda: charts.symbols(by_symbol, **options) if by_symbol else empty(*_NOTHING),
            f"Total, {kind}: {total}",
        )
        self.hours.update(
            (by_hour, kind, currency),
            lambda: charts.hours(by_hour, **options) if by_hour else empty(*_NOTHING),
            kind,
        )
        last, year = last_year(report, now)
        links = {day: link(day) for day in year}
        full = amount(full_strength(year, year), currency)
        self.year.update(
            (last, year, links, currency),
            lambda: charts.calendar(year, last=last, links=links, **options) if year else empty(*_NOTHING),
            f"Paler is less; full color from {full} a day, gained or lost",
        )
