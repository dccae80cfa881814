"""One series: its candles as a chart at any zoom, its newest rows, its holes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, Lake, UsageError
from cqs_core.time.clock import parse_start
from cqs_data.views.arguments import with_endpoint
from cqs_data.views.preview import CandlePreview, newest
from cqs_panel import (
    WIDE,
    Band,
    CandleChart,
    ConfirmButton,
    LakeCandles,
    count,
    empty,
    fill,
    operator_only,
    plain_table,
    section,
    stack,
    when,
)
from cqs_panel.charts import or_damage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from cqs_core import Series, SeriesStatus
    from cqs_core.lake import Gaps
    from cqs_panel import PageState

    Run = Callable[[Any, str, list[str]], None]

_LONGEST = 12


class SeriesPanel(pn.viewable.Viewer):
    """Shows the chosen series.

    Args:
        page: the Data page.
        changed: called after the series was deleted.
        run: starts a job: the button to disable meanwhile, a title, and the arguments of `cqs`.

    Attributes:
        details: its newest rows and its holes, to be placed elsewhere on the page.
    """

    def __init__(self, page: PageState, changed: Callable[[], None], run: Run) -> None:
        super().__init__()
        self._page, self._changed = page, changed
        self._series: SeriesStatus | None = None
        self._update = pmui.Button(label="Update", icon="refresh", variant="text", size="small", margin=0)
        self._update.on_click(lambda _: self._run_update(run))
        operator_only(self._update)
        self._delete: ConfirmButton | None = None
        self._chart = CandleChart(page)
        self._holes: Gaps | None = None
        self._rows: pd.DataFrame | CqsError | None = None
        self._title = pn.Column(**WIDE)
        self._drawn: tuple[Series, str] | None = None
        self.details = stack(visible=False)

    def __panel__(self) -> Any:
        return self._title

    def blank(self, title: str, advice: str) -> None:
        """Say why no series is shown."""
        self._chart.leave()
        self._title[:] = [section("", empty(title, advice))]
        self._drawn = self._rows = None
        fill(self.details)

    def show(self, one: SeriesStatus, holes: Gaps, others: Sequence[str] = ()) -> None:
        """Show a series of the lake; the names of `others` can be searched above its chart."""
        series, source = one.series, LakeCandles(self._page.bucket, one.series)
        made = " · from an endpoint, not the real exchange" if "endpoint" in one.sources else ""
        if self._series is None or self._series.series != one.series:
            self._delete, self._rows = self._deletion(series), None
        self._series = one
        self._draw(series, f"times in UTC{made}")
        self._look(source)
        self._chart.offer(others, str(series), lambda name: self._page.goto(self._page.slug, series=name))
        self._holes = holes
        self._page.load(lambda: (series, or_damage(lambda: newest(self._page.bucket, series))), self._have_rows)

    def _draw(self, series: Series, note: str) -> None:
        """The section, unless it is there: what is drawn anew loses clicks and changes of that moment."""
        if self._drawn != (series, note):
            self._drawn = series, note
            actions = [self._update, self._delete]
            self._title[:] = [section(str(series), self._chart, note=note, actions=actions)]

    def _deletion(self, series: Series) -> ConfirmButton:
        """A button for this series alone, whatever is shown when it is clicked; a refresh keeps its question open."""
        bucket = self._page.bucket

        def delete() -> None:
            self._page.load(lambda: Lake(bucket).delete(series), lambda _: self._changed())

        question = f"Delete all candles of {series}?"
        return ConfirmButton("Delete", question, delete, icon="delete", variant="text")

    def _run_update(self, run: Run) -> None:
        if self._series is not None:
            run(self._update, f"Update {self._series.series}", update_arguments(self._series))

    def _look(self, source: LakeCandles) -> None:
        """At the moment that the address names, marked; else at the newest candles."""
        at = _moment(self._page.query.get("at", ""))
        if at is None:
            self._chart.show(source)
            self._chart.mark([])
            return
        around, end = 60 * source.base, at + source.base
        self._chart.show(source, at - around, end + around)
        self._chart.mark([Band(f"{when(at, 'UTC')} UTC", at, end, "warning")])

    def _have_rows(self, found: tuple[Series, pd.DataFrame | CqsError]) -> None:
        series, rows = found
        if self._drawn is None or self._drawn[0] != series:  # another one is shown meanwhile, or none
            return
        self._rows = rows
        self._page.later(lambda: self._show_rows(rows))

    def _show_rows(self, rows: pd.DataFrame | CqsError) -> None:
        if rows is not self._rows:
            return
        if isinstance(rows, CqsError):
            unread = empty("They cannot be read", "The chart says why, and what to do.")
            fill(self.details, section("Candles", unread), self._gaps_section())
            return
        assert self._series is not None
        fill(self.details, CandlePreview(self._page, self._series.series, rows), self._gaps_section())

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


def update_arguments(one: SeriesStatus) -> list[str]:
    """The arguments of `cqs` that fetch what came since the last candle of one series."""
    exchange, market, interval = one.series
    made = ["fetch", "--exchange", exchange, "--symbols", market, "--interval", interval]
    made += ["--start", when(one.last, "UTC")[:10]] if one.last is not None else []
    return with_endpoint(*made) if "endpoint" in one.sources else made


def _moment(text: str) -> int | None:
    try:
        return parse_start(text) if text else None
    except UsageError:
        return None
