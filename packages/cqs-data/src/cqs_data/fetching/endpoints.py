"""Where candles came from: those of an endpoint may be made up, and never share a series with a real exchange's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import Exchange, Series, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_core.lake import LakeObject


def source_of(exchange: Exchange) -> str:
    """How candles of a connection are marked."""
    return "endpoint" if exchange.endpoint else "exchange"


def check_source(series: Series, objects: Iterable[LakeObject], source: str) -> None:
    """Whether candles of `source` may go into a series that has these objects.

    Raises:
        UsageError: made-up and real ones would mix.
    """
    have = {o.source for o in objects if o.rows}
    if source == "endpoint" and "exchange" in have:
        raise UsageError(f"{series} has candles of the real exchange; fetch from an endpoint into another --bucket")
    if source == "exchange" and "endpoint" in have:
        raise UsageError(f"{series} has candles of an endpoint; name it with --endpoint, or use another --bucket")


def left_alone(sources: Iterable[str], source: str) -> str:
    """Why a series with candles of these sources is not asked for from `source`; empty where it is."""
    if source == "endpoint" and "exchange" in sources:
        return "of the real exchange; not asked for at an endpoint"
    if source == "exchange" and "endpoint" in sources:
        return "of an endpoint; name it with --endpoint"
    return ""
