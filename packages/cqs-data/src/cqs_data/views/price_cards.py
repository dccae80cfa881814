"""Cards of the overview: the newest prices, and one market as a chart."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from cqs_core import Lake
from cqs_core.time import intervals
from cqs_core.time.clock import now
from cqs_core.trading import quote_of
from cqs_data.views.recent_closes import recent_closes
from cqs_panel import (
    CandleChart,
    LakeCandles,
    Metric,
    age,
    amount,
    failure,
    fill,
    html,
    metric_cards,
    metrics_html,
    percent,
    remedies,
    section,
    stack,
    tone,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket, Series
    from cqs_data.views.recent_closes import RecentCloses
    from cqs_panel import PageState

_MOST = 6
_SECONDS = 60.0


def prices(page: PageState) -> Any:
    """A row of metric cards, one per market of the home exchange, with read errors below."""
    cards = metric_cards([])
    faults = stack(visible=False)
    shown = stack(cards, faults, visible=False)
    shown_faults: list[str] = []

    def show(found: Sequence[RecentCloses]) -> None:
        shown.visible = bool(found)
        cards.object = metrics_html([_metric(price, page) for price in found])
        damaged = [(price.series, price.fault) for price in found if price.fault]
        if shown_faults != [str(fault) for _, fault in damaged]:
            shown_faults[:] = [str(fault) for _, fault in damaged]
            said = (failure(f"{s} cannot be read", fault, actions=remedies(page, fault)) for s, fault in damaged)
            fill(faults, *said)

    page.every(_SECONDS, lambda: page.load(lambda: newest(page.bucket, page.settings.exchange), show, quiet=True))
    page.on_job(lambda _: page.load(lambda: newest(page.bucket, page.settings.exchange), show, quiet=True))
    return shown


def chart(page: PageState) -> Any:
    """The candles of one of those markets that can be read; the user may search for another."""
    head, candles = html(""), CandleChart(page, below=True)
    shown = section("", head, candles, visible=False)

    def show(found: Sequence[RecentCloses]) -> None:
        readable = {price.series.market: price.series for price in found if not price.fault}
        shown.visible = bool(readable)
        if readable:
            draw(readable, page.query.get("market", ""))

    def draw(readable: dict[str, Series], asked: str) -> None:
        series = readable.get(asked) or next(iter(readable.values()))
        note = f"{series.interval} · {series.exchange} · UTC"
        link = f'<a href="{escape(page.link("data", series=str(series)))}">{escape(series.market)} ›</a>'
        head.object = f'<div class="head"><h2>{link}</h2><span class="note">{escape(note)}</span></div>'
        candles.show(LakeCandles(page.bucket, series))
        candles.offer(list(readable), series.market, lambda market: choose(readable, market))

    def choose(readable: dict[str, Series], market: str) -> None:
        page.remember(market=market)
        draw(readable, market)

    page.load(lambda: newest(page.bucket, page.settings.exchange), show)
    return shown


def newest(bucket: Bucket, exchange: str) -> list[RecentCloses]:
    """The longest daily series of an exchange (of any, where it has none), with their newest closes."""
    lake = Lake(bucket)
    days = [status for status in lake.status() if status.series.interval == "1d" and status.last is not None]
    home = [status for status in days if status.series.exchange == exchange] or days
    chosen = sorted(home, key=lambda status: (-status.rows, status.series))[:_MOST]
    return [recent_closes(lake, status) for status in chosen]


def _metric(price: RecentCloses, page: PageState) -> Metric:
    link = page.link("data", series=str(price.series))
    closes, quote = price.closes, quote_of(price.series.market)
    if not closes:
        said = ("unreadable", "see below") if price.fault else ("–", "")
        return Metric(price.series.market, *said, link=link)
    closed = min(intervals.next_open(price.series.interval, price.last), now())
    change = 100 * (closes[-1] / closes[-2] - 1) if len(closes) > 1 else None
    old = f"closed {age((now() - closed) / 1000)} ago"
    note = f"{percent(change, signed=True)} in a day, {old}" if change is not None else old
    hint = f"close of the day {when(price.last, 'UTC')[:10]} UTC, against the day before; {price.series}"
    period = f"{len(closes)} days {percent(100 * (closes[-1] / closes[0] - 1), signed=True)}"
    value = amount(closes[-1], quote)
    return Metric(price.series.market, value, note, tone(change), closes, hint, period=period, link=link)
