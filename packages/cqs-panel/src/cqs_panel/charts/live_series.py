"""A series whose newest candles come from the market: its feed, and the candles behind the stored ones."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from cqs_core import plugins
from cqs_core.isolation import limited
from cqs_core.time import clock, intervals
from cqs_core.time.intervals import DAY, HOUR, MINUTE
from cqs_panel import patience
from cqs_panel.charts.tail import TailedCandles
from cqs_panel.figures import age, count
from cqs_panel.view import loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket, Series
    from cqs_panel.charts.sources import CandleSource
    from cqs_panel.view import JoinedFeed, LiveCandles, LiveFeed

_QUIET = 30.0  # seconds without news after which that is said


class Possible(NamedTuple):
    """Whether a series can be followed.

    Attributes:
        feed: the one that has it.
        why: what is in the way, where there is none.
        last: open of the last stored candle, ms UTC.
    """

    feed: LiveFeed | None
    why: str
    last: int | None


class LiveSeries:
    """One series of a chart, followed or not.

    Args:
        series: which.
        stored: its source without newer candles.
        bucket: of the lake.
        endpoint: in place of the real exchange.
    """

    def __init__(self, series: Series, stored: CandleSource, bucket: Bucket, endpoint: str | None) -> None:
        self.series = series
        self.source = TailedCandles(stored)
        self.said: tuple[str, str, str] = ("", "", "")  # state, line, more
        self._bucket, self._endpoint = bucket, endpoint
        self._day_start = getattr(stored, "day_start", 0)
        self._last: int | None = None
        self._seen: LiveCandles | None = None
        self._at = 0.0
        self._joined: JoinedFeed | None = None
        self._leave: Callable[[], Any] | None = None

    @property
    def joined(self) -> bool:
        return self._joined is not None

    def possible(self) -> Possible:
        """Find its feed; it reads the lake, so call it in a thread."""
        why = own_days(self.series, self._day_start)
        feeds = plugins().feeds().values() if not why else ()
        last = self.source.last_stored()
        for feed in feeds:
            said = _obstacle(feed, self._bucket, self.series, self._endpoint)
            if not said:
                return Possible(feed, "", last)
            why = why or said
        return Possible(None, why, last)

    def join(self, found: Possible) -> None:
        """Follow it from now on."""
        if self._joined is None and found.feed is not None:
            self._last, self._seen, self._at = found.last, None, time.monotonic()
            self._joined = joined = loaded(found.feed.join)(self.series, self._endpoint)
            self._leave = leave = weakref.finalize(self, joined.leave)  # charts are thrown away without a word
            leave.atexit = False

    def leave(self) -> None:
        """Follow it no longer; the candles that came stay until `forget`."""
        if self._leave is not None:
            self._leave()
        self._joined = self._leave = self._seen = None

    def forget(self) -> int | None:
        """Drop the candles that came; the open of the first one, if there was one."""
        self.said = ("", "", "")
        return self.source.follow(())

    def stored_until(self, last: int | None) -> int | None:
        """Take note of what is stored now; the open of the first candle that was not, if there is one."""
        if last is None or last == self._last:
            return None
        since = last if self._last is None else self._last + 1
        self._last, self._seen = last, None
        return since

    def look(self) -> int | None:
        """Take what is new; the open of the first candle that is another than before, if there is one.

        Raises:
            Exception: the feed is broken.
        """
        if self._joined is None:
            return None
        news = self._joined.news
        if news is self._seen:
            self.said = _with_silence(news, self.said, time.monotonic() - self._at)
            return None
        self._seen, self._at = news, time.monotonic()
        self.said = news.state, status_line(news, self.series.interval, self._last), news.said
        newer = [c for c in news.candles if self._last is None or c.ts > self._last]
        return self.source.follow([(c.ts, c.open, c.high, c.low, c.close, c.volume) for c in newer])


def status_line(news: LiveCandles, interval: str, last: int | None) -> str:
    """How it goes, in a line; `last` is the open of the last stored candle."""
    if news.state == "refused":
        return f"{news.said}; switch Live off and on to ask again"
    missing = bars_behind(news, interval, last)
    late = f" · the lake is {count(missing)} bars behind; update it" if missing else ""
    return f"live{late}" if news.state == "live" else f"{news.state} …"


def bars_behind(news: LiveCandles, interval: str, last: int | None) -> int:
    """Bars between the lake's last candle and the first that the feed has."""
    if last is None or not news.candles:
        return 0
    return intervals.count(interval, last + 1, news.candles[0].ts)


def ended(what: str, end: int, interval: str) -> str:
    """Why a chart of something that has ended does not follow the market; empty where it ends about now.

    Args:
        what: `this run`.
        end: of its last bar, ms UTC.
        interval: of its bars.
    """
    if clock.now() - end < max(DAY, 2 * intervals.length(interval)):
        return ""
    return (
        f"{what} ends {clock.iso(end)[:10]}, so it does not follow the market; the Data page shows these candles live"
    )


def own_days(series: Series, day_start: int) -> str:
    """Why days that do not begin at 00:00 UTC cannot be followed."""
    if not day_start or intervals.length(series.interval) < DAY:
        return ""
    begin = f"{day_start // HOUR:02d}:{day_start // MINUTE % 60:02d}"
    return f"days begin at {begin} UTC here (CQS_DAY_START), on the exchange at 00:00; take shorter candles"


def _with_silence(news: LiveCandles, said: tuple[str, str, str], seconds: float) -> tuple[str, str, str]:
    """Nothing may have been traded, or the exchange has stalled: who looks can judge it by the time."""
    if news.state != "live" or seconds < _QUIET:
        return said
    step = seconds // 10 * 10 if seconds < 60 else seconds
    return said[0], f"{said[1].partition(' · nothing for ')[0]} · nothing for {age(step)}", said[2]


def _obstacle(feed: LiveFeed, bucket: Bucket, series: Series, endpoint: str | None) -> str:
    """What a feed has against a series; its own failure is a problem of its plugin."""
    try:
        return str(limited(lambda: loaded(feed.obstacle)(bucket, series, endpoint), patience.SECONDS))
    except Exception as error:  # noqa: BLE001 - a feed may fail in any way; the chart and the others live on
        host = plugins()
        host.report(host.owner("register_feeds", feed.name), f"feed {feed.name}", error)
        return f"{feed.name} cannot say whether it has {series}: {error}"
