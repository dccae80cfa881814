"""What the overview shows of the bots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_core.time.clock import now
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.performance.report import Choice, Report, make_report
from cqs_monitor.views.monitor_cards import metrics
from cqs_monitor.views.no_logs import no_logs
from cqs_panel import WIDE, metric_cards, metrics_html, section

if TYPE_CHECKING:
    from cqs_panel import PageState

_SECONDS = 5.0


def build(page: PageState) -> Any:
    """A row of metric cards over all accounts, refreshed by itself."""
    reader = reader_of(page.bucket.address, live=bool(not page.demo or page.settings.endpoint))
    cards = metric_cards([], least=230)
    shown = pn.Column(cards, **WIDE)

    def work() -> Report:
        return make_report(reader.read(2.0), Choice(), now())

    def show(report: Report) -> None:
        reading = report.reading
        if not reading.snapshot.accounts:
            shown[:] = [section("Bots", no_logs(reading))]
            return
        figures = metrics_html(metrics(report, now()))
        if cards.object != figures:
            cards.object = figures
        if shown[0] is not cards:
            shown[:] = [cards]

    page.every(_SECONDS, lambda: page.load(work, show, quiet=True))
    return shown
