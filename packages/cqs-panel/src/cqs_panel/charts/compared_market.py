"""One market that is compared on a candle chart: its series in the lake, its curve, its newest candles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cqs_core import CqsError, DataError, Lake
from cqs_core.time import intervals
from cqs_panel.charts.buckets import bucket_start, name_of
from cqs_panel.charts.compared_lines import Curve, curve_of
from cqs_panel.charts.damage_notice import or_damage
from cqs_panel.charts.live_series import LiveSeries, Possible
from cqs_panel.charts.sources import LakeCandles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cqs_core import Bucket, Series
    from cqs_panel.state import PageState

_UNEVEN = "1M"  # its candles fit into no other buckets


class Market(NamedTuple):
    """A market of an exchange; its text is `upbit ETH/KRW`."""

    exchange: str
    name: str

    def __str__(self) -> str:
        return f"{self.exchange} {self.name}"


class Window(NamedTuple):
    """What is in view with its margins: `[start, end)` in ms UTC, and the length of the buckets."""

    start: int
    end: int
    step: int


def markets_of(text: str, most: int) -> list[Market]:
    """Those that an address names.

    >>> [str(one) for one in markets_of("upbit ETH/KRW,x,upbit ETH/KRW,binance BTC/USDT:USDT", 8)]
    ['upbit ETH/KRW', 'binance BTC/USDT:USDT']
    """
    parts = (part.strip().partition(" ") for part in text.split(","))
    return list(dict.fromkeys(Market(exchange, name) for exchange, _, name in parts if exchange and name))[:most]


def fitting(market: Market, known: Iterable[Series], base: int) -> Series | None:
    """The stored series of a market to draw over candles of `base` ms: as long, else shorter, else longer ones."""
    mine = {
        intervals.length(one.interval): one
        for one in known
        if (one.exchange, one.market) == market
        if one.interval != _UNEVEN or intervals.length(_UNEVEN) == base
    }
    shorter = [length for length in mine if length <= base and base % length == 0]
    longer = [length for length in mine if length > base]
    best = max(shorter) if shorter else min(longer, default=None)
    return None if best is None else mine[best]


class ComparedMarket:
    """It is read in threads, one at a time.

    Args:
        page: that shows the chart.
        market: which.
        base: length of the chart's candles, in ms.
        changed: called when its first curve is there, or what is said of it is another.

    Attributes:
        note: why there is no curve; or the length of its candles, where they are longer than the chart's.
        window: that of the curve; None until it was read once.
        stale: whether newer candles have come since.
    """

    def __init__(self, page: PageState, market: Market, base: int, changed: Callable[[ComparedMarket], None]) -> None:
        self.market, self.note = market, ""
        self.curve: Curve | None = None
        self.window: Window | None = None
        self.stale = False
        self._page, self._base, self._changed = page, base, changed
        self._live: LiveSeries | None = None
        self._asking = self._refused = False

    def begin(self, window: Window) -> None:
        """Read it for the first time; from then on it is read with the others."""
        if not self._asking:
            self._asking = True
            self._page.load(lambda: (window, self.read(window)), self._begun, quiet=True)

    def read(self, window: Window) -> Curve | CqsError:
        """Its curve in a window, in buckets that are as long as the chart's wherever its candles allow it."""
        return or_damage(lambda: self._read(window))

    def _read(self, window: Window) -> Curve:
        if self._live is None:
            self._live = self._found(self._page.bucket)
        source, step = self._live.source, window.step
        length = step if step % source.base == 0 else source.base
        self.note = "" if length == step else name_of(length)
        start, end = bucket_start(window.start, length), bucket_start(window.end - 1, length) + length
        return curve_of(source.buckets(start, end, length))

    def _found(self, bucket: Bucket) -> LiveSeries:
        series = fitting(self.market, Lake(bucket).series(), self._base)
        if series is None:
            raise DataError("the lake has no candles of it; fetch them on the Data page")
        return LiveSeries(series, LakeCandles(bucket, series), bucket, self._page.settings.endpoint)

    def take(self, window: Window, got: Curve | CqsError) -> None:
        """Take over what was read."""
        self.window = window
        self.curve = None if isinstance(got, CqsError) else got
        if isinstance(got, CqsError):
            self.note = str(got)

    def follow(self, *, on: bool) -> None:
        """Follow the market or not; called again and again."""
        live = self._live
        if live is None or self.window is None:
            return
        if not on:
            self._refused = False
            live.leave()
            self.stale = live.forget() is not None or self.stale
        elif live.joined:
            self._look(live)
        elif not (self._asking or self._refused):
            self._asking = True
            self._page.load(lambda: or_damage(live.possible), self._joins, quiet=True)

    def leave(self) -> None:
        """It is compared no longer, or no one looks."""
        if self._live is not None:
            self._live.leave()

    def _look(self, live: LiveSeries) -> None:
        try:
            self.stale = live.look() is not None or self.stale
        except Exception as error:  # noqa: BLE001 - a feed may break in any way; the chart and the others live on
            live.leave()
            self._refused = True
            self._page.fail("live candles", error)

    def _begun(self, got: tuple[Window, Curve | CqsError]) -> None:
        self._asking = False
        self.take(*got)
        self._changed(self)
        if (live := self._live) is not None:
            self._page.load(lambda: or_damage(live.source.warm), self._warmed, quiet=True)

    def _warmed(self, damage: CqsError | None) -> None:
        if damage is not None:
            self.note = str(damage)
            self._changed(self)

    def _joins(self, found: Possible | CqsError) -> None:
        self._asking = False
        if isinstance(found, CqsError) or found.feed is None:
            self._refused = True  # its line ends with the lake
        elif self._live is not None:
            self._live.join(found)
