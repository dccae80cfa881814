"""Models as the trainer uploads them, for tests."""

from __future__ import annotations

import datetime as dt
import os
import pickle

import numpy as np

from cqs_core import Lake, Series
from cqs_core.lake import candle_table
from cqs_monitor.models.evaluation.features import feature_table
from cqs_monitor.models.evaluation.labels import realised
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


def wandering(bucket) -> Lake:
    """1,000 days of BTC/KRW that wander with trends."""
    rng = np.random.default_rng(7)
    drift = np.repeat(rng.choice([-0.01, 0.0, 0.01], 20), 50)
    close = 50e6 * np.exp(np.cumsum(drift + rng.normal(0, 0.02, 1000)))
    opens = np.concatenate(([close[0]], close[:-1]))
    high, low = np.maximum(opens, close) * 1.01, np.minimum(opens, close) * 0.99
    values = np.column_stack([opens, high, low, close, rng.uniform(50, 150, 1000)])
    ts = START + DAY * np.arange(1000, dtype=np.int64)
    lake = Lake(bucket)
    lake.append(Series("upbit", "BTC/KRW", "1d"), candle_table(ts, values), START, START + 1000 * DAY)
    return lake


def trained(lake: Lake) -> bytes:
    """A portable model of the lake's days up to 2023-06-30."""
    candles = lake.frame(Series("upbit", "BTC/KRW", "1d"))
    table = feature_table(candles, FEATURES).loc[:"2023-06-30"]
    labels = realised(candles["close"], CLASSES).reindex(table.index)
    codes = np.array([CLASSES.index(name) for name in labels])
    scaler = Standard().fit(table.to_numpy())
    model = Softmax().fit(scaler.transform(table.to_numpy()), codes)
    return pickle.dumps(portable(np.zeros((50, 5)) + np.arange(50)[:, None], model=model, scaler=scaler))
