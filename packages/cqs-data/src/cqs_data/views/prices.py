"""What the overview shows of the lake: the newest prices, and one market as a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import panel as pn

from cqs_core import DataError, Lake, Series, intervals
from cqs_panel.charts.candles import CandleChart
from cqs_panel.charts.sources import LakeCandles
from cqs_panel.figures import amount, percent, when
from cqs_panel.metrics import Metric, metric_cards, metrics_html, tone
from cqs_panel.sections import empty, section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket, SeriesStatus
    from cqs_panel import PageState

_MOST = 6
_BARS = 60
_SECONDS = 60.0
_WHOLE = {"sizing_mode": "stretch_width", "margin": 0}


class Price(NamedTuple):
    """The newest closes of a series, oldest first; `last` is the open of the newest candle, ms UTC."""

    series: Series
    closes: Sequence[float]
    last: int


def prices(page: PageState) -> Any:
    """A row of metric cards, one a market of the home exchange."""
    cards = metric_cards([])
    shown = pn.Column(cards, **_WHOLE)

    def show(found: Sequence[Price]) -> None:
        if not found:
            advice = "Fetch some, and their prices are here:"
            shown[:] = [
                section("Candles", empty("No candles yet", advice, "cqs fetch --symbols BTC,ETH --interval 1d"))
            ]
            return
        cards.object = metrics_html([_metric(price, page.settings.timezone) for price in found])
        shown[:] = [cards]

    page.every(_SECONDS, lambda: page.load(lambda: newest(page.bucket, page.settings.exchange), show, quiet=True))
    return shown


def chart(page: PageState) -> Any:
    """The candles of the first of those markets."""
    shown = pn.Column(**_WHOLE)
    candles = CandleChart(page)

    def show(found: Sequence[Price]) -> None:
        if found:
            series = found[0].series
            note = f"{series.interval} · {series.exchange} · UTC"
            shown[:] = [section(series.market, candles, note=note)]
            candles.show(LakeCandles(page.bucket, series))

    page.load(lambda: newest(page.bucket, page.settings.exchange), show)
    return shown


def newest(bucket: Bucket, exchange: str) -> list[Price]:
    """The longest daily series of an exchange (of any, where it has none), with their newest closes."""
    lake = Lake(bucket)
    days = [status for status in lake.status() if status.series.interval == "1d" and status.last is not None]
    home = [status for status in days if status.series.exchange == exchange] or days
    chosen = sorted(home, key=lambda status: (-status.rows, status.series))[:_MOST]
    return [price for status in chosen if (price := _price(lake, status))]


def _price(lake: Lake, status: SeriesStatus) -> Price | None:
    """None where an object is damaged: the Data page says so, and the other markets are shown."""
    last = status.last or 0
    try:
        table = lake.read(status.series, intervals.next_open(status.series.interval, last, -_BARS))
    except DataError:
        return None
    return Price(status.series, table.column("close").to_numpy().tolist(), last)


def _metric(price: Price, timezone: str | None) -> Metric:
    closes, quote = price.closes, price.series.market.partition("/")[2].partition(":")[0]
    change = 100 * (closes[-1] / closes[-2] - 1) if len(closes) > 1 else None
    note = f"{percent(change, signed=True)} that day" if change is not None else ""
    hint = f"close of the day {when(price.last, timezone)[:10]}, against the day before; {price.series}"
    return Metric(price.series.market, amount(closes[-1], quote), note, tone(change), closes, hint)
