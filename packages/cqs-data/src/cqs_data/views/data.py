"""The Data page: all series with their gaps, one series in detail, and jobs that fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, Lake, Series
from cqs_core.time.clock import iso
from cqs_data.availability import Availability, availability, stale_bars
from cqs_data.views.arguments import with_endpoint
from cqs_data.views.coverage import ASK_AGAIN, coverage_pane
from cqs_data.views.files import FilesPanel
from cqs_data.views.form import FetchForm
from cqs_data.views.schedule import SchedulePanel, find_schedule
from cqs_data.views.series import SeriesPanel
from cqs_panel import (
    Metric,
    columns_button,
    count,
    empty,
    fill,
    metric_cards,
    metrics_html,
    operator_only,
    refresh,
    section,
    size,
    stack,
    table,
    table_csv,
    when,
    zone_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core.jobs import Job
    from cqs_data.views.markets import MarketsPanel
    from cqs_data.views.schedule import Schedule
    from cqs_panel import PageState

_TITLES = {
    "market": "Market",
    "interval": "Interval",
    "first": "First",
    "last": "Last",
    "rows": "Candles",
    "gaps": "Missing",
    "stale": "Behind",
    "state": "State",
    "bytes": "Size",
    "source": "Source",
    "exchange": "Exchange",
}
_PHONE = ("market", "interval", "first", "last", "gaps")
_COUNTS = dict.fromkeys(("rows", "gaps", "stale"), "0,0")
_KINDS = dict.fromkeys(("rows", "gaps", "stale", "bytes"), "int64")


class DataView(pn.viewable.Viewer):
    """Availability, coverage, one series, and fetching; `?series=` opens one, `?fetch=1` the form, `?files=1` files."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._known: Availability | None = None
        self._files: FilesPanel | None = None
        self._markets: MarketsPanel | None = None
        self._importing, self._asking, self._choosing = (stack(visible=False) for _ in range(3))
        self._blank = stack(visible=False)
        self._cards = metric_cards([])
        self._table = self._empty_table()
        self._busy: dict[str, Any] = {}
        self._verified: dict[str, str] = {}
        series_section = section(
            "Series", self._table, note=self._clock("click one to look at it"), actions=self._actions()
        )
        self._overview = stack(self._cards, series_section, visible=False)
        self._schedule = SchedulePanel(page, self._reload)
        series_section.append(self._schedule)
        self._coverage = stack(visible=False)
        self._series = SeriesPanel(page, self._reload, self._run)
        page.param.watch(self._follow, "query")
        page.on_job(self._ended)
        self._show_files()
        self._reload()

    def __panel__(self) -> Any:
        forms = (self._choosing, self._asking, self._importing)
        parts = (self._blank, self._overview, self._series, self._coverage, self._series.details)
        return stack(*forms, *parts)

    def _clock(self, note: str) -> str:
        return f"{note}; times in {zone_name(self._page.settings.timezone)}"

    def _reload(self) -> None:
        bucket = self._page.bucket
        self._page.load(lambda: (availability(Lake(bucket)), find_schedule(bucket)), self._show)

    def _show(self, found: tuple[Availability, Schedule]) -> None:
        self._known = known = found[0]
        self._schedule.show(found[1])
        self._overview.visible = bool(known.series)
        fill(self._blank, *([] if known.series else [_nothing()]))
        self._show_form(wanted=not known.series or self._page.query.get("fetch") == "1")
        self._show_markets()
        if not known.series:
            return
        self._cards.object = metrics_html(_metrics(known))
        refresh(self._table, _frame(known, self._verified, self._page.settings.timezone))
        self._page.later(lambda: self._show_coverage(known))
        self._open()

    def _show_coverage(self, known: Availability) -> None:
        bars, note = coverage_pane(known, self._hole), "UTC; hover a hole for its cause, click it to see or fetch it"
        fill(self._coverage, section("Coverage", bars, note=note))

    def _hole(self, series: Series, start: int, end: int, again: bool) -> str:
        """The address that shows a hole on the chart, or the form that fetches it."""
        if not again:
            return self._page.link(self._page.slug, series=str(series), at=iso(start))
        days = {"start": iso(start)[:10], "end": iso(end - 1)[:10]}
        asked = {"exchange": series.exchange, "symbols": series.market, "intervals": series.interval}
        return self._page.link(self._page.slug, series=str(series), fetch="1", **asked, **days)

    def _show_files(self) -> None:
        wanted = self._page.query.get("files") == "1"
        if wanted and self._files is None:
            self._files = FilesPanel(self._page, self._reload)
            self._importing[:] = [self._files]
        self._importing.visible = wanted
        if wanted and self._files is not None:
            self._files.refresh()

    def _show_markets(self) -> None:
        """The list of the exchange's markets, which asks the exchange when it is shown."""
        wanted = self._page.query.get("markets") == "1"
        self._choosing.visible = wanted
        if not wanted or self._known is None:
            return
        if self._markets is None:
            from cqs_data.views.markets import MarketsPanel

            exchange = self._page.query.get("exchange", self._page.settings.exchange)
            self._markets = MarketsPanel(self._page, exchange, self._fetch_these)
            self._choosing[:] = [self._markets]
        self._markets.show([one.series for one in self._known.series])

    def _fetch_these(self, exchange: str, markets: Sequence[str]) -> None:
        """Fill the form of a fetch with markets that were chosen; intervals and dates are still to be chosen there."""
        self._page.remember(markets=None, fetch="1", exchange=exchange, symbols=",".join(markets))

    def _show_form(self, *, wanted: bool) -> None:
        """The form of a fetch, which is made when it is first asked for."""
        if wanted and not self._asking.objects:
            form = FetchForm(self._page)
            self._asking[:] = [section("Fetch candles", form, self._fetch_buttons(form))]
        self._asking.visible = wanted

    def _actions(self) -> list[Any]:
        update = pmui.Button(label="Update all", icon="refresh", variant="outlined", size="small", margin=0)
        update.on_click(lambda _: self._run(update, "Update all series", with_endpoint("update")))
        verify = pmui.Button(label="Verify", icon="fact_check", variant="outlined", size="small", margin=0)
        verify.on_click(lambda _: self._run(verify, "Verify all series", ["data", "verify"]))
        more = pmui.Button(label="Fetch more", icon="download", variant="outlined", size="small", margin=0)
        more.on_click(lambda _: self._ask(None if self._asking.visible else "1"))
        files = pmui.Button(label="Import", icon="upload", variant="outlined", size="small", margin=0)
        files.on_click(lambda _: self._page.remember(files=None if self._importing.visible else "1"))
        operator_only(more, files, update, verify)
        buttons = (columns_button(self._table), table_csv(self._table, "series.csv"), more, files, update, verify)
        return [pn.Row(*buttons, margin=0, styles={"gap": "8px", "flex-wrap": "wrap"})]

    def _ask(self, shown: str | None) -> None:
        self._page.remember(fetch=shown)

    def _empty_table(self) -> Any:
        filters = ("exchange", "market", "interval", "source")
        blank = pd.DataFrame({name: pd.Series([], dtype=_KINDS.get(name, "str")) for name in _TITLES})
        return table(
            blank,
            titles=_TITLES,
            numbers=_COUNTS,
            sizes=["bytes"],
            toned={"state": {"damaged": "down"}},
            phone=_PHONE,
            widths={"market": 110, "first": 96, "last": 128, "exchange": 84},
            filters=filters,
            page_size=12,
            on_click=self._chosen,
        )

    def _chosen(self, row: int) -> None:
        assert self._known is not None
        self._page.goto(self._page.slug, series=str(self._known.series[row].series))

    def _follow(self, event: Any) -> None:
        if any(event.old.get(name) != event.new.get(name) for name in ("series", "at")):
            self._open()
        if event.old.get("files") != event.new.get("files"):
            self._show_files()
        if event.old.get("markets") != event.new.get("markets"):
            self._show_markets()
        if event.old.get("fetch") != event.new.get("fetch") and self._known and self._known.series:
            self._show_form(wanted=event.new.get("fetch") == "1")

    def _open(self) -> None:
        if self._known is None or not self._known.series:
            return
        wanted = self._page.query.get("series") or str(self._known.series[0].series)
        found = next((one for one in self._known.series if str(one.series) == wanted), None)
        if found is None:
            self._series.blank(f"The lake has no {wanted}", "Choose one of the table, or fetch it.")
            return
        names = [str(one.series) for one in self._known.series if one.rows]
        self._series.show(found, self._known.holes[found.series], names)

    def _fetch_buttons(self, form: FetchForm) -> Any:
        button = pmui.Button(label="Fetch", color="primary", margin=0)
        button.on_click(lambda _: self._run(button, form.title, form.arguments()))
        operator_only(button)
        close = pmui.Button(label="Close", variant="text", margin=0)
        close.on_click(lambda _: self._ask(None))
        return pn.Row(button, close, margin=(8, 0, 0, 0), styles={"gap": "8px"})

    def _run(self, button: Any, title: str, arguments: list[str]) -> None:
        button.loading = button.disabled = True
        try:
            self._busy[self._page.start(title, arguments).id] = button
        except CqsError:
            button.loading = button.disabled = False
            raise

    def _ended(self, job: Job) -> None:
        if (button := self._busy.pop(job.id, None)) is not None:
            button.loading = button.disabled = False
        if job.args[:1] not in (["fetch"], ["update"], ["data"]):
            return
        rows = [row for row in job.result if isinstance(row, dict)] if isinstance(job.result, list) else []
        if job.args[:2] == ["data", "verify"] and job.state != "cancelled":
            self._verified = {_named(row): "damaged" if row.get("problems") else "ok" for row in rows}
        elif job.args[:2] == ["data", "repair"]:
            self._verified |= {_named(row): "ok" for row in rows if not row.get("error")}
        else:
            self._verified.clear()  # what was verified may not be what is there now
        self._reload()


