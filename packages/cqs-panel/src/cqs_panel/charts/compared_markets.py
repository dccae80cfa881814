"""Other markets on a candle chart: chosen above it, kept in the address, drawn for what is in view."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cqs_core import CqsError, Lake
from cqs_panel.charts.compared_market import ComparedMarket, Market, Window, markets_of
from cqs_panel.theme.palette import COMPARED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_panel.charts.chart_controls import ChartControls
    from cqs_panel.charts.compared_lines import ComparedLines, Curve
    from cqs_panel.charts.sources import CandleSource
    from cqs_panel.state import PageState

_SECONDS = 1.0  # between two drawings of candles that come live


class ComparedMarkets:
    """What the user compares with the candles.

    Args:
        page: the view that shows the chart.
        controls: with the choice, `compare`.
        lines: of the chart.
    """

    def __init__(self, page: PageState, controls: ChartControls, lines: ComparedLines) -> None:
        self._page, self._controls, self._lines = page, controls, lines
        self._source: CandleSource | None = None
        self._window: Window | None = None
        self._members: dict[Market, ComparedMarket] = {}
        self._known: Sequence[Market] | None = None
        self._drawn_at = 0.0

    @property
    def chosen(self) -> list[Market]:
        """Those of the address, in their order."""
        return markets_of(self._controls.chosen["compare"], len(COMPARED))

    def open(self, source: CandleSource) -> None:
        """Another source is shown: its own market is not compared with itself."""
        self._source, self._window = source, None
        for one in self._members.values():
            one.leave()
        self._members = {}
        self.choose()

    def answer(self, what: str, value: Any) -> None:
        """What the user did above the chart: `compare with` or `uncompare` a market; `markets` asks for a list."""
        if what == "markets":
            self._offer_soon()
        elif isinstance(value, str) and (asked := markets_of(value, 1)):
            chosen = [one for one in self.chosen if one != asked[0]]
            if what == "compare with" and len(chosen) == len(COMPARED):
                self._page.say(f"A chart compares up to {len(COMPARED)} markets; remove one first.")
                return
            self._controls.choose(compare=",".join(map(str, [*chosen, *asked] if what == "compare with" else chosen)))
            self.choose()

    def choose(self) -> None:
        """Compare with those of the address."""
        source = self._source
        if source is None:
            return
        wanted, had = [one for one in self.chosen if one != _market(source)], self._members
        self._members = {
            one: had.get(one) or ComparedMarket(self._page, one, source.base, self._changed) for one in wanted
        }
        for one in had.keys() - self._members.keys():
            had[one].leave()
        if wanted:
            self._lines.begin()
        self._offer()
        self._draw()
        self._ask()

    def follow(self, start: int, end: int, step: int) -> None:
        """Draw them for `[start, end)`, ms UTC, in buckets of `step` ms."""
        self._window = Window(start, end, step)
        self._ask()

    def extend(self, end: int) -> None:
        """The candles go on until `end`, ms UTC; so do the lines, with their own next candles."""
        if self._window is not None:
            self._window = self._window._replace(end=end)

    def live(self, on: bool) -> None:
        """Follow their markets or not; called again and again while the chart does."""
        for one in self._members.values():
            one.follow(on=on)
        stale = any(one.stale for one in self._members.values())
        if stale and time.monotonic() - self._drawn_at > _SECONDS:
            self._ask()

    def _ask(self) -> None:
        window, members = self._window, list(self._members.values())
        if window is None:
            return
        ready = [one for one in members if one.window is not None]
        for one in members:
            if one.window is None:
                one.begin(window)
        if ready:
            self._drawn_at = time.monotonic()
            for one in ready:
                one.stale = False
            self._page.load(lambda: (window, [(one, one.read(window)) for one in ready]), self._take, quiet=True)

    def _take(self, got: tuple[Window, list[tuple[ComparedMarket, Curve | CqsError]]]) -> None:
        window, read = got
        for one, curve in read:
            one.take(window, curve)
        self._draw()

    def _changed(self, one: ComparedMarket) -> None:
        """The first curve of one is there, or it cannot be read."""
        if self._members.get(one.market) is one:
            self._draw()
            if one.window != self._window:
                self._ask()

    def _colored(self) -> list[tuple[str, ComparedMarket]]:
        return list(zip(COMPARED, self._members.values(), strict=False))

    def _draw(self) -> None:
        drawn = [(str(one.market), color, one.curve) for color, one in self._colored() if one.curve is not None]
        self._lines.show(drawn)
        own = _market(self._source)
        chips = [{"key": "=", "title": own.name if own else "", "color": "var(--cqs-text)", "note": ""}]
        for color, one in self._colored():
            note = one.note if one.window is not None else "Loading …"
            chips.append({"key": str(one.market), "title": _title(one.market, own), "color": color, "note": note})
        self._controls.update(compared=chips if self._members else [])

    def _offer_soon(self) -> None:
        bucket = self._page.bucket

        def work() -> list[Market]:
            return sorted({Market(one.exchange, one.market) for one in Lake(bucket).series()})

        self._page.load(work, self._take_known, quiet=True)

    def _take_known(self, known: Sequence[Market]) -> None:
        self._known = known
        self._offer()

    def _offer(self) -> None:
        """What can be added: the markets of the lake, those of the chart's exchange first."""
        own = _market(self._source)
        if own is None:
            self._controls.update(addable=None)
            return
        others = [one for one in self._known or () if one != own and one not in self._members]
        others.sort(key=lambda one: (one.exchange != own.exchange, one))
        entries = [[str(one), _title(one, own)] for one in others]
        self._controls.update(addable={"entries": entries, "known": self._known is not None})


def _market(source: CandleSource | None) -> Market | None:
    series = source.series if source is not None else None
    return None if series is None else Market(series.exchange, series.market)


def _title(market: Market, own: Market | None) -> str:
    """Its name; and its exchange, where that is another one than the chart's."""
    return market.name if own is not None and market.exchange == own.exchange else f"{market.name} · {market.exchange}"
