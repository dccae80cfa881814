"""The evaluation as one JSON object: how well the model classified the days, and reasons for doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_monitor.models.evaluation import scores
from cqs_monitor.models.evaluation.labels import HIGH_VOL
from cqs_monitor.models.evaluation.regimes import opens_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cqs_monitor.models.evaluation.model_process import Predictions

RECENT = 90
"""Days at the end whose features are compared with those of training."""


def report(
    days: pd.DataFrame,
    features: pd.DataFrame,
    answer: Predictions,
    training: tuple[int, int] | None,
    performance: Mapping[str, Any],
) -> dict[str, Any]:
    """Scores of `days` (columns regime, realised, confidence; index UTC).

    Args:
        days: one row a day.
        features: the same days, one column a feature.
        answer: of the model.
        training: `[start, end)` in ms UTC, None where the model does not say.
        performance: as the model says, fractions.
    """
    known = days[days["realised"].notna() & (days["regime"] != HIGH_VOL)]
    inside, after = _around(known, training)
    return {
        "days": len(days),
        "scored_days": len(known),
        "start": _day(days, 0),
        "end": _day(days, -1),
        "regime": None if days.empty else str(days["regime"].iloc[-1]),
        **_scored(known),
        "majority": _majority(known),
        "in_training": _scored(inside) | {"days": len(inside)},
        "after_training": _scored(after) | {"days": len(after)},
        "confusion": scores.confusion(*_columns(known), answer.classes),
        "calibration": _calibration(known),
        "quarters": _quarters(known, answer.classes, training),
        "drift": _drift(features, training),
        "decay": _decay(after, performance),
        "problems": list(_problems(features, answer, training, days)),
        "isolation": {"process": "apart", "environment": "empty", "network": answer.network},
    }


def _around(days: pd.DataFrame, training: tuple[int, int] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Days of the training, and after it."""
    if training is None:
        return days.iloc[0:0], days.iloc[0:0]
    at = opens_of(days)
    return days[(at >= training[0]) & (at < training[1])], days[at >= training[1]]


def _day(days: pd.DataFrame, at: int) -> str | None:
    return None if days.empty else days.index[at].date().isoformat()


def _columns(days: pd.DataFrame) -> tuple[Any, Any]:
    return days["realised"].to_numpy(dtype=object), days["regime"].to_numpy(dtype=object)


def _scored(days: pd.DataFrame) -> dict[str, float | None]:
    true, said = _columns(days)
    return {"accuracy": scores.accuracy(true, said), "f1": scores.f1_macro(true, said)}


def _majority(days: pd.DataFrame) -> float | None:
    """Accuracy of always saying the commonest label: what any model must beat."""
    return None if days.empty else float(days["realised"].value_counts(normalize=True).iloc[0])


def _calibration(days: pd.DataFrame) -> dict[str, Any] | None:
    if days.empty or days["confidence"].isna().any():
        return None
    return scores.calibration(days["confidence"].to_numpy(float), (days["realised"] == days["regime"]).to_numpy(bool))


def _quarters(days: pd.DataFrame, classes: Sequence[str], training: tuple[int, int] | None) -> list[dict[str, Any]]:
    names = [f"{at.year}-Q{(at.month + 2) // 3}" for at in days.index]
    rows = []
    for name, part in days.groupby(np.array(names, dtype=object)):
        trained = int(((opens_of(part) >= training[0]) & (opens_of(part) < training[1])).sum()) if training else None
        confusion = scores.confusion(*_columns(part), classes)
        rows.append(
            {"quarter": name, "days": len(part), "training_days": trained, **_scored(part), "confusion": confusion}
        )
    return rows


def _drift(features: pd.DataFrame, training: tuple[int, int] | None) -> dict[str, float | None]:
    """PSI of each feature: the last `RECENT` days against those of training."""
    if training is None:
        return dict.fromkeys(map(str, features.columns))
    at = opens_of(features)
    then, recent = features[(at >= training[0]) & (at < training[1])], features.iloc[-RECENT:]
    return {
        str(name): scores.psi(then[name].to_numpy(float), recent[name].to_numpy(float)) for name in features.columns
    }


def _decay(after: pd.DataFrame, performance: Mapping[str, Any]) -> dict[str, float | None]:
    mean, deviation = _number(performance.get("accuracy_mean")), _number(performance.get("accuracy_std"))
    now = _scored(after)["accuracy"]
    change = None if mean is None or now is None else now - mean
    return {
        "training_accuracy": mean,
        "training_f1": _number(performance.get("f1_mean")),
        "accuracy": now,
        "change": change,
        "deviations": change / deviation if change is not None and deviation else None,
    }


def _problems(features: pd.DataFrame, answer: Predictions, training: tuple[int, int] | None, days: pd.DataFrame) -> Any:
    if training is None:
        yield "the model does not say when it was trained: what it has seen, drift and decay are unknown"
    if answer.encoder is not None and answer.encoder != answer.classes:
        orders = f"{', '.join(answer.encoder)}, its classes {', '.join(answer.classes)}"
        yield f"its label encoder has the order {orders}; classes were used"
    if len(days) and (days["regime"] == HIGH_VOL).any():
        count = int((days["regime"] == HIGH_VOL).sum())
        yield f"{count} days of HIGH_VOL are not scored: the return does not say whether they were"
    if answer.probabilities is None:
        yield "the model gives no probabilities: its calibration is unknown"
    if answer.scaler is not None and training is not None:
        yield from _unlike_training(features, answer.scaler, training)


def _unlike_training(features: pd.DataFrame, scaler: Mapping[str, Sequence[float]], training: tuple[int, int]) -> Any:
    """Features whose mean over the training days is not what the scaler saw: another formula or another market."""
    at = opens_of(features)
    then = features[(at >= training[0]) & (at < training[1])]
    if len(then) < 20 or len(scaler["mean"]) != len(features.columns):
        return
    for name, mean, scale in zip(features.columns, scaler["mean"], scaler["scale"], strict=True):
        here = float(then[name].mean())
        if abs(here - mean) > max(abs(scale), 1e-12):
            yield f"{name} is {here:.4g} on average here, {mean:.4g} in training: another formula, or another market"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
