"""Which series of the lake charts can follow live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import Lake
from cqs_data.feeds import obstacle

if TYPE_CHECKING:
    from cqs_core import Bucket, Series


def obstacle_of(bucket: Bucket, series: Series, endpoint: str | None) -> str:
    """Why a series of the lake cannot be followed, with the remedy; empty where nothing is in the way.

    Candles that were put together from shorter ones came from where those came from.
    """
    lake = Lake(bucket)
    objects = lake.objects(series) or [
        o for name in lake.sources(series) for o in lake.objects(series._replace(interval=name))
    ]
    return obstacle(series, sorted({o.source for o in objects if o.rows}), endpoint)
