"""A classifier and a scaler that need numpy alone, with scikit-learn's names: what the demo's models are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


class Standard:
    """Columns less their mean, over their standard deviation."""

    def fit(self, rows: Floats) -> Standard:
        self.mean_ = rows.mean(axis=0)
        self.scale_ = np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1.0)
        return self

    def transform(self, rows: Floats) -> Floats:
        return np.asarray((rows - self.mean_) / self.scale_)


class Softmax:
    """Multinomial logistic regression by gradient descent; codes are 0..k-1."""

    def fit(self, rows: Floats, codes: npt.NDArray[np.int64], steps: int = 400, rate: float = 0.5) -> Softmax:
        self.classes_ = np.unique(codes)
        wanted = (codes[:, None] == self.classes_).astype(float)
        padded = _padded(rows)
        self.weights_ = np.zeros((padded.shape[1], len(self.classes_)))
        for _ in range(steps):
            miss = _softmax(padded @ self.weights_) - wanted
            self.weights_ -= rate * (padded.T @ miss / len(rows) + 1e-3 * self.weights_)
        return self

    def predict_proba(self, rows: Floats) -> Floats:
        return _softmax(_padded(rows) @ self.weights_)

    def predict(self, rows: Floats) -> npt.NDArray[Any]:
        return np.asarray(self.classes_[self.predict_proba(rows).argmax(axis=1)])


class Names:
    """A label encoder that only remembers its order."""

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes_ = np.array(classes)


def _padded(rows: Floats) -> Floats:
    return np.column_stack([rows, np.ones(len(rows))])


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
