"""The bots on the overview: what they earned, and what they hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cqs_core.time.clock import now
from cqs_monitor.performance.bot_signs import bot_signs
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.performance.report import Choice, Report, make_report
from cqs_monitor.views import bots_table, holdings_table, monitor_cards
from cqs_panel import html, metric_cards, metrics_html, section, stack, zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_monitor.performance.holdings import Holding
    from cqs_panel import Metric, PageState

_SECONDS = 5.0


def build(page: PageState) -> Any:
    """A row of metric cards over all accounts, one row a currency; hidden where there are none."""
    shown = stack(metric_cards([], least=150), visible=False)

    def show(reports: Sequence[Report]) -> None:
        figures = [metrics_html(_metrics(report, page)) for report in reports if report.names]
        if len(shown) != len(figures):
            shown[:] = [metric_cards([], least=150) for _ in figures]
        for cards, text in zip(shown, figures, strict=True):
            if cards.object != text:
                cards.object = text
        shown.visible = bool(figures)

    _follow(page, show)
    return shown


def positions(page: PageState) -> Any:
    """What all accounts hold at the last price, and whether their bots run; hidden where there are no bots."""
    table = html("", stylesheets=[holdings_table.CSS])
    bots = html("", stylesheets=[bots_table.CSS])
    zone = page.settings.timezone

    def link(holding: Holding) -> str:
        return page.link("monitor", account=holding.account, symbol=holding.position.symbol)

    shown = stack(
        section("Positions", table, note="at the last price there is", link=page.link("monitor")),
        section("Bots", bots, note=f"times in {zone_name(zone)}", link=page.link("monitor")),
        visible=False,
    )

    def show(reports: Sequence[Report]) -> None:
        text = "".join(holdings_table.holdings_html(report, now(), link) for report in reports if report.names)
        if table.object != text:
            table.object = text
        signs = bot_signs(reports[0].reading.figures, now()) if reports else []
        running = bots_table.bots_html(signs, now(), zone, lambda account: page.link("monitor", account=account))
        if bots.object != running:
            bots.object = running
        shown.visible = bool(text)

    _follow(page, show)
    return shown


def _follow(page: PageState, show: Callable[[Sequence[Report]], Any]) -> None:
    """Show the reports of all currencies now, and again and again."""
    reader = reader_of(page.bucket.address)
    live = bool(not page.demo or page.settings.endpoint)

    def work() -> list[Report]:
        reading = reader.read(2.0, live=live)
        return [make_report(reading, Choice(currency=one), now()) for one in reading.snapshot.currencies]

    page.every(_SECONDS, lambda: page.load(work, show, quiet=True))


def _metrics(report: Report, page: PageState) -> list[Metric]:
    """The figures of the Monitor page that a morning needs; each leads there."""
    found = {one.label: one for one in monitor_cards.metrics(report, now())}
    names = ("Today", "Unrealized", "This week", "This month", "Max drawdown", "Heartbeat")
    return [replace(found[name], link=page.link("monitor")) for name in names]
