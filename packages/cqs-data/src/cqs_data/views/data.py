"""The Data page: what the lake has, what is missing, one series close up, and jobs that fetch."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from cqs_core import Lake, jobs, settings
from cqs_data.availability import Availability, availability, stale_bars
from cqs_data.views.coverage import ASK_AGAIN, coverage_pane
from cqs_data.views.form import FetchForm
from cqs_data.views.series import SeriesPanel
from cqs_panel.figures import count, size, when
from cqs_panel.jobs import JobCard
from cqs_panel.metrics import Metric, metric_cards
from cqs_panel.sections import empty, section
from cqs_panel.tables import table

if TYPE_CHECKING:
    from cqs_core.jobs import Job
    from cqs_panel import PageState

_WHOLE = {"sizing_mode": "stretch_width", "margin": 0}
_STACK = {**_WHOLE, "styles": {"gap": "12px"}}
_TITLES = {
    "exchange": "Exchange",
    "market": "Market",
    "interval": "Interval",
    "first": "First",
    "last": "Last",
    "rows": "Candles",
    "gaps": "Missing",
    "stale": "Behind",
    "bytes": "Size",
    "source": "Source",
}
_JOBS = 4  # that are shown at once
_COUNTS = dict.fromkeys(("rows", "gaps", "stale"), "0,0")


class DataView(pn.viewable.Viewer):
    """Availability, coverage, one series, and fetching; `?series=` opens one."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._known: Availability | None = None
        self._form = FetchForm()
        self._asking = section("Fetch candles", self._form, self._fetch_button(), visible=False)
        self._jobs = pn.Column(**_STACK)
        self._overview = pn.Column(**_STACK)
        self._coverage = pn.Column(**_STACK)
        self._series = SeriesPanel(page)
        page.param.watch(self._follow, "query")
        self._reload()

    def __panel__(self) -> Any:
        parts = (self._overview, self._asking, self._jobs, self._series, self._coverage, self._series.details)
        return pn.Column(*parts, **_STACK)

    def _reload(self) -> None:
        self._page.load(lambda: availability(Lake(self._page.bucket)), self._show)

    def _show(self, known: Availability) -> None:
        self._known = known
        if not known.series:
            advice = "Fetch some below, or on the command line:"
            blank = empty("No candles yet", advice, "cqs fetch --symbols BTC,ETH --interval 1d")
            self._overview[:] = [section("", blank)]
            self._asking.visible = True
            return
        told = section("Series", self._table(known), note="click one to look at it", actions=self._actions())
        self._overview[:] = [metric_cards(_metrics(known)), told]
        self._coverage[:] = [section("Coverage", coverage_pane(known), note="UTC; hover a hole for its cause")]
        self._open()

    def _actions(self) -> list[Any]:
        update = pmui.Button(label="Update all", icon="refresh", variant="outlined", size="small", margin=0)
        update.on_click(lambda _: self._run("Update all series", self._update_arguments()))
        more = pmui.Button(label="Fetch more", icon="download", variant="outlined", size="small", margin=(0, 8, 0, 0))
        more.on_click(lambda _: setattr(self._asking, "visible", not self._asking.visible))
        return [more, update]

    def _table(self, known: Availability) -> Any:
        frame = _frame(known, self._page.settings.timezone)
        filters = ("exchange", "market", "interval", "source")

        def chosen(row: int) -> None:
            self._page.goto(self._page.slug, series=str(known.series[row].series))

        return table(frame, titles=_TITLES, numbers=_COUNTS, filters=filters, page_size=12, on_click=chosen)

    def _follow(self, event: Any) -> None:
        if event.old.get("series") != event.new.get("series"):
            self._open()

    def _open(self) -> None:
        if self._known is None or not self._known.series:
            return
        wanted = self._page.query.get("series") or str(self._known.series[0].series)
        found = next((one for one in self._known.series if str(one.series) == wanted), None)
        if found is None:
            self._series.blank(f"The lake has no {wanted}", "Choose one of the table, or fetch it.")
            return
        self._series.show(found, self._known.holes[found.series])

    def _fetch_button(self) -> Any:
        button = pmui.Button(label="Fetch", color="primary", margin=(8, 0, 0, 0))
        button.on_click(lambda _: self._run(self._form.title, self._form.arguments(self._page.bucket.url)))
        return button

    def _update_arguments(self) -> list[str]:
        endpoint = settings().endpoint
        return ["update", "--bucket", self._page.bucket.url, *(["--endpoint", endpoint] if endpoint else [])]

    def _run(self, title: str, arguments: list[str]) -> None:
        job = jobs.start(title, arguments)
        self._asking.visible = False
        card = section("", JobCard(self._page, job, lambda _: self._reload(), told))
        self._jobs[:] = [card, *self._jobs][:_JOBS]


def told(job: Job) -> str:
    """What a fetch or an update brought, in a line."""
    rows = job.result
    if not isinstance(rows, list) or not rows:
        return ""
    failed = [f"{row['exchange']} {row['market']} {row['interval']}: {row['error']}" for row in rows if row["error"]]
    notes = Counter(row["note"] for row in rows if row["note"])
    parts = [f"{count(sum(row['rows'] for row in rows))} new candles in {count(len(rows))} series"]
    parts += failed[:1] + [f"{count(len(failed) - 1)} more failed"] * (len(failed) > 1)
    return "; ".join([*parts, *(f"{note} ({count(n)})" for note, n in notes.most_common(2))])


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


def _frame(known: Availability, zone: str | None) -> pd.DataFrame:
    """One row a series, in the order of `known.series`."""
    return pd.DataFrame(
        [
            {
                **one.series._asdict(),
                "first": when(one.first, zone),
                "last": when(one.last, zone),
                "rows": one.rows,
                "gaps": one.gaps,
                "stale": stale_bars(one, known.now),
                "bytes": size(one.bytes),
                "source": ", ".join(one.sources),
            }
            for one in known.series
        ],
        columns=list(_TITLES),
    )
