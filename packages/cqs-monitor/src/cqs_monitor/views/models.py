"""The Models page: what the trainer uploaded, what it would import, and how trusted models do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_core import CqsError
from cqs_monitor.models.evaluation.evaluate import daily_series
from cqs_monitor.models.evaluation.regimes import stored
from cqs_monitor.models.registry import models
from cqs_monitor.models.trust import trusted
from cqs_monitor.views.model_scores import ModelScores
from cqs_monitor.views.model_text import CSS, inspection_html, metrics_by_version, model_metrics
from cqs_monitor.views.model_trust import ModelTrust
from cqs_panel import (
    WIDE,
    beside,
    choose,
    empty,
    failure,
    fill,
    html,
    metric_cards,
    plain_table,
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
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core import Bucket
    from cqs_monitor.models.evaluation.regimes import Regimes
    from cqs_monitor.models.registry import Model
    from cqs_panel import PageState

SECONDS = 15.0
"""Between two listings."""

_TITLES = {
    "named": "Version",
    "state": "State",
    "verdict": "Verdict",
    "size": "Size",
    "uploaded": "Uploaded",
}
_TITLES |= {"trusted": "Trusted"}


class ModelsView(pn.viewable.Viewer):
    """A table of versions over the one that was chosen."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._rows: Sequence[Model] = ()
        self._drawn: tuple[Any, ...] | None = None
        self._blank = pn.Column(**WIDE)
        self._table: Any = None
        self._metrics = pn.Column(**WIDE)
        self._measured: Any = None
        self._chosen = stack()
        self._below = pn.Column(**WIDE)
        self._scores = ModelScores(page)
        self._body = stack()
        self._body.visible = False
        self._trust: ModelTrust | None = None
        page.param.watch(lambda _: self._choose(), "query")
        page.on_job(lambda job: self._trust.ended(job) if self._trust else None)
        self._ask()
        page.every(SECONDS, lambda: self._ask(quiet=True))

    def __panel__(self) -> Any:
        return stack(self._blank, self._body)

    def _ask(self, *, quiet: bool = False) -> None:
        bucket = self._page.bucket
        self._page.load(lambda: models(bucket), self._show, quiet=quiet)

    def _show(self, rows: Sequence[Model]) -> None:
        self._rows = rows
        self._body.visible, self._blank.visible = bool(rows), not rows
        if not rows:
            advice = (
                "The trainer uploads them as models/regime_classifier_VERSION.pkl, with models/metadata/VERSION.json."
            )
            self._blank[:] = [empty("No models in this bucket", advice, "cqs demo")]
            return
        frame = _frame(rows, self._page.settings.timezone)
        if self._table is None:
            self._table = self._versions(frame)
        else:
            refresh(self._table, frame)
        if (measured := metrics_by_version(rows)) != self._measured:
            self._measured = measured
            self._metrics[:] = [_metrics_table(*measured)]
        self._choose()
        if not self._body.objects:
            self._lay_out()  # with all that it shows, so that the browser draws it once

    def _versions(self, frame: pd.DataFrame) -> Any:
        return table(
            frame,
            titles=_TITLES,
            page_size=10,
            on_click=self._pick,
            hidden=["version"],
            phone=("named", "verdict", "trusted"),
            widths={"named": 96, "verdict": 150, "uploaded": 128},
            toned={"verdict": {"dangerous": "down", "imports unusual code": "down"}},
        )

    def _lay_out(self) -> None:
        clock = zone_name(self._page.settings.timezone)
        note = f"newest first; times in {clock}; nothing here loads a model"
        self._body[:] = [
            section("Versions", self._table, note=note, actions=[table_csv(self._table, "models.csv")]),
            self._chosen,
            self._below,
            self._scores,
            section("Metrics by version", self._metrics, note="from the trainer's metadata"),
        ]

    def _pick(self, place: int) -> None:
        self._page.remember(version=str(self._table.value["version"].iloc[place]))

    def _choose(self) -> None:
        asked = self._page.query.get("version")
        chosen = _chosen(self._rows, asked)
        if chosen is None:
            return
        if asked and chosen.version != asked:
            self._page.remember(version=None)
            self._page.say(f"There is no model {asked[:40]!r} here; {chosen.version} is shown.")
        choose(self._table, list(self._table.value["version"]).index(chosen.version))
        key = (chosen.version, chosen.sha256, chosen.state, chosen.sha256 in trusted())
        if key == self._drawn:
            return
        self._drawn = key
        self._draw(chosen)

    def _draw(self, chosen: Model) -> None:
        known = chosen.sha256 in trusted()
        self._trust = ModelTrust(self._page, chosen, self._again)
        self._chosen[:] = [
            metric_cards(model_metrics(chosen, trusted=known), least=200),
            beside(
                section(f"Inspection of {chosen.version}", html(inspection_html(chosen), stylesheets=[CSS])),
                section("Trust", self._trust),
                columns="3fr 2fr",
            ),
        ]
        self._scores.update(None)
        fill(self._below)
        bucket = self._page.bucket

        def show(found: Regimes | CqsError | None) -> None:
            if self._drawn is None or self._drawn[0] != chosen.version:
                return
            if isinstance(found, CqsError):
                fill(self._below, failure("The stored regimes cannot be read", found))
            elif found is not None:
                self._scores.update(found)
            elif known:
                blank = empty("Not evaluated yet", "Evaluate it above.")
                fill(self._below, section("Live performance", blank))

        self._page.load(lambda: _stored(bucket, chosen), show)

    def _again(self) -> None:
        """Trust or regimes changed: redraw."""
        self._drawn = None
        self._ask(quiet=True)


def _metrics_table(headers: Sequence[str], body: Sequence[Sequence[object]]) -> Any:
    return (
        plain_table(headers, body, numbers=range(1, len(headers)))
        if body
        else html('<span class="note">No version has metrics in its metadata.</span>')
    )


def _chosen(rows: Sequence[Model], version: str | None) -> Model | None:
    """The version that was asked for; else the latest, else the newest."""
    latest = next((row for row in rows if row.latest), rows[0] if rows else None)
    return next((row for row in rows if row.version == version), latest)


def _stored(bucket: Bucket, chosen: Model) -> Regimes | CqsError | None:
    """Regimes of these very bytes on the home market."""
    series = daily_series(None, None)
    try:
        found = stored(bucket, chosen.version, series.exchange, series.market)
    except CqsError as error:
        return error
    return found if found is not None and found.evaluation.get("sha256") == chosen.sha256 else None


def _frame(rows: Sequence[Model], timezone: str | None) -> pd.DataFrame:
    import pandas as pd

    known = trusted() if rows else {}
    cells = [
        {
            "version": row.version,
            "named": f"{row.version} · latest" if row.latest else row.version,
            "state": row.state,
            "verdict": (row.inspection.verdict if row.inspection else None) or "not known",
            "size": size(row.entry.size) if row.entry else "–",
            "uploaded": when(int(row.entry.modified * 1000), timezone) if row.entry and row.entry.modified else "–",
            "trusted": "yes" if row.sha256 in known else "no",
        }
        for row in rows
    ]
    return pd.DataFrame(cells, columns=[*_TITLES, "version"])


def build(page: PageState) -> Any:
    """For `cqs_panel.View`."""
    return ModelsView(page)
