"""Regimes as shading over candles: for the Models page, and as an overlay for any chart of the market."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cqs_core import Bucket
from cqs_core.config import bucket_url
from cqs_monitor.models.evaluation.regimes import listing, stored
from cqs_panel import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Series
    from cqs_monitor.models.evaluation.regimes import Regimes
    from cqs_panel import Layer

Tone = Literal["up", "down", "neutral", "warning"]
TONES: dict[str, Tone] = {"BULL_TREND": "up", "BEAR_TREND": "down", "HIGH_VOL": "warning"}


def bands(regimes: Regimes, start: int, end: int) -> list[Band]:
    """Bands of `[start, end)`, ms UTC; sideways markets stay plain."""
    return [Band(name, a, b, TONES[name]) for name, a, b in regimes.bands(start, end) if name in TONES]


def layers(series: Series, start: int, end: int) -> Sequence[Layer]:
    """The regimes that were stored last for this market."""
    bucket = Bucket(bucket_url())
    newest = next((v for v, e, m, _ in listing(bucket) if (e, m) == (series.exchange, series.market)), None)
    found = stored(bucket, newest, series.exchange, series.market) if newest else None
    return bands(found, start, end) if found else []
