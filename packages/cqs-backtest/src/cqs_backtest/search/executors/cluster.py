"""An existing Dask cluster: workers elsewhere, which read the bucket themselves."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from cqs_backtest.search.executors.executor import DIED, Executor, canceling, remembered
from cqs_backtest.search.executors.parcel import Parcel
from cqs_backtest.search.executors.software import differences, needed
from cqs_backtest.search.executors.worker import call
from cqs_core import CqsError, UsageError
from cqs_core.isolation import TimedOut, fact_of, limited

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cqs_backtest.search.executors.executor import Found, Item, Submit, Work
    from cqs_backtest.search.executors.workload import Workload

_ANSWER = 6.0  # seconds to connect
_WORKERS = 1.5  # and then, for a worker to be there
_RECOUNT = 5.0  # seconds after which it is asked how many workers there are


class DaskExecutor(Executor):
    """Workers of a scheduler; those that come later work too.

    Args:
        address: of the scheduler, such as `tcp://host:8786`.

    Raises:
        UsageError: Dask is not installed, or the scheduler does not answer or has no workers.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client = _client(address)
        try:
            self._client.wait_for_workers(1, timeout=_WORKERS)
        except TimeoutError:
            self.close()
            fact = f"scheduler {address!r} has no workers"
            raise UsageError(f"{fact}; start some: dask worker {address} --nthreads 1") from None
        self._pool = self._client.get_executor(pure=False)
        self._sent = remembered(self._send)
        self._counted, self._count = 0.0, 0
        self.overhead = self._measured()

    @property
    def count(self) -> int:
        """Threads of all workers that are there now."""
        if time.monotonic() > self._counted + _RECOUNT:
            self._count = max(1, sum(self._client.nthreads().values()))
            self._counted = time.monotonic()
        return self._count

    def run(self, load: Workload, work: Work[Item, Found], items: Iterable[Item]) -> Iterator[tuple[Item, Found]]:
        """See `Executor`."""
        from distributed.scheduler import KilledWorker

        try:
            yield from super().run(load, work, items)
        except KilledWorker:
            raise CqsError(DIED) from None
        except (CancelledError, OSError) as error:
            raise CqsError(f"scheduler {self._address!r} is gone ({fact_of(error)}); what is done is kept") from None

    def close(self) -> None:
        """See `Executor`."""
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=2)

    @contextmanager
    def _opened(self, load: Workload) -> Iterator[Submit]:
        with canceling(partial(self._pool.submit, call, self._sent(load))) as submit:
            yield submit

    def _send(self, load: Workload) -> Any:
        """The parcel of a workload, as the result of a task: it is made again if the worker that has it dies."""
        self._check(load)
        return self._client.submit(bytes, Parcel.of(load).packed(), pure=False)

    def _check(self, load: Workload) -> None:
        """Refuse workers with other software, before anything runs."""
        wanted = needed(load.request.strategy)
        found = self._client.get_versions(packages=sorted(wanted.keys() - {"python"}))
        places = {f"worker {name}": about["packages"] for name, about in sorted(found["workers"].items())}
        differing = differences(wanted, {"the scheduler": found["scheduler"]["packages"], **places})
        if differing:
            raise UsageError(f"{differing}; install the same versions everywhere")

    def _measured(self) -> float:
        """Seconds that an item takes to a worker and back."""
        for _ in range(2):  # the first one connects
            started = time.perf_counter()
            self._client.submit(int, pure=False).result()
        return time.perf_counter() - started


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--scheduler needs Dask; install it: uv add 'cqs-backtest[cluster]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it tells at length what is raised here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # other versions are refused below, by name
            connect = partial(cast("Any", Client), address, timeout=_ANSWER, set_as_default=False)
            return limited(connect, _ANSWER + 0.5)  # a server may take calls and say nothing
    except Exception as error:  # noqa: BLE001 - whatever a server answers that is not a scheduler
        remedy = "is its address right, and does it run? start one with: dask scheduler"
        raise UsageError(f"scheduler {address!r} does not answer ({_short(error)}); {remedy}") from None


def _short(error: BaseException) -> str:
    """The first cause: those around it only repeat it at length."""
    while error.__cause__ is not None:
        error = error.__cause__
    return "no answer in time" if isinstance(error, TimedOut | TimeoutError) else fact_of(error)
