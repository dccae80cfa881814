"""Why the lake has no candles of a series, and the command that fetches them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NoReturn

from cqs_core.errors import UnknownName, UsageError
from cqs_core.lake.shorter_candles import own_days, source_of, to_fetch, why_no_days
from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from cqs_core.lake.deriving import Derived
    from cqs_core.lake.lake import Lake
    from cqs_core.lake.object_names import Series


def refuse_empty(lake: Lake, found: Derived) -> NoReturn:
    """See `Lake.refuse`."""
    from cqs_core.config.variables import settings

    if found.note:
        raise UsageError(f"no candle of {found.series} is whole: {found.note}")
    series, day_start = found.series, settings().day_start
    fetch, source = to_fetch(series, day_start), source_of(lake, series, day_start)
    stored = [o for o in lake.objects(source) if o.rows] if source else []
    if stored:
        first, last = (iso(at)[:16] for at in (min(o.first for o in stored), max(o.last for o in stored)))
        raise UsageError(
            f"no candles of {series} in these dates; ask for others (the lake has {source} "
            f"from {first} to {last} UTC), or fetch them: {fetch}"
        )
    if source is None and own_days(series.interval, day_start) and _markets(lake.series(), series.exchange):
        _refuse_unknown_market(lake, series)
        raise UsageError(why_no_days(series, day_start))
    refuse_unknown(lake, series, day_start)


def refuse_unknown(lake: Lake, series: Series, day_start: int = 0) -> NoReturn:
    """Say that the lake does not have a series.

    Raises:
        UsageError: always.
    """
    _refuse_unknown_market(lake, series)
    fetch, source = to_fetch(series, day_start), source_of(lake, series, day_start)
    other = f"`derive` puts them together from {source.interval}, or " if source else ""
    raise UsageError(f"no candles of {series} in {lake.bucket.url!r}; {other}fetch them: {fetch}")


def _refuse_unknown_market(lake: Lake, series: Series) -> None:
    remedy = f"fetch it: {to_fetch(series)}"
    known = lake.series()
    exchanges = {s.exchange for s in known}
    if exchanges and series.exchange not in exchanges:
        raise UnknownName("exchange in the lake", series.exchange, exchanges, remedy=remedy)
    have = _markets(known, series.exchange)
    if have and series.market not in have:
        raise UnknownName("market in the lake", series.market, _of_alike_base(series.market, have), remedy=remedy)


def _markets(known: Iterable[Series], exchange: str) -> set[str]:
    return {s.market for s in known if s.exchange == exchange}


def _of_alike_base(market: str, known: Collection[str]) -> list[str]:
    """Markets that may be meant: `ETH/KRW` and `BTC/KRW` share much text, and are not alike."""
    bases = {one: one.partition("/")[0] for one in known}
    alike = difflib.get_close_matches(market.partition("/")[0], set(bases.values()))
    return [one for one, base in bases.items() if base in alike]
