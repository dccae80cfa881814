"""A model's description: feature names, classes and training, from the values of an inspected pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_monitor.models.pickles.arrays import elements, pairs_as_text
from cqs_monitor.models.pickles.values import Import, Made, Pairs, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

_PORTABLE = ("model", "scaler", "label_encoder", "feature_names", "classes")
_NUMBERS = ("n_classes", "training_samples")


@dataclass(frozen=True)
class Description:
    """The parts that could be read; else None or empty.

    Attributes:
        portable: whether it has the portable form, which alone can be evaluated.
        feature_names: one per column of the model.
        classes: by the model's codes.
        model: class of the model.
        training: first and last day that the model says it was trained on.
        performance: metrics of the training, fractions.
    """

    portable: bool = False
    feature_names: Sequence[str] | None = None
    classes: Sequence[str] | None = None
    model: str | None = None
    scaler: str | None = None
    model_type: str | None = None
    training: dict[str, Any] = field(default_factory=dict)
    performance: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        listed = {
            name: None if v is None else list(v)
            for name, v in (("feature_names", self.feature_names), ("classes", self.classes))
        }
        rest = ("portable", "model", "scaler", "model_type", "training", "performance")
        return (
            listed | {name: getattr(self, name) for name in rest} | {name: self.counts.get(name) for name in _NUMBERS}
        )


def describe(values: Sequence[Any]) -> Description:
    """The description in the first value that has one."""
    for value in values:
        if isinstance(value, Pairs) and "model" in value.names():
            return _portable(value)
    for value in values:
        found = _searched(value)
        if found.feature_names or found.classes or found.model:
            return found
    return Description()


def _portable(value: Pairs) -> Description:
    encoder = value.get("label_encoder")
    encoded = encoder.attributes.get("classes_") if isinstance(encoder, Made) else None
    model_type = value.get("model_type")
    return Description(
        portable=set(_PORTABLE) <= set(value.names()),
        feature_names=_texts(value.get("feature_names")),
        classes=_texts(value.get("classes")) or _texts(encoded),
        model=_class(value.get("model")),
        scaler=_class(value.get("scaler")),
        model_type=model_type if isinstance(model_type, str) else None,
        training=pairs_as_text(value.get("training_date_range")),
        performance=pairs_as_text(value.get("performance")),
        counts={name: value.get(name) for name in _NUMBERS if isinstance(value.get(name), int)},
    )


def _searched(value: Any) -> Description:
    """Names that scikit-learn and its kin keep as attributes, nearest first."""
    features = classes = None
    for item in walk(value):
        attributes = item if isinstance(item, Pairs) else item.attributes if isinstance(item, Made) else Pairs()
        features = features or _texts(attributes.get("feature_names_in_")) or _texts(attributes.get("feature_names"))
        classes = classes or _texts(attributes.get("classes_")) or _texts(attributes.get("classes"))
    return Description(feature_names=features, classes=classes, model=_class(value))


def _texts(value: Any) -> list[str] | None:
    found = elements(value)
    if not found or not all(isinstance(one, (str, int)) for one in found):
        return None
    return [str(one)[:200] for one in found[:1000]]


def _class(value: Any) -> str | None:
    """The class behind an object; `copyreg._reconstructor(X, …)` is an X."""
    if not isinstance(value, Made):
        return None
    if value.is_a("copyreg", "_reconstructor") or value.is_a("copy_reg", "_reconstructor"):
        first = value.arguments[0] if value.arguments else None
        return str(first) if isinstance(first, Import) else None
    return str(value.what) if isinstance(value.what, Import) else None
