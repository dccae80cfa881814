"""The cards of the Monitor page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.trading.metrics import WIN_RATE, WINS
from cqs_monitor.performance.bot_signs import SILENT_AFTER
from cqs_monitor.performance.holdings import left_out
from cqs_panel import Metric, age, amount, count, percent, ratio, tone

if TYPE_CHECKING:
    from cqs_monitor.performance.report import Report


def metrics(report: Report, now: int) -> list[Metric]:
    """Figures of the chosen accounts."""
    figures = report.statistics
    total = float(report.pnl.sum())
    known = report.convention
    currency = known.currency
    trading = f"{known.zone} trading day from {known.day_start}"
    basis = trading if report.choice.trading_days else f"{known.zone} calendar day, as the bot wrote it"
    fees = f"net of estimated fees ({known.fee} of each row)" if report.choice.net else "gross of fees, as logged"
    hint = f"Realized, {fees}; {basis}"
    curve = report.cumulative.tolist()[-_TREND:]
    held = sum(not holding.position.dust for holding in report.holdings)
    kind = "net (est.)" if report.choice.net else "gross"
    period = (
        f"last {len(curve)} days with trades {amount(curve[-1] - curve[0], currency, signed=True)}" if curve else ""
    )
    sold = f"{count(figures.sells)} sales, {kind}"
    weeks = f"{hint}; ISO week, from Monday"

    def shown(value: float) -> str:
        return amount(value, currency, signed=True)

    return [
        _money("Today", report.today, currency, hint, f"yesterday {shown(report.yesterday)}, {kind}"),
        _money("This week", report.week, currency, weeks, f"last week {shown(report.last_week)}, {kind}"),
        _money("This month", report.month, currency, hint, f"last month {shown(report.last_month)}, {kind}"),
        Metric("All time", shown(total), sold, trend=curve, hint=hint, value_tone=tone(total), period=period),
        _unrealized(report, held),
        Metric(
            WIN_RATE.label,
            percent(figures.win_rate),
            f"profit factor {ratio(figures.profit_factor)}, {kind}",
            hint=_ROWS,
        ),
        Metric(
            "Max drawdown",
            amount(figures.drawdown, currency),
            f"{_since(report)}, {kind}",
            hint="Drawdown of cumulative PnL, sale by sale; the chart shows it day by day",
        ),
        _heartbeat(report, now),
    ]


_TREND = 200  # days that the sparkline shows
_ROWS = f"Share of SELL rows {WINS}; partial fills make several of one sale"


def _money(label: str, value: float, currency: str, hint: str, note: str) -> Metric:
    return Metric(label, amount(value, currency, signed=True), note, hint=hint, value_tone=tone(value))


def _unrealized(report: Report, held: int) -> Metric:
    """Says what the sum leaves out: positions without a price, accounts that cannot be read."""
    priced = sum(holding.unrealised is not None and not holding.position.dust for holding in report.holdings)
    note = f"{held} position{'' if held == 1 else 's'}" if priced == held else f"{priced} of {held} positions priced"
    if missing := left_out(report.holdings):
        note += f", without {', '.join(missing[:3])}{' …' if len(missing) > 3 else ''}"
    if report.unreadable:
        note += f"; unreadable: {', '.join(report.unreadable[:2])}{' …' if len(report.unreadable) > 2 else ''}"
    if priced < held and report.reading.waiting:
        note = f"waiting for prices of {held} position{'' if held == 1 else 's'}"
    whole = priced == held and not report.unreadable
    kind = "net (est.)" if report.choice.net else "gross"
    hint = "Open positions at the last known price"
    value = report.unrealised
    shown = amount(value, report.convention.currency, signed=True)
    return Metric("Unrealized", shown, f"{note}, {kind}", hint=hint, value_tone=tone(value) if whole else None)


def _since(report: Report) -> str:
    figures = report.statistics
    return (
        f"{figures.drawdown_from or 'start'} to {figures.drawdown_to}"
        if figures.drawdown_to
        else "never below its high"
    )


def _heartbeat(report: Report, now: int) -> Metric:
    beat = report.reading.snapshot.heartbeat
    hint = "Written every 30 s; in a bucket it may lag by 5 minutes"
    if beat.at is None:
        return Metric("Heartbeat", beat.state, hint=hint)
    seconds = (now - beat.at) / 1000
    late = now - beat.at > SILENT_AFTER
    return Metric(
        "Heartbeat", f"{age(seconds)} ago", "the bot is silent" if late else "alive", "down" if late else "up", (), hint
    )
