"""`/healthz`, which has no data and needs no login, and `/metrics`, the text that Prometheus reads."""

from __future__ import annotations

import asyncio
import functools
import time
from typing import Any

from tornado.web import RequestHandler

from cqs_core import Bucket, CqsError
from cqs_core.config import bucket_url
from cqs_core.isolation import TimedOut, limited
from cqs_core.jobs import health

_SECONDS = 5.0  # that the bucket has to answer
_LASTS = 10.0  # seconds for which an answer serves: anyone may ask


class HealthzHandler(RequestHandler):
    """200 if the server works and the bucket answers, else 503; one word in either case."""

    async def get(self) -> None:
        """Answer."""
        good = await asyncio.to_thread(_reachable, int(time.monotonic() / _LASTS))
        self.set_status(200 if good else 503)
        self._plain("ok\n" if good else "the bucket does not answer\n")

    head = get

    def _plain(self, text: str) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish("" if self.request.method == "HEAD" else text)

    def _log(self) -> None:
        """No line for each question."""


class MetricsHandler(HealthzHandler):
    """What `cqs health` finds, for Prometheus; 501 without the extra `metrics`."""

    async def get(self) -> None:
        """Answer."""
        try:
            self._plain(await asyncio.to_thread(_metrics))
        except ModuleNotFoundError:
            self.set_status(501)
            self._plain("metrics need prometheus-client; pip install 'cqs-panel[metrics]'\n")

    head = get


@functools.lru_cache(maxsize=1)
def _reachable(_moment: int) -> bool:
    try:
        limited(lambda: Bucket(bucket_url()).contact(), _SECONDS)
    except (CqsError, OSError, TimedOut):
        return False
    return True


def _metrics() -> str:
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry: Any = CollectorRegistry()
    state = Gauge("cqs_health", "1 if the check is ok, 0.5 for a warning, 0 if it failed", ["check"], registry=registry)
    value = Gauge("cqs_health_value", "the figure of the check: seconds, or bytes", ["check"], registry=registry)
    for one in health(Bucket(bucket_url())):
        state.labels(one.name).set({"ok": 1.0, "warning": 0.5}.get(one.state, 0.0))
        if one.value is not None:
            value.labels(one.name).set(one.value)
    return str(generate_latest(registry).decode())
