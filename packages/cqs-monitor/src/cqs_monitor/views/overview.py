"""The bots' card on the overview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core.time.clock import now
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.performance.report import Choice, Report, make_report
from cqs_monitor.views.monitor_cards import metrics
from cqs_monitor.views.no_logs import no_logs
from cqs_panel import metric_cards, metrics_html, section, stack

if TYPE_CHECKING:
    from cqs_panel import PageState

_SECONDS = 5.0


def build(page: PageState) -> Any:
    """A row of metric cards over all accounts, one row a currency, refreshed by itself."""
    reader = reader_of(page.bucket.address)
    live = bool(not page.demo or page.settings.endpoint)
    shown = stack(metric_cards([], least=230))

    def work() -> list[Report]:
        reading = reader.read(2.0, live=live)
        currencies = reading.snapshot.currencies or [""]
        return [make_report(reading, Choice(currency=currency), now()) for currency in currencies]

    def show(reports: list[Report]) -> None:
        reading = reports[0].reading
        if not reading.snapshot.accounts:
            shown[:] = [section("Bots", no_logs(reading))]
            return
        figures = [metrics_html(metrics(report, now())) for report in reports]
        if len(shown) != len(figures) or not all(hasattr(one, "object") for one in shown):
            shown[:] = [metric_cards([], least=230) for _ in figures]
        for cards, html in zip(shown, figures, strict=True):
            if cards.object != html:
                cards.object = html

    page.every(_SECONDS, lambda: page.load(work, show, quiet=True))
    return shown
