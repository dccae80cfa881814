"""Charts of validations: windows of a walk-forward over the equity of their tests, fans, and outcomes of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.charts.curves import curve_of
from cqs_backtest.charts.growth import drawdown_chart, stacked, value_chart
from cqs_core import UsageError
from cqs_core.time.clock import parse_start
from cqs_core.time.intervals import DAY
from cqs_panel.charts import Mode, holoviews, look, percents, short_numbers, tooltip
from cqs_panel.theme import ACCENT, GREY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_backtest.charts.curves import Charted
    from cqs_panel.charts import Look

_ROW, _LEAST, _MOST = 10, 70, 260  # pixels of a window, and of all of them
_BANDS = (("p5", "p95", 0.16), ("p25", "p75", 0.3))


def walk_forward(windows: Sequence[Mapping[str, Any]], run: Charted, *, height: int = 340, mode: Mode = "light") -> Any:
    """When parameters were chosen (gray) and tried (colored by what was earned), over the equity of all tries.

    Args:
        windows: as `cqs backtest walk-forward --json` gives them.
        run: the equity of all tries, one after another: `ts`, `equity`, `capital`, `day_start`.
        height: of equity and drawdown, in pixels; windows come on top of it.
        mode: as for `equity`.

    Returns:
        A HoloViews layout of three charts that share their time axis.

    Raises:
        UsageError: there is no window.
    """
    if not windows:
        raise UsageError("there is no window to draw")
    curve, shown = curve_of(run), look(mode)
    spans = [tuple(float(parse_start(row[name]) or 0) for name in _EDGES) for row in windows]
    first, last = min(one[0] for one in spans), max(one[3] for one in spans)
    span = first, last, 10.0 * DAY
    return stacked(
        _windows(windows, spans, shown, span),
        value_chart(curve, shown, benchmark=False, log=False, height=height, span=span),
        drawdown_chart(curve, shown, height, span),
    )


def fan(bands: Mapping[str, Sequence[float]], *, height: int = 300, mode: Mode = "light") -> Any:
    """Equity of many samples as bands: half of them lie in the inner one, nine of ten in the outer one.

    Args:
        bands: `p5`, `p25`, `p50`, `p75`, `p95`, equity over capital from the first to the last point of a run, as
            `cqs backtest montecarlo --json` gives them.
        height: in pixels.
        mode: as for `equity`.
    """
    hv, shown = holoviews(), look(mode)
    grown = {
        name: 100 * (np.concatenate([[1.0], np.asarray(values, np.float64)]) - 1) for name, values in bands.items()
    }
    share = np.linspace(0, 100, len(grown["p50"]))
    areas = [
        hv.Area({"share": share, "low": grown[low], "high": grown[high]}, "share", ["low", "high"]).opts(
            color=ACCENT, fill_alpha=alpha, line_alpha=0, backend="bokeh"
        )
        for low, high, alpha in _BANDS
    ]
    lines = [("Of the run", "@share{0} %"), ("Median", "@p50{+0,0.0} %")]
    lines += [("Half", "@p25{+0,0.0} to @p75{+0,0.0} %"), ("Nine of ten", "@p5{+0,0.0} to @p95{+0,0.0} %")]
    middle = hv.Curve({"share": share, **grown}, "share", ["p50", "p5", "p25", "p75", "p95"])
    middle = middle.opts(color=ACCENT, line_width=1.8, **tooltip(lines), backend="bokeh")
    zero = hv.HLine(0).opts(color=GREY, line_width=1, line_dash="dotted", backend="bokeh")

    def dress(figure: Any) -> None:
        figure.xaxis.formatter, figure.yaxis.formatter = percents(), percents()

    options = shown.figure(height, xlim=(0, 100), show_legend=False, dress=dress)
    return hv.Overlay([*areas, zero, middle]).opts(**options, backend="bokeh")


def outcomes(
    counted: Mapping[str, Sequence[float]],
    *,
    marks: Mapping[str, float] | None = None,
    unit: str = "%",
    height: int = 240,
    mode: Mode = "light",
) -> Any:
    """How many samples came to what, as bars, with figures to compare as lines.

    Args:
        counted: `edges` and `counts`.
        marks: figures by name; the first one is solid, others are dashed.
        unit: `%`, or empty.
        height: in pixels.
        mode: as for `equity`.
    """
    hv, shown = holoviews(), look(mode)
    edges, counts = (np.asarray(counted[name], np.float64) for name in ("edges", "counts"))
    bars = {"left": edges[:-1], "bottom": np.zeros(len(counts)), "right": edges[1:], "top": counts}
    parts = [("", f"@left{{0,0.00}} to @right{{0,0.00}} {unit}"), ("Samples", "@top{0,0}")]
    drawn = hv.Rectangles(bars, ["left", "bottom", "right", "top"]).opts(
        color=ACCENT, fill_alpha=0.55, line_color=None, **tooltip(parts, hover_mode="mouse"), backend="bokeh"
    )
    top = float(counts.max()) or 1.0
    lines, texts = [], []
    for number, (name, value) in enumerate((marks or {}).items()):
        dash = "dashed" if number else "solid"
        lines.append(hv.VLine(value).opts(color=shown.ink, line_width=1.6, line_dash=dash, backend="bokeh"))
        texts.append((value, (1.06 + 0.1 * number) * top, name))
    words = [] if not texts else [_words(texts, shown)]
    known = [*edges[[0, -1]].tolist(), *(marks or {}).values()]
    low, high = min(known), max(known)
    beyond = 0.04 * (high - low) or 1.0

    def dress(figure: Any) -> None:
        figure.xaxis.formatter = percents() if unit == "%" else short_numbers()

    options = shown.figure(
        height, xlim=(low - beyond, high + beyond), ylim=(0, (1.14 + 0.1 * len(texts)) * top), dress=dress
    )
    return hv.Overlay([drawn, *lines, *words]).opts(**options, backend="bokeh")


_CORNERS = ["ts", "bottom", "until", "top"]
_EDGES = ("optimize_start", "optimize_stop", "test_start", "test_stop")


def _windows(
    windows: Sequence[Mapping[str, Any]],
    spans: Sequence[tuple[float, ...]],
    shown: Look,
    span: tuple[float, float, float],
) -> Any:
    hv, count = holoviews(), len(windows)
    rows = np.arange(count, dtype=np.float64)[::-1]  # the first one is on top
    chosen = {"ts": _times(spans, 0), "bottom": rows + 0.15, "until": _times(spans, 1), "top": rows + 0.85}
    gray = hv.Rectangles(chosen, _CORNERS).opts(color=GREY, fill_alpha=0.35, line_color=None, backend="bokeh")
    earned = [(row["test"] or {}).get("total_return") or 0.0 for row in windows]
    tried = {"ts": _times(spans, 2), "bottom": rows + 0.15, "until": _times(spans, 3), "top": rows + 0.85}
    tried |= {
        "color": [shown.tones.up if value > 0 else shown.tones.down if value < 0 else GREY for value in earned],
        "earned": np.asarray(earned, np.float64),
        "chosen": [_parameters(row) for row in windows],
        "day": [row["test_start"][:10] for row in windows],
        "end": [row["test_stop"][:10] for row in windows],
    }
    lines = [("Tried", "@day to @end"), ("Earned", "@earned{+0,0.0} %"), ("Parameters", "@chosen")]
    colored = hv.Rectangles(tried, _CORNERS, ["color", "earned", "chosen", "day", "end"])
    colored = colored.opts(color="color", line_color=None, **tooltip(lines, hover_mode="mouse"), backend="bokeh")
    height = min(_MOST, max(_LEAST, _ROW * count + 30))
    options = shown.over_time(height, span, xaxis=None, show_legend=False, ylim=(0, count), dress=_bare)
    return hv.Overlay([gray, colored]).opts(**options, backend="bokeh")


def _bare(figure: Any) -> None:
    """Without figures on the vertical axis: windows are rows, and keep the place of the axis."""
    figure.ygrid.visible = False
    figure.yaxis.major_label_text_alpha = 0


def _times(spans: Sequence[tuple[float, ...]], edge: int) -> Any:
    return np.array([one[edge] for one in spans]).astype("datetime64[ms]")


def _parameters(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in (row["parameters"] or {}).items()) or "none: cash was held"


def _words(texts: list[tuple[float, float, str]], shown: Look) -> Any:
    return (
        holoviews()
        .Labels(texts, ["x", "y"], "text")
        .opts(text_color=shown.text, text_font_size="11px", text_baseline="bottom", backend="bokeh")
    )
