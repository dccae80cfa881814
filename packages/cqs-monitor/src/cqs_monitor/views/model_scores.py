"""A stored evaluation: figures, quarters, confusion, drift, regimes on the price, and what bots earned in each."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
from bokeh.models import ColumnDataSource, FactorRange, Range1d, Span
from bokeh.plotting import figure

from cqs_core import Series
from cqs_core.trading.metrics import WIN_RATE
from cqs_monitor.models.evaluation.regimes import pnl_by_regime
from cqs_monitor.performance.reader import reader_of
from cqs_monitor.views.model_text import score_metrics
from cqs_monitor.views.regimes import bands
from cqs_panel import (
    WIDE,
    CandleChart,
    LakeCandles,
    amount,
    beside,
    html,
    metric_cards,
    metrics_html,
    percent,
    plain_table,
    section,
    skeleton,
    stack,
)
from cqs_panel.charts import hover, pane, styled
from cqs_panel.theme import ACCENT, GREY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Bucket
    from cqs_monitor.models.evaluation.regimes import Earned, Regimes
    from cqs_panel import PageState

_QUARTERS = 16
_DRIFTED, _STABLE = 0.25, 0.1
_HEIGHT = 600  # pixels, about, of what is below the candles
_NOTE = "bull in the color of gains, bear in the color of losses; known at the close of each day"


class ModelScores(pn.viewable.Viewer):
    """The stored evaluation of one version on one market. What lies below its figures comes when it is in view."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._regimes: Regimes | None = None
        self._cards = metric_cards([], least=190)
        self._chart: CandleChart | None = None  # most models have no evaluation
        self._candles = pn.Column(**WIDE)
        self._earned = pn.Column(**WIDE)
        self._figures = stack()
        self._body = stack(self._cards, self._candles, self._figures)
        self._body.visible = False

    def __panel__(self) -> Any:
        return self._body

    def update(self, regimes: Regimes | None) -> None:
        """Show an evaluation; None shows nothing."""
        self._regimes = regimes
        self._body.visible = regimes is not None
        if regimes is None:
            return
        self._cards.object = metrics_html(score_metrics(regimes.evaluation))
        if self._chart is None:
            self._chart = CandleChart(self._page, height=380, own=["monitor.regimes"], below=True)
            self._candles[:] = [section("Regimes on the price", self._chart, note=_NOTE)]
        self._chart.show(LakeCandles(self._page.bucket, Series(regimes.exchange, regimes.market, "1d")))
        self._chart.mark(bands(regimes, 0, 1 << 60))
        if not self._figures.objects:
            self._figures[:] = [skeleton(1, _HEIGHT, waits=True)]
        self._page.later(lambda: self._draw(regimes), self._figures)

    def _draw(self, regimes: Regimes) -> None:
        if regimes is not self._regimes:
            return
        self._figures[:] = list(self._drawn(regimes.evaluation))
        bucket = self._page.bucket
        self._page.load(lambda: (regimes, _earnings(bucket, regimes)), self._show, quiet=True)

    def _drawn(self, evaluation: dict[str, Any]) -> Iterator[Any]:
        days = f"{evaluation['start']} to {evaluation['end']}, evaluated {evaluation['evaluated'][:10]}"
        yield beside(
            section(
                "Accuracy by quarter", _quarters(evaluation), note="grey: trained on; dashed: what the training said"
            ),
            section("PnL by regime", self._earned, note="gross, by the regime known at the sale"),
            columns="3fr 2fr",
        )
        yield beside(
            section("Confusion matrix", _confusion(evaluation), note="days"),
            section("Drift of features", _drift(evaluation)),
        )
        yield section(
            "To keep in mind", _problems(evaluation), note=f"{evaluation['market']} on {evaluation['exchange']}, {days}"
        )

    def _show(self, found: tuple[Regimes, list[Earned]]) -> None:
        regimes, earned = found
        if regimes is not self._regimes:
            return
        rows = [
            [one.regime, amount(one.pnl, one.currency, signed=True), one.sells, percent(one.win_rate)] for one in earned
        ]
        self._earned[:] = [
            plain_table(["Regime", "PnL", "Sales", WIN_RATE.label], rows, numbers=(1, 2, 3))
            if rows
            else html('<span class="note">No bot has sold anything yet.</span>')
        ]


def _earnings(bucket: Bucket, regimes: Regimes) -> list[Earned]:
    return pnl_by_regime(reader_of(bucket.address).refresh().snapshot, regimes)


def _quarters(evaluation: dict[str, Any]) -> Any:
    rows = [row for row in evaluation["quarters"] if row["accuracy"] is not None][-_QUARTERS:]
    names = [row["quarter"] for row in rows]
    source = ColumnDataSource(
        {
            "quarter": names,
            "accuracy": [100 * row["accuracy"] for row in rows],
            "f1": [row["f1"] for row in rows],
            "days": [row["days"] for row in rows],
            "color": [GREY if (row["training_days"] or 0) * 2 > row["days"] else ACCENT for row in rows],
        }
    )
    shown = styled(
        figure(
            x_range=FactorRange(*names),
            y_range=Range1d(0, 100),
            height=230,
            sizing_mode="stretch_width",
            y_axis_location="right",
            tools="",
            toolbar_location=None,
        )
    )
    drawn = shown.vbar("quarter", 0.7, "accuracy", source=source, color="color")
    shown.xaxis.major_label_orientation = "vertical"  # a phone has 15 pixels for each
    told_then = evaluation["decay"]["training_accuracy"]
    if told_then is not None:
        shown.add_layout(Span(location=100 * told_then, dimension="width", line_dash="dashed", line_color=GREY))
    rows_shown = [("", "@quarter"), ("Accuracy", "@accuracy{0.0} %"), ("F1", "@f1{0.00}"), ("Days", "@days")]
    shown.add_tools(hover([drawn], rows_shown))
    return pane(shown)


def _confusion(evaluation: dict[str, Any]) -> Any:
    classes = list(evaluation["confusion"])
    short = [name.removesuffix("_TREND").replace("_", " ").lower() for name in classes]
    rows = [
        [f"came {s}", *(evaluation["confusion"][name][other] for other in classes)]
        for s, name in zip(short, classes, strict=True)
    ]
    return plain_table(["", *(f"said {name}" for name in short)], rows, numbers=range(1, len(classes) + 1))


def _drift(evaluation: dict[str, Any]) -> Any:
    def word(value: float | None) -> str:
        if value is None:
            return "not known"
        return "drifted" if value > _DRIFTED else "stable" if value < _STABLE else "moving"

    rows = [
        [name, None if value is None else f"{value:.2f}", word(value)] for name, value in evaluation["drift"].items()
    ]
    return plain_table(["Feature", "PSI", ""], rows, numbers=(1,))


def _problems(evaluation: dict[str, Any]) -> Any:
    said = [
        *evaluation["problems"],
        "Labels overlap: each looks 20 days ahead, so neighboring days are not independent.",
    ]
    if evaluation["isolation"]["network"] != "cut off":
        said.append("The model's process could reach the network: this system does not let users cut it off.")
    listed = "".join(f"<li>{escape(text)}</li>" for text in said)
    return html(f"<ul>{listed}</ul>", stylesheets=["ul{font-size:13px;margin:4px 0;padding-left:18px}"])