def _named(row: dict[str, Any]) -> str:
    return str(Series(str(row["exchange"]), str(row["market"]), str(row["interval"])))


def _nothing() -> Any:
    blank = empty(
        "No candles yet", "Fetch some above, or on the command line:", "cqs fetch --symbols BTC,ETH --interval 1d"
    )
    return section("", blank)


def _metrics(known: Availability) -> list[Metric]:
    exchanges = sorted({one.series.exchange for one in known.series})
    missing = sum(one.gaps for one in known.series)
    asked = sum(int(gaps.bars[np.isin(gaps.cause, ASK_AGAIN)].sum()) for gaps in known.holes.values())
    last = max(one.last or 0 for one in known.series)
    return [
        Metric("Series", count(len(known.series)), ", ".join(exchanges)),
        Metric("Candles", count(sum(one.rows for one in known.series)), f"newest {when(last)[:10]}"),
        Metric(
            "Missing bars", count(missing), f"{count(asked)} can be asked again", hint="Between first and last candle."
        ),
        Metric("Size", size(sum(one.bytes for one in known.series)), "parquet"),
    ]


def _frame(known: Availability, verified: Mapping[str, str], zone: str | None) -> pd.DataFrame:
    """One row per series, as in `known.series`; `verified` is what the last verification found."""
    return pd.DataFrame(
        [
            {
                **one.series._asdict(),
                "first": when(one.first, zone)[:10],
                "last": when(one.last, zone),
                "rows": one.rows,
                "gaps": one.gaps,
                "stale": stale_bars(one, known.now),
                "state": "damaged" if one.problem else verified.get(str(one.series), known.states[one.series]),
                "bytes": one.bytes,
                "source": ", ".join(one.sources),
            }
            for one in known.series
        ],
        columns=list(_TITLES),
    )
