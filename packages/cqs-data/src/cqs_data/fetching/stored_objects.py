"""The stored objects of one series: which ranges were answered, and the candles next to a range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_core.lake import imported
from cqs_core.time import intervals
from cqs_data.exchanges.unified import EARLIEST
from cqs_data.fetching.paging import PageRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core import Bucket, Series
    from cqs_core.lake import LakeObject
    from cqs_core.lake.ranges import Range


@dataclass(frozen=True)
class StoredObjects:
    """The objects of a series, as its exchange sees them.

    Attributes:
        series: whose.
        source: the exchange that is asked now; other objects came from files or from another endpoint.
        objects: all that there are.
    """

    series: Series
    source: str
    objects: Sequence[LakeObject]

    @property
    def own(self) -> Sequence[LakeObject]:
        """Those that this source gave, without candles too."""
        return [o for o in self.objects if o.source == self.source]

    @property
    def newest(self) -> int | None:
        """Open of the newest candle that this source gave."""
        return max((o.last for o in self.own if o.rows), default=None)

    @property
    def reach(self) -> int:
        """Until when this source has answered; else the last candle of a file, which may have been open."""
        return max([o.end for o in self.own] or [o.last for o in self.objects], default=EARLIEST)

    def answered(self, bucket: Bucket) -> list[Range]:
        """Ranges answered by this source or a file; an empty answer of an endpoint says nothing about the exchange."""
        files = imported(bucket, self.series, self.objects)
        return [*((o.start, o.end) for o in self.own), *zip(files.starts.tolist(), files.ends.tolist(), strict=True)]

    def with_last(self, missing: Sequence[Range]) -> list[Range]:
        """Ranges, with the newest candle that is stored where one begins behind it."""
        newest = max((o for o in self.objects if o.rows), key=lambda o: (o.last, o.seq), default=None)
        if newest is None or newest.source != self.source:
            return list(missing)
        behind = intervals.next_open(self.series.interval, newest.last)
        return [(newest.last if start == behind else start, end) for start, end in missing]

    def request(self, low: int, high: int) -> PageRequest:
        """A range between the nearest candles that this source gave."""
        own = [o for o in self.own if o.rows]
        left = max((o.last for o in own if o.last <= low), default=None)
        return PageRequest(low, high, left, min((o.first for o in own if o.first >= high), default=None))

    def request_hole(self, low: int, high: int) -> PageRequest:
        """A hole between two candles, which are named if this source gave them."""
        left = intervals.next_open(self.series.interval, low, -1)
        return PageRequest(low, high, left if self._gave(left) else None, high if self._gave(high) else None)

    def _gave(self, at: int) -> bool:
        with_rows = [o for o in self.objects if o.rows and o.first <= at <= o.last]
        return bool(with_rows) and all(o.source == self.source for o in with_rows)
