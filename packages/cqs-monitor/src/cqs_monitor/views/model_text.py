"""A model's inspection and evaluation as escaped HTML and figures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from cqs_panel import Metric, percent, ratio, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_monitor.models.inspection import Inspection
    from cqs_monitor.models.registry import Model

CSS = """
.verdict{font-size:15px;font-weight:700} .dangerous{color:var(--cqs-down)} .imports{color:var(--cqs-warning)}
p{margin:4px 0;font-size:13px;overflow-wrap:anywhere} .muted{color:var(--cqs-muted);font-size:12px}
ul{margin:6px 0;padding-left:18px;font-size:13px;columns:2;column-gap:28px}
li{overflow-wrap:anywhere;break-inside:avoid}
li.dangerous{font-weight:700} code{font-size:12px;overflow-wrap:anywhere}
@media(max-width:700px){ul{columns:1}}
"""


def inspection_html(chosen: Model) -> str:
    """Verdict, imports and what the model says of itself."""
    seen = chosen.inspection
    if seen is None:
        return f'<p class="verdict">No model</p><p>{escape(chosen.problem or "")}</p>'
    tones = {"dangerous": "dangerous", "imports unusual code": "dangerous", "imports code": "imports"}
    lines = [f'<p class="verdict {tones.get(seen.verdict or "", "")}">{escape(_verdict(seen))}</p>']
    lines += [f"<p>{escape(text)}</p>" for text in (seen.problem, *seen.oddities) if text]
    if seen.imports:
        lines.append("<p>Loading it would import:</p>")
        flagged = {*seen.dangerous, *seen.unusual}
        items = (f'<li class="{"dangerous" if name in flagged else ""}">{escape(name)}</li>' for name in seen.imports)
        lines.append(f"<ul>{''.join(items)}</ul>")
    lines += [f"<p><b>{label}</b> {escape(text)}</p>" for label, text in _said(chosen)]
    lines.append(
        '<p class="muted">Read opcode by opcode; nothing was loaded. No verdict says that a model is harmless.</p>'
    )
    return "".join(lines)


def _verdict(seen: Inspection) -> str:
    unread = "not known: it could not be read whole" if seen.problem else "not known: no ordinary writer made it"
    return seen.verdict or unread


def _said(chosen: Model) -> list[tuple[str, str]]:
    assert chosen.inspection is not None
    about = chosen.inspection.about
    trained = f"{about.training.get('start')} to {about.training.get('end')}" if about.training else ""
    said = [
        ("Model", about.model or ""),
        ("Features", ", ".join(about.feature_names or ())),
        ("Classes", ", ".join(about.classes or ())),
        ("Trained", trained),
        ("sha256", chosen.sha256 or ""),
        ("Note", str(chosen.metadata.get("description") or "")),
    ]
    return [(label, text) for label, text in said if text]


def model_metrics(chosen: Model, *, trusted: bool) -> list[Metric]:
    """Cards of one version."""
    seen = chosen.inspection
    kind = (seen.format or "unknown") if seen else "–"
    return [
        Metric("State", chosen.state, chosen.problem or ("latest" if chosen.latest else "")),
        Metric("Format", kind, f"protocol {seen.protocol}" if seen and seen.protocol else ""),
        Metric("Size", size(chosen.entry.size if chosen.entry else None)),
        Metric("Trusted here", "yes" if trusted else "no", hint="By its sha256, on this machine only"),
    ]


def score_metrics(evaluation: Mapping[str, Any]) -> list[Metric]:
    """Cards of one evaluation."""
    after, decay, calibration = evaluation["after_training"], evaluation["decay"], evaluation["calibration"]
    change = decay["change"]
    decayed = "" if change is None else f"{100 * change:+.1f} points against training"
    return [
        Metric("Regime now", str(evaluation["regime"] or "–"), f"at the close of {evaluation['end']}"),
        Metric("Accuracy", _share(evaluation["accuracy"]), f"commonest label: {_share(evaluation['majority'])}"),
        Metric("After training", _share(after["accuracy"]), decayed or f"{after['days']} days"),
        Metric("F1", ratio(evaluation["f1"]), "mean over classes"),
        Metric(
            "Calibration error",
            _share(calibration["error"]) if calibration else "–",
            "stated probabilities, compared with what happened",
            hint="Expected calibration error over ten bins",
        ),
    ]


def metrics_by_version(rows: Sequence[Model]) -> tuple[list[str], list[list[object]]]:
    """Headers and rows: the metrics in each version's metadata."""
    numbers = {row.version: _numbers(row.metadata.get("metrics")) for row in rows}
    names = list(dict.fromkeys(name for found in numbers.values() for name in found))[:8]
    body: list[list[object]] = [
        [row.version, *(numbers[row.version].get(name) for name in names)] for row in rows if numbers[row.version]
    ]
    return ["Version", *names], body


def _numbers(value: Any, before: str = "") -> dict[str, str]:
    if isinstance(value, dict):
        return {
            k: v for name, inner in list(value.items())[:50] for k, v in _numbers(inner, f"{before}{name} ").items()
        }
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {before.strip(): f"{value:.4g}"}
    return {}


def _share(value: float | None) -> str:
    return percent(None if value is None else 100 * value)
