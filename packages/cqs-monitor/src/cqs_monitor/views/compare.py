"""The Compare page: did the bot trade what the backtest says?"""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, Series, UsageError, plugins
from cqs_monitor import charts
from cqs_monitor.compare.kept_comparison import kept_comparison
from cqs_monitor.compare.notes import notes
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.views import comparison_layers, comparison_table, comparison_text, figure_chart, holdings_table
from cqs_monitor.views.comparison_form import ComparisonForm
from cqs_monitor.views.controls import seconds_between
from cqs_monitor.views.figure_chart import FigureChart
from cqs_monitor.views.no_logs import no_logs
from cqs_panel import (
    ONE_LINE,
    WIDE,
    Previewed,
    SpotChart,
    Workbench,
    bar,
    beside,
    choose,
    columns_button,
    empty,
    ended,
    failure,
    fill,
    html,
    metric_cards,
    metrics_html,
    refresh,
    section,
    skeleton,
    stack,
    staged,
    table,
    table_csv,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core import Bucket
    from cqs_monitor.compare.comparison import BotComparison, ComparisonRequest
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.reader import Reader, Reading
    from cqs_panel import PageState

_BRIDGE = 260  # pixels of its height
_CLICK = "click one to see it on candles"
_ALL, _DIFFERING = "All positions", "Differences only"


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
        self._which: Any = None  # above the positions
        self._positions: Any = None  # its first rows are there before it, as text
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
            Previewed(section("Positions", self._first_rows(), note=_CLICK), self._list_positions),
            self._candles,
            section("What the log does not show", self._notes),
            first=5 if self._page.query.get("position") else 2,
        )

    def _first_rows(self) -> Any:
        assert self._found is not None
        rows = comparison_table.comparison_frame(self._found, self._page.settings.timezone)
        told = comparison_table.first_rows_html(rows, lambda key: self._page.link(position=key))
        return html(told, stylesheets=[comparison_table.FIRST_CSS])

    def _list_positions(self) -> Any:
        self._which = pmui.RadioButtonGroup(options=[_ALL, _DIFFERING], value=_ALL, size="small", margin=0, sx=ONE_LINE)
        self._which.param.watch(lambda _: self._list(), "value")
        self._positions = self._table()
        self._list()
        head = bar(self._which, columns_button(self._positions), table_csv(self._positions, "comparison.csv"))
        return section("Positions", head, self._positions, note=_CLICK)

    def _candles(self) -> SpotChart:
        note = "bot's fills; shaded: the strategy holds; times in UTC"
        day = self._page.settings.day_start
        self._chart = SpotChart(
            self._page, "cqs-compare-chart", note, height=320, day_start=day, own=["monitor.trades"]
        )
        self._draw()
        return self._chart

    def _table(self) -> Any:
        import pandas as pd

        blank = pd.DataFrame(columns=[*comparison_table.TITLES, "at"])
        return table(
            blank,
            titles=comparison_table.TITLES,
            numbers=comparison_table.NUMBERS,
            signed=comparison_table.SIGNED,
            prices=comparison_table.PRICES,
            phone=comparison_table.PHONE,
            widths={
                "opened": 92,
                "symbol": 84,
                "what": 92,
                "rule_pnl": 92,
                "live_pnl": 92,
                **dict.fromkeys(comparison_table.PRICES, 104),
            },
            hidden=["at"],
            more=list(comparison_table.PRICES),
            filters=["symbol", "what"],
            page_size=comparison_table.PAGE,
            on_click=self._focus,
        )

    def _offer(self, reading: Reading) -> None:
        accounts = reading.snapshot.accounts
        if not plugins().strategies():
            advice = "A comparison runs one over the lake's candles."
            self._say(empty("No strategy is installed", advice, "uv add cqs-backtest"))
        elif not accounts:
            self._say(no_logs(reading))
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
        self._list()
        self._draw()
        if not self._body.objects or (before and before.form is not found.form):
            self._body[:] = [self._laid_out()]  # with all that it shows, so that the browser draws it once
        self._body.visible = True
        if before is not None and other:
            self._page.say(comparison_text.change(before, found))

    def _list(self) -> None:
        if self._found is not None and self._positions is not None:
            differing = self._which.value == _DIFFERING
            zone = self._page.settings.timezone
            refresh(self._positions, comparison_table.comparison_frame(self._found, zone, differing=differing))
            self._mark()

    def _followed(self, event: Any) -> None:
        if event.old.get("position") != event.new.get("position") and self._found is not None:
            self._draw()

    def _draw(self) -> None:
        """The position that the address names; else the market drawn before, else that of the newest position."""
        assert self._found is not None
        found, wanted = self._found, self._page.query.get("position", "")
        if self._chart is None and not wanted:
            return
        rows = comparison_table.comparison_frame(found, self._page.settings.timezone)
        chosen = rows[[comparison_table.key(m, at) == wanted for m, at in zip(rows["symbol"], rows["at"], strict=True)]]
        if wanted and not len(chosen):
            self._page.remember(position=None)
            self._page.say(f"There is no position {wanted[:60]!r} in this comparison.")
        setup, symbols = found.setup, found.result.candles.symbols
        drawn = self._market or (self._chart.series.market if self._chart and self._chart.series else "")
        if len(chosen):
            market, spot = str(chosen["symbol"].iloc[0]), comparison_layers.spot(found, chosen.iloc[0])
            self._mark()
        elif drawn in symbols:
            market, spot = drawn, None
        else:
            market, spot = str(rows["symbol"].iloc[0] if len(rows) else symbols[0]), None
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

    def _mark(self) -> None:
        """Mark the position that the address names."""
        if self._positions is None:
            return
        rows, wanted = self._positions.value, self._page.query.get("position", "")
        keys = [comparison_table.key(m, at) for m, at in zip(rows["symbol"], rows["at"], strict=True)]
        choose(self._positions, keys.index(wanted) if wanted in keys else None)

    def _focus(self, row: int) -> None:
        chosen = self._positions.value.iloc[row]
        self._page.goto(
            self._page.slug,
            **self._page.query | {"position": comparison_table.key(str(chosen["symbol"]), int(chosen["at"]))},
        )


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
