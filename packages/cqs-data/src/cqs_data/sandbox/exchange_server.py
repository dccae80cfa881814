"""The server of the sandbox exchanges: in its own thread, or as a process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from aiohttp import web

from cqs_core import UsageError
from cqs_core.time import clock
from cqs_data.sandbox import binance, upbit
from cqs_data.sandbox.habits import Habits, Habitual

if TYPE_CHECKING:
    from types import TracebackType

    from cqs_data.sandbox.candle_rows import Source
    from cqs_data.sandbox.faults import Faults

Dialect = Callable[["Source", Callable[[], int]], web.Application]
"""The API of an exchange: given candles and a clock (ms UTC), the application that serves them."""

SPOKEN: Mapping[str, Dialect] = {"binance": binance.application, "upbit": upbit.application}
_LOOPBACK = "127.0.0.1"


def application(
    source: Source,
    clock: Callable[[], int] = clock.now,
    faults: Faults | None = None,
    habits: Habits | None = None,
    dialects: Mapping[str, Dialect] | None = None,
) -> web.Application:
    """All exchanges that the source has candles of, each under its id."""
    app = web.Application(middlewares=[faults.middleware] if faults else [])
    candles = Habitual(source, habits, clock) if habits else source
    for name, make in {**SPOKEN, **(dialects or {})}.items():
        if source.markets(name):
            app.add_subapp(f"/{name}", make(candles, clock))
    return app


class Sandbox:
    """A sandbox exchange in a thread of this process; a context manager.

    Args:
        source: its candles.
        port: where to listen on loopback; 0 takes a free one.
        clock: gives the time in ms UTC.
        faults: what it does wrong, for tests.
        habits: what it always does, such as short pages, for tests.
        dialects: more exchanges by their ccxt id, or others in place of those here.

    Attributes:
        url: base of all exchanges, to be given as endpoint; only while it runs.

    >>> from cqs_data import Synthetic, download
    >>> with Sandbox(Synthetic()) as exchange:
    ...     bars = download("BTC", "2024-01-01", "2024-01-07", endpoint=exchange.url)
    >>> len(bars["BTC"])
    7
    """

    def __init__(
        self,
        source: Source,
        port: int = 0,
        clock: Callable[[], int] = clock.now,
        faults: Faults | None = None,
        habits: Habits | None = None,
        dialects: Mapping[str, Dialect] | None = None,
    ) -> None:
        self.url = ""
        self._app, self._port = application(source, clock, faults, habits, dialects), port
        self._loop = asyncio.new_event_loop()
        self._failed: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failed:
            raise UsageError(f"port {self._port} of {_LOOPBACK} is taken; choose another with --port") from self._failed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def wait(self) -> None:
        """Block until it is stopped; Ctrl-C comes through."""
        while self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.2)
        with asyncio.Runner(loop_factory=lambda: self._loop) as until_ended:  # it waits for what is being answered
            try:
                until_ended.run(self._listen(runner))
            except OSError as error:
                self._failed = error
            self._ready.set()
            if not self._failed:
                self._loop.run_forever()
            until_ended.run(runner.cleanup())

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        site = web.TCPSite(runner, _LOOPBACK, self._port)
        await site.start()
        self.url = f"http://{_LOOPBACK}:{runner.addresses[0][1]}"
