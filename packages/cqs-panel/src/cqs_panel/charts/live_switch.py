"""The button that lets a candle chart follow the market, on any page, and a line on how that goes."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from cqs_core import CqsError, plugins
from cqs_panel.charts.damage_notice import or_damage
from cqs_panel.charts.live_series import LiveSeries, Possible
from cqs_panel.charts.tail import TailedCandles

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel.charts.chart_controls import ChartControls
    from cqs_panel.charts.sources import CandleSource
    from cqs_panel.state import PageState

_SECONDS = 0.05  # between two checks for new candles: what a tick waits for on its way to the screen
_TITLE = "follow the market"


class LiveSwitch:
    """Off at first, since a page makes no request on its own; `live=1` in the address.

    Args:
        page: that shows the chart.
        controls: with the choice, `live`.
        figure: of the chart; once it has left the page nothing is followed.
        redraw: called with the open of the first candle that is another than before, ms UTC.
        beside: called with whether it is followed, again and again: for what follows with it.
    """

    def __init__(
        self,
        page: PageState,
        controls: ChartControls,
        figure: Any,
        redraw: Callable[[int], None],
        beside: Callable[[bool], None],
    ) -> None:
        self._page, self._controls, self._figure, self._redraw = page, controls, figure, redraw
        self._beside = beside
        self._one: LiveSeries | None = None
        self._before: LiveSeries | None = None  # the same series, shown anew: it is left when it is followed again
        self._past = ""
        self._asking = self._drawn = False

    @property
    def on(self) -> bool:
        return self._controls.chosen["live"] == "1"

    def open(self, source: CandleSource, past: str = "") -> CandleSource:
        """The source that the chart is to show in place of one: newer candles come behind its own.

        Args:
            source: one without a series, or with newer candles already, cannot be followed here.
            past: why this chart shows the past, where it does; empty else.
        """
        old, self._one, self._past = self._one, None, past
        if source.series is None or isinstance(source, TailedCandles) or not plugins().feeds():
            self._controls.update(live=None)
        else:
            self._one = LiveSeries(source.series, source, self._page.bucket, self._page.settings.endpoint)
        if old is not None and old.joined:
            if self._one is not None and old.series == self._one.series and not past:
                self._leave_before()
                self._before = old
            else:
                old.leave()
        self._say()
        return self._one.source if self._one is not None else source

    def begin(self) -> None:
        """Follow, where that is chosen; called once the stored candles are shown."""
        if self.on:
            self.turn()

    def turn(self) -> None:
        """What the user chose, or the page, which may be hidden now."""
        if self._one is None:
            self._leave_before()
        elif not self.on:
            self._leave_before()
            self._one.leave()
            self._beside(False)
            if (since := self._one.forget()) is not None:
                self._redraw(since)
        elif self._past:
            self._refuse(self._past)
            return
        elif not self._seen_by_user():
            self.leave()
        elif not (self._one.joined or self._asking):
            self._asking, self._one.said = True, ("", "", "")
            _watch(self._page).take(self)
            one = self._one
            self._page.load(lambda: (one, or_damage(one.possible)), self._found, quiet=True)
        self._say()

    def leave(self) -> None:
        """Follow nothing, until the user looks again."""
        self._leave_before()
        if self._one is not None:
            self._one.leave()
            self._beside(False)

    def look(self) -> None:
        """Show what is new."""
        one = self._one
        if one is None or not self.on:
            return
        if not self._seen_by_user():
            self.leave()
        elif not one.joined:
            self.turn()
        else:
            self._take(one)

    def refresh(self) -> None:
        """A job has ended: it may have stored what was missing."""
        one = self._one
        if one is not None and one.joined:
            self._page.load(lambda: (one, or_damage(one.source.last_stored)), self._stored, quiet=True)

    def _take(self, one: LiveSeries) -> None:
        try:
            since = one.look()
        except Exception as error:  # noqa: BLE001 - a feed may break in any way; the chart and the others live on
            self._controls.choose(live="")
            self._page.fail("live candles", error)
            self.turn()
            return
        self._say()
        if since is not None:
            self._redraw(since)
        self._beside(True)

    def _found(self, got: tuple[LiveSeries, Possible | CqsError]) -> None:
        one, found = got
        self._asking = False
        if one is not self._one or not self.on:
            self.begin()
        elif isinstance(found, CqsError):
            self._refuse("the stored candles cannot be read")
        elif found.feed is None:
            self._refuse(found.why)
        elif self._seen_by_user():
            one.join(found)
            self._leave_before()
            self._take(one)

    def _stored(self, got: tuple[LiveSeries, int | CqsError | None]) -> None:
        one, last = got
        if one is not self._one or not one.joined or isinstance(last, CqsError):
            return
        if (since := one.stored_until(last)) is not None:
            self._redraw(since)

    def _refuse(self, why: str) -> None:
        """Say why it stays off."""
        self.leave()
        self._controls.choose(live="")
        if self._one is not None:
            self._one.said = "refused", why, ""
        self._say()

    def _leave_before(self) -> None:
        if self._before is not None:
            self._before.leave()
            self._before = None

    def _seen_by_user(self) -> bool:
        """Whether the page is shown, and the chart is on it: once it has been drawn it is part of a document."""
        self._drawn = self._drawn or self._figure.document is not None
        return bool(self._page.shown) and (self._figure.document is not None or not self._drawn)

    def _say(self) -> None:
        if self._one is not None:
            state, said, more = self._one.said
            if self.on and not state:
                state, said = "connecting", "connecting …"
            shown = {"on": self.on, "title": self._past or _TITLE, "state": state, "said": said, "more": more}
            self._controls.update(live=shown)


class _Watch:
    """One timer for the charts of a page; it does not keep them."""

    def __init__(self, page: PageState) -> None:
        self._switches: weakref.WeakSet[LiveSwitch] = weakref.WeakSet()
        page.param.watch(lambda _: self._each(LiveSwitch.turn), "shown")
        page.every(_SECONDS, lambda: self._each(LiveSwitch.look))
        page.on_job(lambda _: self._each(LiveSwitch.refresh))
        page.at_end(lambda: self._each(LiveSwitch.leave))

    def take(self, switch: LiveSwitch) -> None:
        self._switches.add(switch)

    def _each(self, call: Callable[[LiveSwitch], None]) -> None:
        for one in list(self._switches):
            call(one)


_watches: weakref.WeakKeyDictionary[PageState, _Watch] = weakref.WeakKeyDictionary()


def _watch(page: PageState) -> _Watch:
    if page not in _watches:
        _watches[page] = _Watch(page)
    return _watches[page]
