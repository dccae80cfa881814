"""Models as the trainer uploads them, for tests."""

from __future__ import annotations

import datetime as dt
import os

import numpy as np

from cqs_monitor.models.softmax import Names, Softmax, Standard

FEATURES = ["return_20d", "volatility", "rsi", "ma_alignment", "volume_ratio_20"]
CLASSES = ["BEAR_TREND", "BULL_TREND", "SIDEWAYS"]
DAY = 86_400_000
START = int(dt.datetime(2022, 1, 1, tzinfo=dt.UTC).timestamp() * 1000)


class Touching:
    """Leaves a file behind wherever it is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (os.system, (f"touch {self.path}",))


def portable(rows, **changes):
    """A model in the trainer's portable form, made of this package's own small classes."""
    codes = np.where(rows[:, 0] > 0.4, 1, np.where(rows[:, 0] < -0.4, 0, 2))
    scaler = Standard().fit(rows)
    whole = {
        "model": Softmax().fit(scaler.transform(rows), codes, steps=50),
        "scaler": scaler,
        "label_encoder": Names(CLASSES),
        "feature_names": FEATURES,
        "classes": CLASSES,
        "model_type": "softmax",
        "n_classes": 3,
        "training_samples": len(rows),
        "training_date_range": {"start": "2022-01-01", "end": "2023-06-30"},
        "performance": {"accuracy_mean": 0.8, "accuracy_std": 0.05, "f1_mean": 0.7, "f1_std": 0.06},
    }
    return whole | changes
