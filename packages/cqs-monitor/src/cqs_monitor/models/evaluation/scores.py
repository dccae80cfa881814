"""Scores of regimes: accuracy, F1, confusion, calibration, drift. All are fractions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Labels = npt.NDArray[np.object_]
    Floats = npt.NDArray[np.float64]

_BINS = 10


def accuracy(true: Labels, predicted: Labels) -> float | None:
    """Share of days classified correctly; None without days."""
    return float((true == predicted).mean()) if len(true) else None


def f1_macro(true: Labels, predicted: Labels) -> float | None:
    """Mean F1 of all classes that were true or predicted; None without days."""
    present = sorted({*true, *predicted})
    return float(np.mean([f1(true, predicted, name) for name in present])) if present else None


def f1(true: Labels, predicted: Labels, name: str) -> float:
    """2 TP / (2 TP + FP + FN) of one class."""
    hits = int(((true == name) & (predicted == name)).sum())
    misses = int(((true == name) ^ (predicted == name)).sum())
    return 2 * hits / (2 * hits + misses) if hits or misses else 0.0


def confusion(true: Labels, predicted: Labels, classes: Sequence[str]) -> dict[str, dict[str, int]]:
    """`{true: {predicted: days}}`."""
    return {a: {b: int(((true == a) & (predicted == b)).sum()) for b in classes} for a in classes}


def calibration(confidence: Floats, right: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Whether a model that says 70 % is right on 70 % of those days.

    Returns:
        `{"error", "bins": [{"from", "to", "days", "said", "right"}]}`; error is the mean distance weighted by days
        (expected calibration error, Guo et al. 2017).
    """
    edges = np.linspace(0, 1, _BINS + 1)
    place = np.clip(np.digitize(confidence, edges[1:-1], right=True), 0, _BINS - 1)
    bins = [_bin(edges, i, confidence[place == i], right[place == i]) for i in range(_BINS) if (place == i).any()]
    total = sum(b["days"] for b in bins)
    error = sum(b["days"] * abs(b["said"] - b["right"]) for b in bins) / total if total else None
    return {"error": error, "bins": bins}


def psi(reference: Floats, recent: Floats) -> float | None:
    """Population stability index over ten bins of equal share of the reference; None where either has under 20 values.

    Below 0.1 is stable, above 0.25 has drifted. Few distinct values are compared value by value.
    """
    if len(reference) < 20 or len(recent) < 20:
        return None
    distinct = np.unique(reference)
    edges = (
        (distinct[:-1] + distinct[1:]) / 2
        if len(distinct) <= _BINS
        else np.quantile(reference, np.linspace(0, 1, _BINS + 1)[1:-1])
    )
    shares = [np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) / len(x) for x in (reference, recent)]
    expected, actual = (np.maximum(s, 1e-4) for s in shares)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def _bin(edges: Floats, i: int, confidence: Floats, right: npt.NDArray[np.bool_]) -> dict[str, Any]:
    return {
        "from": round(float(edges[i]), 3),
        "to": round(float(edges[i + 1]), 3),
        "days": len(right),
        "said": float(confidence.mean()),
        "right": float(right.mean()),
    }
