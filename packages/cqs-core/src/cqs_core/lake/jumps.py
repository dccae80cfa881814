"""Absurd jumps: a close many times the one before it. The candle stays, and quarantine says that it looks wrong.

The previous candle may be in an earlier answer, or stored years ago, so adjacent candles are looked up in the lake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cqs_core.lake.cleaning import Reject
from cqs_core.lake.reading import read_objects
from cqs_core.lake.series_table import SCHEMA, empty_table, stamps
from cqs_core.trading.candles import FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_core.bucket import Bucket
    from cqs_core.lake.object_names import LakeObject

JUMP = 10.0  # a close this many times the one before, or its inverse, is flagged


def jumps(table: pa.Table) -> list[Reject]:
    """The rows of sorted candles that jump against the row before them."""
    close = table.column("close").to_numpy()
    ratio = close[1:] / close[:-1]
    wild = np.flatnonzero((ratio > JUMP) | (ratio < 1 / JUMP)) + 1
    ts, values = stamps(table), [table.column(name).to_numpy() for name in FIELDS]
    return [Reject([float(ts[i]), *(float(column[i]) for column in values)], "jump") for i in wild]


class AdjacentCandles:
    """The stored candles of a series next to new ones.

    Args:
        bucket: where it is.
        objects: of the series, as a listing showed them.
    """

    def __init__(self, bucket: Bucket, objects: Sequence[LakeObject]) -> None:
        self._bucket = bucket
        self._objects = [o for o in objects if o.rows]
        self._stored: dict[int, pa.Table] = {}

    def jumps(self, table: pa.Table) -> list[Reject]:
        """Jumps within a sorted table, into it and out of it; its candles count as stored from now on."""
        if not len(table):
            return []
        ts = stamps(table)
        first, last = int(ts[0]), int(ts[-1])
        found = jumps(pa.concat_tables([self._before(first), table, self._after(last)]))
        self._stored |= {first: table.slice(0, 1), last: table.slice(len(table) - 1)}
        return found

    def row(self, ts: int) -> pa.Table:
        """The candle that is stored at a stamp; empty where there is none."""
        found = self._before(ts + 1)
        return found if len(found) and int(stamps(found)[0]) == ts else empty_table()

    def _before(self, ts: int) -> pa.Table:
        earlier = [o for o in self._objects if o.first < ts]
        # Objects may overlap `ts`; of those that end before it, only the latest can hold the previous candle.
        nearest = max((o.last for o in earlier if o.last < ts), default=None)
        near = [o for o in earlier if o.last >= ts or o.last == nearest]
        known = max((at for at in self._stored if at < ts), default=None)
        if known is not None and all(o.last <= known for o in near):
            return self._stored[known]
        return self._read(near, lambda: read_objects(self._bucket, near, None, ts)[-1:])

    def _after(self, ts: int) -> pa.Table:
        later = [o for o in self._objects if o.last > ts]
        nearest = min((o.first for o in later if o.first > ts), default=None)
        near = [o for o in later if o.first <= ts or o.first == nearest]
        known = min((at for at in self._stored if at > ts), default=None)
        if known is not None and all(o.first >= known for o in near):
            return self._stored[known]
        return self._read(near, lambda: read_objects(self._bucket, near, ts + 1, None)[:1])

    @staticmethod
    def _read(objects: Sequence[LakeObject], read: Callable[[], pa.Table]) -> pa.Table:
        """One row, or none: also where compaction took the objects away meanwhile, since a flag is not worth more."""
        try:
            return read().select(SCHEMA.names) if objects else empty_table()
        except FileNotFoundError:
            return empty_table()
