"""The Compare page: did the bot trade what the backtest says?"""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import panel as pn

from cqs_core import CqsError, Series, UsageError, plugins
from cqs_monitor import charts
from cqs_monitor.compare.kept_comparison import kept_comparison
from cqs_monitor.compare.notes import notes
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.views import comparison_layers, comparison_text, figure_chart, holdings_table
from cqs_monitor.views.compared_positions import ComparedPositions
from cqs_monitor.views.comparison_form import ComparisonForm
from cqs_monitor.views.controls import seconds_between
from cqs_monitor.views.figure_chart import FigureChart
from cqs_monitor.views.no_logs import no_logs
from cqs_panel import (
    WIDE,
    SpotChart,
    Workbench,
    beside,
    empty,
    ended,
    failure,
    fill,
    html,
    metric_cards,
    metrics_html,
    section,
    skeleton,
    stack,
    staged,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket
    from cqs_monitor.compare.comparison import BotComparison, ComparisonRequest
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.reader import Reader, Reading
    from cqs_panel import PageState

_BRIDGE = 260  # pixels of its height


class CompareView(pn.viewable.Viewer):
    """A form at the left; bridge, deviations and positions at the right. A new row in the log compares again."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._reader = reader_of(page.bucket.address)
        self._question: ComparisonRequest | None = None
        self._seen: Snapshot | None = None
        self._working = False
        self._answered: ComparisonRequest | None = None
        self._found: BotComparison | None = None
        self._form: ComparisonForm | None = None
        self._fields = pn.Column(**WIDE)
        self._bench = Workbench(
            "Bot vs backtest", self._fields, "Compare with the backtest", self._submit, changes=False
        )
        self._bench.fold(open_=False)
        self._bench.alone(yes=True)
        self._blank = pn.Column(skeleton(5, waits=True), **WIDE)  # until the first comparison is there
        self._unseen = html("", visible=False)
        self._cards = metric_cards([], least=240)
        self._bridge = FigureChart(page, _BRIDGE)
        self._deviations = html("", stylesheets=[holdings_table.CSS])
        self._notes = html("", stylesheets=[holdings_table.CSS])
        self._positions = ComparedPositions(page)
        self._chart: SpotChart | None = None  # below the fold
        self._market = ""  # while another one is chosen
        self._body = pn.Column(visible=False, **WIDE)
        self._bench.results[:] = [self._blank, self._body]
        page.load(lambda: self._reader.read(8.0), self._offer)
        page.every(seconds_between(page), self._look)
        page.param.watch(self._followed, "query")

    def __panel__(self) -> Any:
        return self._bench

    def _laid_out(self) -> Any:
        note = f"net {self._found.form.currency if self._found else ''}; the axis need not begin at 0"
        return staged(
            self._page,
            stack(self._unseen, self._cards),
            beside(
                section("From backtest to live", self._bridge, note=note),
                section("Deviations", self._deviations),
                columns="3fr 2fr",
            ),
            self._positions.place(),
            self._candles,
            section("What the log does not show", self._notes),
            first=5 if self._page.query.get("position") else 2,
        )

    def _candles(self) -> SpotChart:
        note = "bot's fills; shaded: the strategy holds; times in UTC"
        day = self._page.settings.day_start
        self._chart = SpotChart(
            self._page, "cqs-compare-chart", note, height=320, day_start=day, own=["monitor.trades"]
        )
        self._draw()
        return self._chart

    def _offer(self, reading: Reading) -> None:
        accounts = reading.snapshot.accounts
        if not plugins().strategies():
            advice = "A comparison runs one over the lake's candles."
            self._say(empty("No strategy is installed", advice, "uv add cqs-backtest"))
        elif not accounts:
            self._say(no_logs(reading, self._page.link("monitor")))
        elif self._form is None:
            self._form = form = ComparisonForm(self._page, accounts)
            self._fields[:] = [form.text()]
            self._page.later(lambda: fill(self._fields, form))
            self._bench.alone(yes=False)
            self._submit()
        else:
            self._form.offer(accounts)

    def _say(self, blank: Any) -> None:
        """Show this in place of a comparison."""
        self._body.visible, self._blank.visible = False, True
        self._blank[:] = [section("", blank)]

    def _look(self) -> None:
        """Compare again where the log has changed."""
        self._page.load(lambda: self._reader.read(2.0), self._again, quiet=True)

    def _again(self, reading: Reading) -> None:
        self._offer(reading)
        if self._question is not None and not self._working and reading.snapshot is not self._seen:
            self._start(self._question, quiet=True)

    def _submit(self) -> None:
        """Compare as the form says, or show what is wrong with it."""
        if self._form is None:
            return
        first = self._question is None
        try:
            self._question = self._form.request()
        except UsageError as error:
            self._bench.show_message(failure("This cannot be compared", error))
            return
        self._bench.show_message()
        self._bench.busy(working=not first)  # at first a skeleton says so
        self._start(self._question, quiet=False)

    def _start(self, request: ComparisonRequest, *, quiet: bool) -> None:
        bucket, reader, self._working = self._page.bucket, self._reader, True
        self._page.load(lambda: _answer(bucket, reader, request), self._show, quiet=quiet)

    def _show(self, answer: _Answer) -> None:
        request, seen, found, drawn = answer
        if request is not self._question:
            return
        self._seen, self._working = seen, False
        self._bench.busy(working=False)
        if isinstance(found, CqsError):
            self._found = None
            self._body.visible, self._blank.visible = False, True
            self._blank[:] = [failure("This cannot be compared", found)]
            return
        if isinstance(found, Exception):
            raise found
        before, self._found = self._found, found
        other, self._answered = self._answered is not request, request
        self._blank.visible = False
        self._unseen.object, self._unseen.visible = comparison_text.unseen(found), bool(found.incomplete)
        self._cards.object = metrics_html(comparison_text.metrics(found))
        self._bridge.update(*_bridge(found), drawn=drawn)
        self._deviations.object = comparison_text.deviations(found, self._page)
        self._notes.object = f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes(found))}</ul>"
        self._positions.show(found)
        self._draw()
        if not self._body.objects or (before and before.form is not found.form):
            self._body[:] = [self._laid_out()]  # with all that it shows, so that the browser draws it once
        self._body.visible = True
        if before is not None and other:
            self._page.say(comparison_text.change(before, found))

    def _followed(self, event: Any) -> None:
        if event.old.get("position") != event.new.get("position") and self._found is not None:
            self._draw()

    def _draw(self) -> None:
        """The position that the address names; else the market drawn before, else that of the newest position."""
        assert self._found is not None
        found, wanted = self._found, self._page.query.get("position", "")
        if self._chart is None and not wanted:
            return
        chosen, newest = self._positions.chosen(), self._positions.newest()
        if wanted and chosen is None:
            self._page.remember(position=None)
            self._page.say(f"There is no position {wanted[:60]!r} in this comparison.")
        setup, symbols = found.setup, found.result.candles.symbols
        drawn = self._market or (self._chart.series.market if self._chart and self._chart.series else "")
        if chosen is not None:
            market, spot = str(chosen["symbol"]), comparison_layers.spot(found, chosen)
            self._positions.mark()
        elif drawn in symbols:
            market, spot = drawn, None
        else:
            market, spot = str(symbols[0] if newest is None else newest["symbol"]), None
        if self._chart is None:
            return
        past = ended("this comparison", found.end, setup.interval)
        series, layers = Series(setup.exchange, market, setup.interval), comparison_layers.layers(found, market)
        self._chart.show(series, layers, spot, past=past)
        self._chart.chart.offer(symbols, market, self._choose)

    def _choose(self, market: str) -> None:
        """Show the candles of another market, and no position."""
        self._market = market
        self._page.remember(position=None)
        self._draw()
        self._market = ""


class _Answer(NamedTuple):
    """What was asked, what it was answered from, the comparison or why there is none, and its chart."""

    request: ComparisonRequest
    seen: Snapshot | None
    found: BotComparison | Exception
    drawn: list[Any] | None = None


def _answer(bucket: Bucket, reader: Reader, request: ComparisonRequest) -> _Answer:
    """Errors are answers: what the user can fix is shown in place, and compared again when the log changes."""
    snapshot = None
    try:
        figures = reader.read(2.0).figures
        snapshot = figures.snapshot
        found = kept_comparison(bucket, figures, request)
    except Exception as error:  # noqa: BLE001 - the page must know that the work is over, however it ended
        return _Answer(request, snapshot, error)
    chart = None
    with suppress(Exception):  # its place draws it again, and says what is wrong
        chart = figure_chart.drawn(*_bridge(found))
    return _Answer(request, snapshot, found, chart)


def _bridge(found: BotComparison) -> tuple[Any, Callable[[], Any]]:
    """What the bridge shows, and what draws it."""
    bridge, currency = found.bridge, found.form.currency
    return (bridge, currency), lambda: charts.bridge(bridge, height=_BRIDGE, currency=currency, mode="page")


def build(page: PageState) -> Any:
    """For `cqs_panel.View`."""
    return CompareView(page)
