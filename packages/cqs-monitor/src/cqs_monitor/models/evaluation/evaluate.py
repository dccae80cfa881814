"""`cqs models evaluate`: refuse untrusted models, run the model in isolation, score its days, store its regimes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from cqs_core import Lake, Series, UsageError, market_of, settings
from cqs_core.cli import plain
from cqs_core.time.clock import iso, now, parse_end, parse_start
from cqs_monitor.models.evaluation.evaluation_report import report
from cqs_monitor.models.evaluation.features import feature_table
from cqs_monitor.models.evaluation.labels import realised
from cqs_monitor.models.evaluation.model_process import MEMORY, SECONDS, ask
from cqs_monitor.models.evaluation.regimes import Regimes, store
from cqs_monitor.models.fingerprints import local_file
from cqs_monitor.models.registry import Model, model
from cqs_monitor.models.trust import check_loadable, trusted

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from cqs_core import Bucket
    from cqs_monitor.models.evaluation.model_process import Predictions

READABLE = 1 << 29
"""Bytes of a model that is evaluated."""


def evaluate(
    bucket: Bucket,
    version: str,
    *,
    exchange: str | None = None,
    market: str | None = None,
    seconds: int = SECONDS,
    memory: int = MEMORY,
    keep: bool = True,
    made: Collection[str] = (),
) -> Regimes:
    """Regimes of a trusted model for every day of a market in the lake.

    Args:
        bucket: with the model and the candles.
        version: or `latest`.
        exchange: None is the home exchange.
        market: None is BTC of the home quote.
        seconds: that the model may take.
        memory: bytes that it may take.
        keep: whether to store the regimes.
        made: sha256 of models that the caller made itself, trusted for this call alone.

    Raises:
        UsageError: not trusted, not portable, no candles.
        DataError: the model could not be loaded or answered nonsense.
    """
    chosen = model(bucket, version)
    check_evaluable(chosen, made)
    series = daily_series(exchange, market)
    candles = _candles(bucket, series)
    assert chosen.inspection is not None
    features = feature_table(candles, chosen.inspection.about.feature_names or ())
    answer = ask(_bytes(bucket, chosen), features.to_numpy(float), seconds=seconds, memory=memory)
    days = _days(candles, features, answer)
    about = _about(chosen, series.exchange, series.market) | report(
        days, features, answer, _training(chosen), chosen.inspection.about.performance
    )
    found = Regimes.of(chosen.version, series.exchange, series.market, days, plain(about | {"regimes": None}))
    if keep:
        found.evaluation["regimes"] = found.key
        store(bucket, found)
    return found


def daily_series(exchange: str | None, market: str | None) -> Series:
    """The daily candles for regimes: BTC of the home exchange by default."""
    home = settings()
    where = exchange or home.exchange
    return Series(where, market_of(market or "BTC", where), "1d")


def check_evaluable(chosen: Model, made: Collection[str] = ()) -> None:
    """Whether a model may be loaded at all.

    Raises:
        UsageError: it may not; the message says why.
    """
    seen = chosen.inspection
    if seen is None or chosen.sha256 is None:
        raise UsageError(f"model {chosen.version!r} cannot be evaluated: {chosen.problem or 'its file was not read'}")
    known = {**trusted(), **{sha256: {} for sha256 in made}}
    check_loadable(chosen, unusual=bool(known.get(chosen.sha256, {"unusual": True}).get("unusual")))
    if chosen.sha256 not in known:
        raise UsageError(
            f"model {chosen.version!r} is not trusted; loading it runs code that it names. "
            f"If you know who made it: cqs models trust {chosen.sha256}"
        )
    if not seen.about.portable or not seen.about.feature_names or not seen.about.classes:
        raise UsageError(
            f"model {chosen.version!r} has not the portable form (a dict of model, scaler, label_encoder, "
            "feature_names, classes): "
            "it can be inspected, not evaluated"
        )


def _candles(bucket: Bucket, series: Series) -> pd.DataFrame:
    frame = Lake(bucket).frame(series)
    if frame.empty:
        fetch = f"cqs fetch --exchange {series.exchange} --symbols {series.market} --interval 1d"
        raise UsageError(f"no candles of {series} in {bucket.url!r}; fetch them: {fetch}")
    return frame


def _bytes(bucket: Bucket, chosen: Model) -> bytes:
    """The model's bytes, if they are still those that were trusted."""
    assert chosen.entry is not None
    if chosen.entry.size > READABLE:
        raise UsageError(
            f"model {chosen.version!r} is {chosen.entry.size / 1e9:.1f} GB; up to {READABLE >> 20} MB are evaluated"
        )
    with local_file(bucket, chosen.entry.key) as file:
        file.seek(0)
        data = file.read()
    if hashlib.sha256(data).hexdigest() != chosen.sha256:
        raise UsageError(f"model {chosen.version!r} changed while it was read; look at it again: cqs models list")
    return data


def _days(candles: pd.DataFrame, features: pd.DataFrame, answer: Predictions) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    names = np.array(answer.classes, dtype=object)[answer.codes]
    at = np.arange(len(names))
    confidence = (
        answer.probabilities[at, answer.codes] if answer.probabilities is not None else np.full(len(names), np.nan)
    )
    came = realised(candles["close"], answer.classes).reindex(features.index)
    return pd.DataFrame({"regime": names, "realised": came, "confidence": confidence}, index=features.index)


def _training(chosen: Model) -> tuple[int, int] | None:
    assert chosen.inspection is not None
    training = chosen.inspection.about.training
    try:
        start, end = parse_start(training.get("start")), parse_end(training.get("end"))
    except (UsageError, AttributeError):
        return None
    return (start, end) if start is not None and end is not None and start < end else None


def _about(chosen: Model, exchange: str, market: str) -> dict[str, Any]:
    assert chosen.inspection is not None
    return {
        "version": chosen.version,
        "sha256": chosen.sha256,
        "exchange": exchange,
        "market": market,
        "evaluated": iso(now()),
        "classes": list(chosen.inspection.about.classes or ()),
        "features": list(chosen.inspection.about.feature_names or ()),
        "training": chosen.inspection.about.training or None,
    }
