"""The lake of a bucket, as everybody else sees it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from cqs_core.bucket import Bucket
from cqs_core.errors import DataError
from cqs_core.lake.catalog import contents_by_series, objects_by_series
from cqs_core.lake.object_names import ROOT, LakeObject, Series, escape
from cqs_core.lake.receipts import Contents
from cqs_core.lake.retrying import retrying
from cqs_core.lake.series_text import all_series, series_of
from cqs_core.lake.status import Inventory, SeriesStatus, inventory
from cqs_core.time.clock import milliseconds
from cqs_core.trading.markets import refuse_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from os import PathLike
    from pathlib import Path

    import duckdb
    import pyarrow as pa

    from cqs_core.files.frame import Frame
    from cqs_core.lake.compaction import Compacted
    from cqs_core.lake.deriving import Derived
    from cqs_core.lake.gaps import Gap, Gaps
    from cqs_core.lake.incomplete import LeftOut
    from cqs_core.lake.publishing import Published
    from cqs_core.lake.verify import Verified
    from cqs_core.time.clock import Time
    from cqs_core.trading.candles import Candles

_T = TypeVar("_T")


class Lake:
    """All series of a bucket.

    Args:
        bucket: or its folder or URL; the configured one by default.
    """

    def __init__(self, bucket: Bucket | str | PathLike[str] | None = None) -> None:
        self.bucket = bucket if isinstance(bucket, Bucket) else Bucket(_configured() if bucket is None else bucket)

    def __repr__(self) -> str:
        return f"Lake({self.bucket.url!r})"

    def series(self) -> Sequence[Series]:
        """Series with candles, or whose objects are all missing; sorted."""
        return sorted(contents_by_series(self.bucket))

    def objects(self, series: Series | str) -> Sequence[LakeObject]:
        """The objects of one series, from one listing of its folder."""
        return self.contents(series).objects

    def contents(self, series: Series | str) -> Contents:
        """The objects of one series, and those that are missing, from one listing of its folder."""
        one = series_of(series)
        return contents_by_series(self.bucket, one.folder).get(one, Contents([]))

    def catalog(self, exchange: str) -> Mapping[Series, Sequence[LakeObject]]:
        """The objects of every series of an exchange, from one listing."""
        return objects_by_series(self.bucket, f"{ROOT}/exchange={escape(exchange)}")

    def status(self) -> Sequence[SeriesStatus]:
        """One entry a series, sorted, from one listing; of a local lake only folders that changed are looked into."""
        return self.inventory().series

    def inventory(self) -> Inventory:
        """The status of every series, and the keys that are not understood; see `status`.

        Raises:
            NewerFormat: a newer version wrote the lake.
        """
        return retrying("the lake", lambda: inventory(self.bucket))

    def gaps(self, series: Iterable[Series | str] | Series | str | None = None) -> Sequence[Gap]:
        """Every hole between first and last candle, with its cause; of all series, or of some."""
        return [gap for one in self.holes(series) for gap in one]

    def holes(self, series: Iterable[Series | str] | Series | str | None = None) -> Sequence[Gaps]:
        """The same as columns, one entry per series: sparse markets have very many gaps."""
        from cqs_core.lake.gaps import gaps

        chosen = all_series(series)
        wanted = None if chosen is None else set(chosen)
        return self._reading("the lake", lambda found: gaps(self.bucket, found, _some(found, wanted)))

    def verify(self, series: Iterable[Series | str] | Series | str | None = None) -> Sequence[Verified]:
        """Check objects against their names, overlaps against each other, and stray files; one hash per series."""
        from cqs_core.lake.verify import series_in, verify

        chosen = all_series(series)
        wanted = series_in(self.bucket) if chosen is None else sorted(set(chosen))
        found = (retrying(one, functools.partial(verify, self.bucket, one)) for one in wanted)
        return [one for one in found if one]

    def compact(
        self, series: Iterable[Series | str] | Series | str | None = None, least: int = 2, grace: float = 30.0
    ) -> Compacted:
        """Merge objects where at least `least` could be fewer; delete those merged more than `grace` seconds ago.

        A damaged series is left as it is and named in `problems` of the result.
        """
        from cqs_core.lake.compaction import Compacted

        chosen = all_series(series)
        found = contents_by_series(self.bucket) if chosen is None else {one: self.contents(one) for one in chosen}
        return sum((self._compact(one, found[one], least, grace) for one in sorted(found)), Compacted())

    def _compact(self, series: Series, contents: Contents, least: int, grace: float) -> Compacted:
        from cqs_core.lake.compaction import Compacted, compact

        seen = iter([contents])
        try:
            return retrying(
                series, lambda: compact(self.bucket, series, next(seen, None) or self.contents(series), least, grace)
            )
        except DataError as error:
            return Compacted(problems=(str(error),))

    def source(self, series: Series | str, day_start: int = 0) -> Series | None:
        """The stored series from which one is read or put together; None where there is none. See `derive`."""
        from cqs_core.lake.shorter_candles import source_of

        return source_of(self, series_of(series), day_start)

    def sources(self, series: Series | str, day_start: int = 0) -> Sequence[str]:
        """The stored intervals from which a series is read or put together, longest first; see `derive`."""
        from cqs_core.lake.shorter_candles import sources_of

        return sources_of(self, series_of(series), day_start)

    @staticmethod
    def to_fetch(series: Series | str, day_start: int = 0) -> str:
        """The command that fetches what a series can be read from, whatever is stored."""
        from cqs_core.lake.shorter_candles import to_fetch

        return to_fetch(series_of(series), day_start)

    def derive(
        self,
        series: Series | str,
        start: Time | int | None = None,
        end: Time | int | None = None,
        day_start: int = 0,
        *,
        missing_ok: bool = False,
    ) -> pa.Table:
        """Like `read`, but where the interval is not stored it is put together from the longest that divides it.

        Args:
            series: wanted.
            start: ms UTC.
            end: exclusive.
            day_start: ms after 00:00 UTC at which days, weeks and months begin.
            missing_ok: an empty table, where the lake has nothing to put it together from.

        Raises:
            UsageError: the lake has nothing to put it together from; or days of another start are stored, and no
                shorter candles.
            DataError: an object is damaged or missing.

        >>> lake.derive("BTC 1w")["volume"].to_pylist()  # of a lake with 14 days of volume 1
        [7.0, 7.0]
        """
        found = self.derived(series, start, end, day_start)
        if not (missing_ok or found.sources or self.objects(found.series)):
            from cqs_core.lake.absence import refuse_unknown

            refuse_unknown(self, found.series, day_start)
        return found.table

    def derived(
        self, series: Series | str, start: Time | int | None = None, end: Time | int | None = None, day_start: int = 0
    ) -> Derived:
        """The same, with the source intervals (none where the lake has nothing) and the bars left out as incomplete."""
        from cqs_core.lake.deriving import derive

        return derive(self, series_of(series), *milliseconds(start, end), day_start)

    def delete(self, series: Series | str, start: Time | int | None = None, end: Time | int | None = None) -> None:
        """Delete candles that open in `[start, end)`, ms UTC, for good; all of a series by default."""
        from cqs_core.lake.deleting import delete

        one = series_of(series)
        if objects := self.objects(one):
            delete(self.bucket, one, objects, *milliseconds(start, end))

    def rename(self, old: Series | str, new: Series | str) -> int:
        """Give a series another name, or join it with the one that has this name; returns candles moved.

        Raises:
            UsageError: both have a candle of the same time, with different values; nothing was changed.
        """
        from cqs_core.lake.renaming import rename

        before, after = series_of(old), series_of(new)
        refuse_prefix(after.market, after.interval)
        return rename(self.bucket, before, self.objects(before), after, self.objects(after))

    def export(
        self,
        path: str | Path,
        series: Series | str,
        start: Time | int | None = None,
        end: Time | int | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> int:
        """Write candles to a `.csv` or `.parquet` file; returns how many. Days begin at CQS_DAY_START.

        Args:
            path: of the file.
            series: to write; put together from shorter candles where it is not stored.
            start: first open, ms UTC.
            end: exclusive.
            tell: called with a sentence if bars were left out as incomplete.

        Raises:
            UsageError: another suffix, no such folder, or no such candles.
        """
        from cqs_core.lake.exporting import export

        return export(self, path, series_of(series), *milliseconds(start, end), tell)

    def publish(self, series: Iterable[Series | str] | Series | str | None = None) -> Sequence[Published]:
        """Write `data/processed/{BASE}_{interval}.parquet` of home-market series, for intervals of CQS_PUBLISH.

        Raises:
            DataError: a series is damaged; its file stayed as it was, and all others were written.
            UsageError: as for `frame`; also if CQS_DAY_START moves days and no shorter candles are stored.
        """
        from cqs_core.lake.publishing import at_home, publish

        chosen = all_series(series)
        return publish(self, at_home(self.series() if chosen is None else chosen))

    def append(
        self,
        series: Series | str,
        table: pa.Table,
        start: int,
        end: int,
        source: str = "exchange",
        seen: int = 0,
        seq: int | None = None,
    ) -> Sequence[LakeObject]:
        """Store candles that answer `[start, end)`, ms UTC.

        Args:
            series: whose, or text: `BTC 1h` is of the configured exchange, `kraken BTC/USD 1d` names another one.
            table: ts timestamp[UTC] ascending and unique, open, high, low, close, volume float64.
            start: of the range that was asked and answered.
            end: exclusive.
            source: `exchange`, `endpoint`, `import`, or `archive`: an import in which an absent bar had no trade.
            seen: newest seq known of the series, so that a slow clock cannot lose against it.
            seq: the stamp of an earlier part of the same import; a new one by default.

        Raises:
            UsageError: the text names no series, or the base of the market has `:`, as in `kraken:BTC/USD`.
            DataError: rows are unsorted or outside the range.
            BucketError: the bucket did not take it.
        """
        from cqs_core.lake.writing import append

        return append(self.bucket, series_of(series), table, start, end, source, seen, seq)

    def read(
        self,
        series: Series | str,
        start: Time | int | None = None,
        end: Time | int | None = None,
        *,
        again: bool = False,
        missing_ok: bool = False,
    ) -> pa.Table:
        """Candles that open in `[start, end)`, ascending: ts (timestamp[UTC]), open, high, low, close, volume.

        Args:
            series: or text, as `BTC 1h`.
            start: first open; numbers are ms UTC.
            end: exclusive, but a date includes that day.
            again: check each object against its name now, not once for each version of its file.
            missing_ok: an empty table, where the lake does not have the series.

        Raises:
            UsageError: the lake does not have the series; the message names the nearest, or what to fetch.
            DataError: an object in this range is damaged or missing; the message names it.

        >>> lake.read("BTC 1d", "2024-01-01", "2024-01-03")["close"].to_pylist()
        [100.0, 101.0, 102.0]
        """
        from cqs_core.lake.reading import read

        return read(self, series_of(series), *milliseconds(start, end), again=again, missing_ok=missing_ok)

    def frame(self, series: Series | str, start: Time | int | None = None, end: Time | int | None = None) -> Frame:
        """The same as a DataFrame: index `timestamp` (datetime64[us, UTC]), columns open, high, low, close, volume.

        Args:
            series: or text: `BTC 1h` is of the configured exchange, `kraken BTC/USD 1d` names another one.
            start: first open; numbers are ms UTC.
            end: exclusive, but a date includes that day.

        Raises:
            UsageError: the lake does not have the series; the message names the nearest, or what to fetch.
            DataError: an object in this range is damaged or missing; the message names it.

        >>> frame = lake.frame("BTC 1d", "2024-01-01", "2024-01-03")
        >>> frame["close"].tolist(), str(frame.index[0])
        ([100.0, 101.0, 102.0], '2024-01-01 00:00:00+00:00')
        """
        from cqs_core.lake.series_table import candle_frame

        return candle_frame(self.read(series, start, end))

    def candles(
        self,
        exchange: str,
        markets: str | Sequence[str],
        interval: str,
        start: Time | int | None = None,
        end: Time | int | None = None,
        references: Iterable[str] = (),
        tell: Callable[[LeftOut], None] = lambda _: None,
    ) -> Candles:
        """Aligned candles of some markets; days begin at CQS_DAY_START, and what is not stored is derived.

        Args:
            exchange: of the markets.
            markets: to trade.
            interval: of the candles.
            start: first open, ms UTC.
            end: exclusive.
            references: markets to look at.
            tell: called with the bars of a market that were left out as incomplete.

        Raises:
            UsageError: the lake has none of a market, or none in the range.
        """
        from cqs_core.lake.market_candles import market_candles

        return market_candles(self, exchange, markets, interval, start, end, references, tell)

    def sql(self, query: str, **parameters: Any) -> pa.Table:
        """One SELECT, PIVOT, DESCRIBE or SHOW over `candles` and the tables that packages add (`show tables`).

        `candles` has exchange, market, interval, ts (timestamp[us, UTC]), open, high, low, close, volume. The answer is
        an Arrow table (`to_pandas()`); `cqs_data.sql` answers with a DataFrame, `relation` with a DuckDB relation.

        Args:
            query: values in it are `$name`.
            parameters: values by name; a frame (pandas, polars, Arrow, DuckDB) is a table of that name instead.

        Raises:
            UsageError: not one SELECT, or DuckDB does not understand it.

        >>> lake.sql("select max(close) as top from candles where market = $market", market="BTC/KRW").to_pylist()
        [{'top': 113.0}]
        """
        from cqs_core.lake.query import run

        return run(self.bucket, query, parameters)

    def relation(self, query: str, **parameters: Any) -> duckdb.DuckDBPyRelation:
        """The same as a DuckDB relation, to filter, join and fetch further; it sees the objects of now.

        Compaction deletes objects: use a relation within half a minute, or ask for a new one.

        Raises:
            UsageError: not one SELECT, or DuckDB does not understand it; what fails later is a `duckdb.Error`.

        >>> lake.relation("from candles").filter("close > 110").aggregate("count(*) as n").fetchall()
        [(3,)]
        """
        from cqs_core.lake.query import relation

        return relation(self.bucket, query, parameters)

    def _reading(self, what: str, attempt: Callable[[Mapping[Series, Contents]], _T]) -> _T:
        """`attempt(contents by series)`, again from a new listing where compaction removed objects under it."""
        return retrying(what, lambda: attempt(contents_by_series(self.bucket)))

    def refuse(self, found: Derived) -> NoReturn:
        """Say why an answer is empty: nothing of these dates, of this market, or at this interval.

        Raises:
            UsageError: always; days begin at CQS_DAY_START.
        """
        from cqs_core.lake.absence import refuse_empty

        refuse_empty(self, found)


def _configured() -> str:
    from cqs_core.config.variables import bucket_url

    return bucket_url()


def _some(found: Mapping[Series, object], wanted: Iterable[Series] | None) -> list[Series]:
    """The wanted series that there are, sorted; all where nothing is wanted."""
    return sorted(found if wanted is None else set(wanted) & set(found))
