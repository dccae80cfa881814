"""One series: its candles as a chart at any zoom, its newest rows, its holes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import pyarrow as pa

from cqs_core import DataError, Lake, Series, UsageError
from cqs_core.lake import stamps
from cqs_core.time import intervals
from cqs_core.time.clock import parse_start
from cqs_data.views.files import DeleteButton
from cqs_data.views.live import LiveSwitch
from cqs_panel import (
    WIDE,
    Band,
    CandleChart,
    LakeCandles,
    TailedCandles,
    columns_button,
    count,
    empty,
    fill,
    plain_table,
    section,
    stack,
    table,
    when,
    zone_name,
)
from cqs_panel.charts import or_damage

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cqs_core import SeriesStatus
    from cqs_core.lake import Gaps
    from cqs_panel import PageState

_NEWEST = 200
_LONGEST = 12


class SeriesPanel(pn.viewable.Viewer):
    """Shows the chosen series.

    Args:
        page: the Data page.
        changed: called after the series was deleted.

    Attributes:
        details: its newest rows and its holes, to be placed elsewhere on the page.
    """

    def __init__(self, page: PageState, changed: Callable[[], None]) -> None:
        super().__init__()
        self._page = page
        self._delete = DeleteButton(page, changed)
        self._chart = CandleChart(page)
        self._live = LiveSwitch(page, self._chart)
        self._holes: Gaps | None = None
        self._rows: pd.DataFrame | DataError | None = None
        self._title = pn.Column(**WIDE)
        self.details = stack(visible=False)

    def __panel__(self) -> Any:
        return self._title

    def blank(self, title: str, advice: str) -> None:
        """Say why no series is shown."""
        self._live.clear()
        self._title[:] = [section("", empty(title, advice))]
        self._rows = None
        fill(self.details)

    def show(self, one: SeriesStatus, holes: Gaps) -> None:
        """Show a series of the lake."""
        series, source = Series(*one.series), TailedCandles(LakeCandles(self._page.bucket, Series(*one.series)))
        made = " · from an endpoint, not the real exchange" if "endpoint" in one.sources else ""
        self._delete.show(series)
        self._live.show(one, source)  # first: a switch that is being redrawn misses changes made right after
        self._title[:] = [
            section(str(series), self._chart, note=f"times in UTC{made}", actions=[self._delete, self._live])
        ]
        self._look(source)
        self._holes = holes
        self._page.load(lambda: or_damage(lambda: newest(self._page.bucket, series)), self._have_rows)

    def _look(self, source: TailedCandles) -> None:
        """At the moment that the address names, marked; else at the newest candles."""
        at = _moment(self._page.query.get("at", ""))
        if at is None:
            self._chart.show(source)
            self._chart.mark([])
            return
        around, end = 60 * source.base, at + source.base
        self._chart.show(source, at - around, end + around)
        self._chart.mark([Band(f"{when(at, 'UTC')} UTC", at, end, "warning")])

    def _have_rows(self, rows: pd.DataFrame | DataError) -> None:
        self._rows = rows
        self._page.later(lambda: self._show_rows(rows))

    def _show_rows(self, rows: pd.DataFrame | DataError) -> None:
        if rows is not self._rows:
            return
        if isinstance(rows, DataError):
            unread = empty("They cannot be read", "The chart says why, and what to do.")
            fill(self.details, section("Newest candles", unread), self._gaps_section())
            return
        zone = self._page.settings.timezone
        shown = rows.assign(time=[when(ts, zone) for ts in rows.pop("ts")])
        shown = shown[["time", "open", "high", "low", "close", "volume"]]
        prices = dict.fromkeys(("open", "high", "low", "close", "volume"), "")
        titles = {name: name.capitalize() for name in shown.columns}
        preview = table(shown, titles=titles, prices=prices, page_size=10, phone=("time", "close", "volume"))
        note = f"the last {len(shown)}, by their open; times in {zone_name(zone)}"
        fill(
            self.details,
            section("Newest candles", preview, note=note, actions=[columns_button(preview)]),
            self._gaps_section(),
        )

    def _gaps_section(self) -> Any:
        return section("Holes", self._gap_table(), note=self._gap_note())

    def _gap_note(self) -> str:
        holes = self._holes
        more = f"the {_LONGEST} longest of {count(len(holes))}, " if holes and len(holes) > _LONGEST else ""
        return f"{more}between first and last candle"

    def _gap_table(self) -> Any:
        zone = self._page.settings.timezone
        longest = self._holes.longest(_LONGEST) if self._holes else []
        rows = [(when(gap.start, zone), when(gap.end, zone), count(gap.bars), gap.cause) for gap in longest]
        return plain_table(("From", "Next candle", "Bars", "Cause"), rows or [("none", "", "", "")], numbers=(2,))


def _moment(text: str) -> int | None:
    try:
        return parse_start(text) if text else None
    except UsageError:
        return None


def newest(bucket: Any, series: Series) -> pd.DataFrame:
    """The newest candles, newest first: ts (ms UTC), open, high, low, close, volume."""
    lake = Lake(bucket)
    last = max((o.last for o in lake.objects(series) if o.rows), default=0)
    table = lake.read(series, intervals.next_open(series.interval, last, -2 * _NEWEST), missing_ok=True)
    frame: pd.DataFrame = table.set_column(0, "ts", pa.array(stamps(table))).to_pandas()
    return frame.tail(_NEWEST).iloc[::-1].reset_index(drop=True)
