"""A workload as it is sent to other processes: small, with the source of the strategy, without candles."""

from __future__ import annotations

import pickle
import platform
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from cqs_backtest import feed
from cqs_backtest.loading.strategies import find, from_file, name_of
from cqs_backtest.request import Request
from cqs_backtest.runs.code import captured
from cqs_backtest.runs.manifest import candle_hashes, until, versions
from cqs_backtest.search.executors.workload import Workload
from cqs_core import Bucket, UsageError
from cqs_core.isolation import fact_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cqs_core import Candles, Strategy

_UNSENT = ("strategy", "end")


@dataclass(frozen=True)
class Parcel:
    """What a worker needs to prepare a workload.

    Attributes:
        bucket: its address.
        request: fields of the request by name, without its strategy.
        reference: how the strategy's class is found: a registered name, or `path:Class` among the files.
        source: sha256 of the file that defines the class.
        files: sha256 by path; of a plugin's strategy too.
        code: files of a strategy that no plugin brings, by path.
        parameters: all values of the strategy.
        looks_at: markets that it sees without trading them.
        end: of the candles, ms UTC, exclusive: later ones are not seen, even if they come meanwhile.
        candles: sha256 by market.
        metrics: names besides the headline.
        versions: of the libraries that a result can depend on.
    """

    bucket: str
    request: Mapping[str, Any]
    reference: str
    source: str
    files: Mapping[str, str]
    code: Mapping[str, bytes]
    parameters: Mapping[str, Any]
    looks_at: tuple[str, ...]
    end: int
    candles: Mapping[str, str]
    metrics: Sequence[str]
    versions: Mapping[str, str]

    @classmethod
    def of(cls, load: Workload) -> Parcel:
        """The parcel of a workload.

        Raises:
            UsageError: the strategy uses something that cannot be sent.
        """
        request, code = load.request, captured(load.request.strategy)
        if code.missing:
            fact = f"strategy {name_of(request.strategy)!r} cannot be sent to workers: {code.missing[0]}"
            raise UsageError(f"{fact}; move it into the strategy's file, or search with --threads")
        return cls(
            bucket=load.bucket.address if load.bucket.folder is None else str(load.bucket.folder),
            request={f.name: getattr(request, f.name) for f in fields(Request) if f.name not in _UNSENT},
            reference=code.reference,
            source=code.source,
            files=code.files,
            code=code.data,
            parameters=request.strategy.values(),
            looks_at=tuple(load.candles.references),
            end=until(load.candles),
            candles=candle_hashes(load.candles),
            metrics=tuple(load.metrics),
            versions=all_versions(),
        )

    def packed(self) -> bytes:
        """It as bytes.

        Raises:
            UsageError: a parameter or a feature cannot be sent.
        """
        try:
            return pickle.dumps(self)
        except Exception as error:
            fact = f"a parameter or feature cannot be sent to workers ({fact_of(error)})"
            raise UsageError(f"{fact}; search with --threads") from error

    def workload(self, folder: Path) -> Workload:
        """The workload, with candles from the bucket.

        Args:
            folder: an empty one, for the files of the strategy; they are needed as long as the workload is.

        Raises:
            UsageError: libraries, strategy or candles are not those of the sender.
        """
        self._check_versions()
        strategy = self._strategy(folder)
        request = Request(strategy=strategy, end=self.end, **self.request).with_options(allow_stale=True)
        bucket = Bucket(self.bucket)
        candles = feed.from_lake(feed.looking_at(request, self.looks_at, warmup=0), bucket)
        self._check_candles(candles)
        return Workload(request, candles, bucket, self.metrics)

    def _strategy(self, folder: Path) -> Strategy:
        for path, data in self.code.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        path, _, name = self.reference.rpartition(":")
        if self.code:
            return find(from_file(folder, path, name), self.parameters)
        found = find(self.reference, self.parameters)
        here = captured(found)
        if (here.source, here.files) != (self.source, self.files):
            fact = f"strategy {self.reference!r} has other code on {_host()} than where the search was started"
            raise UsageError(f"{fact}; install the same version of its package")
        return found

    def _check_versions(self) -> None:
        here = all_versions()
        lines = [
            f"{name} {here.get(name) or 'is missing'} on {_host()} and {wanted} where the search was started"
            for name, wanted in self.versions.items()
            if here.get(name) != wanted
        ]
        if lines:
            raise UsageError(f"versions differ: {'; '.join(lines)}; install the same versions on all workers")

    def _check_candles(self, candles: Candles) -> None:
        here = candle_hashes(candles)
        if changed := [market for market, known in self.candles.items() if here.get(market) != known]:
            fact = f"{_host()} reads other candles of {', '.join(changed)} than the search was started with"
            raise UsageError(f"{fact}; were they changed meanwhile, or is its bucket another one?")


def all_versions() -> dict[str, str]:
    """Versions of the libraries that a result can depend on, and of Python."""
    return {"python": ".".join(platform.python_version_tuple()[:2]), **versions()}


def _host() -> str:
    return platform.node() or "a worker"
