"""The demo's model step: train two models, add one that would run a command, write rules that fire."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_core import CqsError, DemoStep, Lake
from cqs_monitor.models.evaluation.evaluate import daily_series, evaluate
from cqs_monitor.models.evaluation.features import FEATURES, feature_table
from cqs_monitor.models.evaluation.labels import BEAR, BULL, HORIZON, SIDEWAYS, realised
from cqs_monitor.models.registry import models
from cqs_monitor.models.softmax import Names, Softmax, Standard

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from cqs_core import Bucket, Demo

_CLASSES = [BEAR, BULL, SIDEWAYS]
_LEAST = 400
_DANGEROUS = b"cposix\nsystem\n(S'echo a model must never be able to do this'\ntR."
_RULES = """\
# The demo's rules. Try one on the past before you save it.

[[rule]]
name = "bot is silent"
kind = "heartbeat"
over = "7m"
severity = "critical"

[[rule]]
name = "big loss in a day"
kind = "daily_loss"
over = 150000            # in the account's currency
severity = "critical"
cooldown = "12h"

[[rule]]
name = "drawdown"
kind = "drawdown"
over = 500000            # below the best so far

[[rule]]
name = "damaged files"
kind = "damaged_file"

[[rule]]
name = "positions do not add up"
kind = "reconciliation"
for = "15m"

[[rule]]
name = "bear market"
kind = "regime"
over = "BEAR_TREND"
severity = "info"

[[rule]]
name = "BTC moves"
kind = "price_move"
market = "BTC"
over = "4 %"
within = "1d"
silence = "23:00-07:00 Asia/Seoul"

# The next three show the other states: pending, silenced, unknown.
[[rule]]
name = "below its high for long"
kind = "drawdown"
over = 1
for = "1000d"

[[rule]]
name = "no trade for a second"
kind = "no_trades"
over = "1s"
severity = "info"
silence = "00:00-23:59 Asia/Seoul"

[[rule]]
name = "DOGE moves"
kind = "price_move"
market = "DOGE"
over = "4 %"
"""


def _run(demo: Demo) -> dict[str, Any]:
    try:
        candles = Lake(demo.bucket).frame(daily_series(None, None))
    except CqsError as error:
        return {"skipped": str(error)}
    demo.bucket.write("config/alerts.toml", _RULES.encode())
    if len(candles) < _LEAST:
        return {"skipped": f"{len(candles)} daily candles; the models are trained on {_LEAST}"}
    table = feature_table(candles, list(FEATURES))
    labels = realised(candles["close"], _CLASSES).reindex(table.index)
    made = []
    for version, share, names in (("v1", 0.4, list(FEATURES)[:3]), ("v2", 0.7, list(FEATURES))):
        data = _trained(table[names], labels, share)
        _upload(demo.bucket, version, data, f"softmax on {len(names)} features")
        made.append(hashlib.sha256(data).hexdigest())
    _upload(demo.bucket, "v3", _DANGEROUS, "came by mail; look, but do not load", latest=False)
    found = _evaluated(demo.bucket, made)
    for row in models(demo.bucket):
        verdict = row.inspection.verdict if row.inspection else None
        demo.console.print(f"  {row.version}: [bold]{verdict}[/]{', latest' if row.latest else ''}")
    return found


def _evaluated(bucket: Bucket, made: Collection[str]) -> dict[str, Any]:
    """Evaluate the two that the demo made itself; what the user trusts stays as it is."""
    rows = models(bucket)
    scores = {version: evaluate(bucket, version, made=made).evaluation for version in ("v1", "v2")}
    return {
        "verdicts": {row.version: row.inspection.verdict if row.inspection else None for row in rows},
        "accuracy": {version: evaluation["accuracy"] for version, evaluation in scores.items()},
        "regime": scores["v2"]["regime"],
    }


def _trained(table: pd.DataFrame, labels: pd.Series, share: float) -> bytes:
    """A model of the first `share` of the days, in the trainer's portable form."""
    days = int(len(table) * share)
    rows = table.to_numpy()[: days - HORIZON]
    codes = np.array([_CLASSES.index(str(name)) for name in labels.iloc[: days - HORIZON]])
    scaler = Standard().fit(rows)
    model = Softmax().fit(scaler.transform(rows), codes)
    right = float((model.predict(scaler.transform(rows)) == codes).mean())
    whole = {
        "model": model,
        "scaler": scaler,
        "label_encoder": Names(_CLASSES),
        "feature_names": list(map(str, table.columns)),
        "classes": _CLASSES,
        "model_type": "softmax",
        "n_classes": len(_CLASSES),
        "training_samples": len(rows),
        "training_date_range": {"start": f"{table.index[0]:%Y-%m-%d}", "end": f"{table.index[days - 1]:%Y-%m-%d}"},
        "performance": {"accuracy_mean": right, "accuracy_std": 0.04, "f1_mean": right - 0.05, "f1_std": 0.05},
    }
    return pickle.dumps(whole)


def _upload(bucket: Bucket, version: str, data: bytes, description: str, *, latest: bool = True) -> None:
    """As the trainer does: model, latest, metadata."""
    key = f"models/regime_classifier_{version}.pkl"
    bucket.write(key, data)
    if latest:
        bucket.write("models/regime_classifier_latest.pkl", data)
    known = pickle.loads(data)["performance"] if latest else None  # noqa: S301 - made a moment ago, in this process
    about = {
        "version": version,
        "upload_time": dt.datetime.now().isoformat(),  # noqa: DTZ005 - the trainer writes naive local time
        "source_file": f"{version}.pkl",
        "file_size_bytes": len(data),
        "model_path": key,
        "description": description,
        "metrics": known,
    }
    about["sha256"] = hashlib.sha256(data).hexdigest()
    bucket.write(f"models/metadata/{version}.json", json.dumps(about).encode())


STEP = DemoStep("models", "Add three regime models, one of them dangerous, and alert rules", 60, _run)
