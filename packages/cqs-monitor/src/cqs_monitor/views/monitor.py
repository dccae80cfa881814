"""The Monitor page: what live bots hold and earn, refreshed by itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_core.time.clock import now
from cqs_monitor.performance.convention import AccountConvention
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.performance.report import Report, make_report
from cqs_monitor.views import accounts_table, holdings_table
from cqs_monitor.views.connect_bot import ConnectBot
from cqs_monitor.views.controls import Controls, seconds_between
from cqs_monitor.views.health import LogHealth
from cqs_monitor.views.monitor_cards import metrics
from cqs_monitor.views.no_logs import no_logs
from cqs_monitor.views.pnl_charts import PnlCharts
from cqs_monitor.views.pnl_periods import PnlPeriods
from cqs_monitor.views.trades import TradesSection
from cqs_panel import (
    WIDE,
    bar,
    beside,
    html,
    metric_cards,
    metrics_html,
    section,
    stack,
    staged,
    when,
    zone_name,
)

if TYPE_CHECKING:
    import datetime as dt

    from cqs_monitor.performance.holdings import Holding
    from cqs_monitor.performance.reader import Reading
    from cqs_panel import PageState

_FIRST = 8.0  # seconds for which the first reading is waited for
_LATER = 2.0
_STALLED = 10.0  # seconds without an answer that are worth saying
_STATE_CSS = ".state{font-size:12px;color:var(--cqs-muted)} .state.warning{color:var(--cqs-warning);font-weight:600}"


class MonitorView(pn.viewable.Viewer):
    """Controls over figures; every figure is computed away from the page, and drawn only where it changed."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._seconds = seconds_between(page)
        self._reader = reader_of(page.bucket.address)
        self._live = bool(not page.demo or page.settings.endpoint)
        self._convention = AccountConvention()
        self._controls = Controls(page)
        self._controls.param.watch(lambda _: self._ask(quiet=False), "choice")
        self._state = html("", stylesheets=[_STATE_CSS])
        self._blank = pn.Column(**WIDE)
        self._connect: ConnectBot | None = None
        self._cards = metric_cards([], least=230)
        self._charts = PnlCharts(page)
        self._periods = PnlPeriods(page)
        self._accounts = html("", stylesheets=[accounts_table.CSS])
        self._held = html("", stylesheets=[holdings_table.CSS])
        self._findings = html("", stylesheets=[holdings_table.CSS])
        self._report: Report | None = None
        self._trades: TradesSection | None = None  # with its chart, below the fold
        self._health = LogHealth(page.settings.timezone)
        self._body = pn.Column(visible=False, **WIDE)
        page.param.watch(lambda _: self._list_accounts(), "query")
        page.load(lambda: self._work(_FIRST), self._show)
        page.every(self._seconds, lambda: self._ask(quiet=True))

    def __panel__(self) -> Any:
        return stack(bar(self._controls, self._state), self._blank, self._body)

    def _laid_out(self, report: Report) -> Any:
        currency, zone = self._convention.currency, self._convention.zone
        note = f"{currency} realized; below it the drawdown; days of the bot, {zone}"
        symbols = section("By symbol", self._charts.symbols, note=f"{currency} realized")
        hours = section("By hour", self._charts.hours, note=f"{currency} realized by the hour of the trade, {zone}")
        days = f"realized PnL of each day, {zone}, 53 weeks; click a day to see its trades"
        several = "currency" in report.accounts
        first = 8 if {"day", "filter", "trade", "symbol"} & set(self._page.query) else 4
        return staged(
            self._page,
            self._cards,
            section("Positions", self._held, note="what the bots say they hold, at the last price there is"),
            section(
                "Accounts",
                self._accounts,
                note=f"{'each in its currency' if several else currency}, realized; a click chooses one",
            ),
            section("Cumulative PnL", self._charts.curve, note=note),
            lambda: beside(symbols, hours),
            self._periods,
            section("Days", self._charts.year, note=days),
            self._list,
            beside(section("Reconciliation", self._findings, note="positions against trades"), self._health),
            first=first,
            halves=(1, 2, 3, 4, 5, 6),
        )

    def _offer_connection(self, reading: Reading) -> None:
        """No logs, and the form that brings some; it stays as it is filled in while the page asks again."""
        if reading.error or reading.at is None:
            self._connect = None
            self._blank[:] = [no_logs(reading)]
        elif self._connect is None:
            self._connect = ConnectBot(self._page, lambda: self._ask(quiet=False))
            self._blank[:] = [no_logs(reading), self._connect]

    def _ask(self, *, quiet: bool) -> None:
        self._page.load(lambda: self._work(_LATER), self._show, quiet=quiet)

    def _work(self, timeout: float) -> Report:
        return make_report(self._reader.read(timeout, live=self._live), self._controls.choice, now())

    def _show(self, report: Report) -> None:
        if report.choice != self._controls.choice:
            return
        moment, reading = now(), report.reading
        self._set(self._state, _state(reading, self._seconds, self._page.settings.timezone))
        known = bool(reading.snapshot.accounts)
        self._blank.visible = not known
        if not known:
            self._body.visible = False
            self._offer_connection(reading)
            return
        self._controls.offer(reading.snapshot)
        self._set(self._cards, metrics_html(metrics(report, moment)))
        self._charts.update(report, moment, self._day_link)
        self._set(self._held, holdings_table.holdings_html(report, moment, self._chart_link))
        self._set(self._findings, holdings_table.findings_html(report.findings))
        self._report = report
        self._list_accounts()
        self._periods.update(report)
        if self._trades is not None:
            self._trades.update(report)
        self._health.update(report, moment)
        if not self._body.objects or self._convention != report.convention:
            self._convention = report.convention
            self._body[:] = [self._laid_out(report)]  # with all that it shows, so that the browser draws it once
        self._body.visible = True

    def _list_accounts(self) -> None:
        """Sorted as the address says, without reading anything."""
        if (report := self._report) is not None:
            chosen, order = report.choice.account, self._page.query.get("order", "")
            told = accounts_table.accounts_html(report.accounts, chosen, order, self._page.link)
            self._set(self._accounts, told)

    def _list(self) -> TradesSection:
        if self._trades is None:
            self._trades = TradesSection(self._page)
            if self._report is not None:
                self._trades.update(self._report)
        return self._trades

    @staticmethod
    def _set(pane: Any, text: str) -> None:
        """HTML that did not change is not sent: the browser keeps its scroll and selection."""
        if pane.object != text:
            pane.object = text

    def _chart_link(self, holding: Holding) -> str:
        """Shows the trades of a position's symbol on candles."""
        return self._page.link(symbol=holding.position.symbol, trade=None, day=None)

    def _day_link(self, day: dt.date) -> str:
        """Shows the trades of a day; of trading days the list cannot be filtered, for they are not calendar days."""
        text = None if self._controls.choice.trading_days else day.isoformat()
        return self._page.link(day=day.isoformat(), filter=text, trade=None)


def _state(reading: Reading, seconds: float, timezone: str | None) -> str:
    """One line: as of when, or since when the bucket is silent."""
    as_of = f"as of {when(reading.at, timezone)} {zone_name(timezone)}" if reading.at else "nothing read yet"
    if reading.error:
        return f'<span class="state warning" role="alert">{escape(reading.error)}; {as_of}</span>'
    if reading.stalled > _STALLED:
        fact = f"the bucket has not answered for {reading.stalled:.0f} s"
        return f'<span class="state warning" role="alert">{fact}; {as_of}</span>'
    damaged = len(reading.snapshot.problems)
    warned = f" · {damaged} damaged {'row or file' if damaged == 1 else 'rows or files'}, see Files" if damaged else ""
    return f'<span class="state">{as_of}, every {seconds:.0f} s{warned}</span>'


def build(page: PageState) -> Any:
    """For `cqs_panel.View`."""
    return MonitorView(page)
