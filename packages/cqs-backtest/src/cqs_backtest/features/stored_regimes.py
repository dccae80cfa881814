"""Regimes that models of this bucket stored: which of them a run can be judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cqs_backtest.metrics.by_regime import RegimeDays
from cqs_core import Lake, plugins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket

_TABLE = "regimes"
_ALL = "select version, market, epoch_ms(ts) as ts, regime from regimes where exchange = $exchange order by ts"


class StoredRegimes(NamedTuple):
    """A model's regime of each day of a market.

    Attributes:
        version: of the model.
        market: whose days they are.
        days: with their regimes.
    """

    version: str
    market: str
    days: RegimeDays


def stored_regimes(bucket: Bucket, exchange: str, markets: Sequence[str]) -> list[StoredRegimes]:
    """Regimes by which a run on these markets can be judged, one a model, that with the newest days first.

    A model has those of one of the run's markets, the earlier the better; else of another market, which leads all.

    Raises:
        CqsError: they cannot be read.
    """
    if _TABLE not in plugins().tables():
        return []
    table = Lake(bucket).sql(_ALL, exchange=exchange)
    versions, of, names = (np.array(table[name].to_pylist(), dtype=object) for name in ("version", "market", "regime"))
    ts = table["ts"].to_numpy()
    found = []
    for version in dict.fromkeys(versions.tolist()):
        have = set(of[versions == version].tolist())
        market = next((one for one in markets if one in have), min(have))
        rows = (versions == version) & (of == market)
        found.append(StoredRegimes(version, market, RegimeDays(ts[rows], names[rows])))
    return sorted(found, key=lambda one: (int(one.days.opens[-1]), one.version), reverse=True)
