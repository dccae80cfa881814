"""The cards of the Monitor page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_panel import Metric, age, amount, count, percent, ratio, tone

if TYPE_CHECKING:
    from cqs_monitor.report import Report


def metrics(report: Report, now: int) -> list[Metric]:
    """Figures of the chosen accounts."""
    figures = report.statistics
    total = float(report.pnl.sum())
    basis = "KST trading day from 09:00" if report.choice.trading_days else "KST calendar day, as the bot wrote it"
    fees = "net of estimated fees (0.05 % of each row)" if report.choice.net else "gross of fees, as logged"
    hint = f"Realised, {fees}; {basis}"
    trend = report.cumulative.tolist()[-200:]
    held = sum(not holding.position.dust for holding in report.holdings)
    return [
        _money("Today", report.today, hint),
        _money("This week", report.week, f"{hint}; ISO week"),
        _money("This month", report.month, hint),
        Metric(
            "All time", amount(total, "KRW", signed=True), f"{count(figures.sells)} sales", tone(total), trend, hint
        ),
        _unrealised(report, held),
        Metric("Win rate", percent(figures.win_rate), f"profit factor {ratio(figures.profit_factor)}", hint=_ROWS),
        Metric(
            "Deepest fall",
            amount(figures.drawdown, "KRW"),
            _since(report),
            hint="Of cumulative PnL, sale by sale, gross; the chart shows it day by day",
        ),
        _heartbeat(report, now),
    ]


_ROWS = "Counts SELL rows, gross of fees: partial fills make several of one sale"


def _money(label: str, value: float, hint: str) -> Metric:
    return Metric(label, amount(value, "KRW", signed=True), tone=tone(value), hint=hint)


def _unrealised(report: Report, held: int) -> Metric:
    note = f"{held} position{'' if held == 1 else 's'}"
    if report.unreadable:
        note = f"unreadable: {', '.join(report.unreadable[:2])}{' …' if len(report.unreadable) > 2 else ''}"
    hint = "Positions of positions.json at the last price there is, gross of fees"
    value = report.unrealised
    return Metric(
        "Unrealised", amount(value, "KRW", signed=True), note, None if report.unreadable else tone(value), (), hint
    )


def _since(report: Report) -> str:
    figures = report.statistics
    return (
        f"{figures.drawdown_from or 'start'} to {figures.drawdown_to}"
        if figures.drawdown_to
        else "never below its high"
    )


def _heartbeat(report: Report, now: int) -> Metric:
    beat = report.reading.snapshot.heartbeat
    hint = "One for the whole bot, every 30 s; in a bucket it may lag by 5 minutes"
    if beat.at is None:
        return Metric("Heartbeat", beat.state, hint=hint)
    seconds = (now - beat.at) / 1000
    late = seconds > 7 * 60
    return Metric(
        "Heartbeat", f"{age(seconds)} ago", "the bot is silent" if late else "alive", "down" if late else "up", (), hint
    )
