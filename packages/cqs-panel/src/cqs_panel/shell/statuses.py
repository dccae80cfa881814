"""What views tell the rest of the dashboard: their status, entries of the palette, first steps. Read it in a thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from cqs_core import Bucket, CqsError, NotPermitted, plugins
from cqs_core.isolation import fact_of, limited
from cqs_panel.location import search
from cqs_panel.view import Entry, Status, Step, loaded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_panel.view import View

_T = TypeVar("_T")
FRESH = 10.0  # seconds for which what another window has read is as good
_LIMIT = 20.0
_MOST = 1_000  # entries of one view
_SHOWN = 50  # notices of one view that are sent; all are counted


@dataclass(frozen=True)
class Told:
    """What one view tells; `fault` says why it tells nothing."""

    view: View
    status: Status
    fault: str = ""

    def json(self) -> dict[str, Any]:
        notices = [
            {"key": one.key, "title": one.title, "text": one.text, "href": search(self.view.slug, dict(one.query))}
            for one in self.status.notices[:_SHOWN]
        ]
        about = {"title": self.view.title, "href": search(self.view.slug, {}), "figure": self.status.figure}
        return about | {"count": len(self.status.notices), "notices": notices, "fault": self.fault}


class _Statuses:
    """The last statuses of one bucket."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._told: list[Told] = []
        self._read: float | None = None

    def read(self, bucket: Bucket, views: Iterable[View]) -> list[Told]:
        """The answers of the views; while another window asks them, the last ones. Only the first are waited for."""
        if self._is_fresh() or not self._reading.acquire(blocking=self._read is None):
            return self._told
        try:
            if not self._is_fresh():  # another window may have asked meanwhile
                self._told = [_told(view, bucket) for view in views if view.status is not None]
                self._read = time.monotonic()
            return self._told
        finally:
            self._reading.release()

    def _is_fresh(self) -> bool:
        return self._read is not None and time.monotonic() - self._read <= FRESH


@cache
def _statuses(_address: str) -> _Statuses:
    return _Statuses()


def statuses(bucket: Bucket, views: Iterable[View]) -> list[Told]:
    """The status of each view that has one, read once for all windows of a process."""
    return _statuses(bucket.address).read(bucket, views)


def entries(bucket: Bucket, views: Iterable[View]) -> list[tuple[View, Entry]]:
    """What the palette finds of the views; a view that fails has none, and the Plugins page says why."""
    return [(view, one) for view in views for one in _asked(view, "entries", Entry, bucket)]


def first_steps(bucket: Bucket, views: Iterable[View]) -> list[tuple[View, Step]]:
    """What a new user does first, in the order of the views; a view that fails has none, as above."""
    return [(view, one) for view in views for one in _asked(view, "first_step", Step, bucket)]


def _told(view: View, bucket: Bucket) -> Told:
    try:
        [found] = limited(lambda: _all_of(Status, [_called(view.status, bucket)]), _LIMIT)
    except Exception as error:  # noqa: BLE001 - a view may fail in any way; the others are told
        _report(view, "status", error)
        return Told(view, Status(), fact_of(error))
    return Told(view, found)


def _asked(view: View, name: str, kind: type[_T], bucket: Bucket) -> list[_T]:
    """What one of the view's functions gives: one item, or several."""
    target = getattr(view, name)

    def call() -> list[_T]:
        given = _called(target, bucket)
        return _all_of(kind, [given] if isinstance(given, kind) else islice(given, _MOST))

    try:
        return limited(call, _LIMIT) if target is not None else []
    except Exception as error:  # noqa: BLE001 - a view may fail in any way; the others are found
        _report(view, name, error)
        return []


def _called(target: Any, bucket: Bucket) -> Any:
    return loaded(target)(bucket)


def _all_of(kind: type[_T], given: Iterable[Any]) -> list[_T]:
    """The items; each must be of this class."""
    found = list(given)
    if (wrong := next((one for one in found if not isinstance(one, kind)), None)) is not None:
        raise TypeError(f"it returned {type(wrong).__name__}; return cqs_panel.{kind.__name__}")
    return found


def _report(view: View, what: str, error: BaseException) -> None:
    if not isinstance(error, NotPermitted | CqsError):  # the pages say what is wrong with the bucket
        plugins().report(plugins().owner("register_views", view.slug) or "panel", f"{view.slug}: {what}", error)
