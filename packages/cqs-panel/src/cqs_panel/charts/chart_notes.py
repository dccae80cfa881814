"""Notes of the market that a candle chart shows: read from the bucket, and changed as the user asks."""

from __future__ import annotations

import weakref
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cqs_core import BucketUnavailable, CqsError, UsageError
from cqs_core.files import NewerFormat
from cqs_core.market_notes import (
    LONGEST_TEXT,
    MarketNotes,
    Note,
    add_note,
    delete_note,
    edit_note,
    note_keys,
    notes_of,
    remove_note,
    restore_note,
)
from cqs_panel.login.session import read_only

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_core import Bucket, Series
    from cqs_panel.charts.chart_controls import ChartControls
    from cqs_panel.state import PageState

_KINDS: dict[str, tuple[type, ...]] = {"id": (str,), "ts": (int,), "price": (int, float), "text": (str,)}
_SECONDS = 30.0  # until what others wrote is seen
_followed: weakref.WeakKeyDictionary[PageState, weakref.WeakSet[ChartNotes]] = weakref.WeakKeyDictionary()

Market = tuple[str, str]


class ChartNotes:
    """The notes of one chart; the bar draws them and sends what the user does.

    Args:
        page: the view that shows the chart.
        controls: with the bar.
        focus: moves the viewport to a stretch of time, ms UTC.
    """

    def __init__(self, page: PageState, controls: ChartControls, focus: Callable[[int, int], None]) -> None:
        self._page, self._controls, self._focus = page, controls, focus
        self._market: Market | None = None
        self._keys: Sequence[str] | None = None
        self._found = MarketNotes()
        self._answer: dict[str, Any] = {}
        self._asked: deque[tuple[Mapping[str, Any], Callable[[], Any]]] = deque()

    def open(self, series: Series | None) -> None:
        """Show the notes of a series' market; candles without a series have none."""
        market = (series.exchange, series.market) if series is not None else None
        if market != self._market:
            self._market, self._keys, self._found = market, None, MarketNotes()
            self._tell()
        if market is not None:
            self.refresh()
            _follow(self._page, self)

    def refresh(self) -> None:
        """Read them again if any is another than before."""
        if (market := self._market) is not None:
            bucket, known = self._page.bucket, self._keys
            self._page.load(lambda: (market, _read(bucket, market, known)), self._show, quiet=True)

    def answer(self, asked: Any) -> None:
        """Do what the user asked for: `{do, asked, …}`."""
        if not isinstance(asked, dict) or self._market is None:
            return
        seen, bucket, market = self._note(asked.get("id")), self._page.bucket, self._market
        if asked.get("do") == "show":
            if seen is not None:
                self._focus(seen.ts, seen.ts)
            return

        self._asked.append((asked, lambda: _do(bucket, market, seen, asked)))
        if len(self._asked) == 1:
            self._work()

    def _work(self) -> None:
        """Do what was asked for first: an undo must not overtake what it undoes."""
        _, work = self._asked[0]
        self._page.load(lambda: _outcome(work), self._done, quiet=True)

    def _done(self, error: Exception | None) -> None:
        asked, _ = self._asked.popleft()
        if self._asked:
            self._work()
        self._answer = {"asked": asked.get("asked"), "error": str(error or "")}
        if error and asked.get("do") not in ("add", "edit"):
            self._page.say(str(error))
        self._tell()
        self.refresh()
        if error is not None and not isinstance(error, CqsError):
            raise error

    def _note(self, id_: Any) -> Note | None:
        """The note as this window shows it."""
        known = (*self._found.notes, *self._found.deleted)
        return next((replace(note, fault="") for note in known if note.id == id_), None)

    def _show(self, got: tuple[Market, tuple[Sequence[str], MarketNotes] | None]) -> None:
        market, found = got
        if market == self._market and found is not None:
            self._keys, self._found = found
            self._tell()

    def _tell(self) -> None:
        found = self._found
        self._controls.update(
            notes={
                "offered": self._market is not None,
                "may": self._market is not None and not read_only(),
                "longest": LONGEST_TEXT,
                "kept": [_shown(note) for note in found.notes],
                "deleted": [_shown(note) for note in found.deleted],
                "faults": [[i, str(fault), not isinstance(fault, NewerFormat)] for i, fault in found.faults.items()],
                "answer": self._answer,
            }
        )


def _shown(note: Note) -> dict[str, Any]:
    return {"id": note.id, "ts": note.ts, "price": note.price, "text": note.text, "fault": note.fault}


def _read(bucket: Bucket, market: Market, known: Sequence[str] | None) -> tuple[Sequence[str], MarketNotes] | None:
    """Keys and notes of a market; None where the keys are known, or the bucket is gone, which every page tells."""
    try:
        keys = note_keys(bucket, *market)
        return None if keys == known else (keys, notes_of(bucket, *market, keys))
    except BucketUnavailable:
        return None


def _do(bucket: Bucket, market: Market, seen: Note | None, asked: Mapping[str, Any]) -> Any:
    """What a message of the bar asks for; whatever it contains is checked here.

    Raises:
        UsageError: it cannot be done.
    """
    what = asked.get("do")
    if what == "add":
        return add_note(bucket, *market, *(_typed(asked, name) for name in ("ts", "price", "text")))
    if what == "remove":
        return remove_note(bucket, *market, _typed(asked, "id"))
    if seen is None:
        raise UsageError("this note is gone; another window removed it")
    if what == "edit":
        given = {name: _typed(asked, name) for name in ("ts", "price", "text") if name in asked}
        return edit_note(bucket, seen, at=given.pop("ts", None), **given)
    if what not in ("delete", "restore"):
        raise UsageError("the page asked for something unknown of a note; load the page again")
    return delete_note(bucket, seen) if what == "delete" else restore_note(bucket, seen)


def _typed(asked: Mapping[str, Any], name: str) -> Any:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, _KINDS[name]):
        raise UsageError(f"{value!r:.60} cannot be part of a note; load the page again")
    return value


def _outcome(work: Callable[[], Any]) -> Exception | None:
    """Why it was not done; None if it was."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is, what was asked for next is done
        return error
    return None


def _follow(page: PageState, notes: ChartNotes) -> None:
    """Look for what others wrote while the page is shown: one timer a page, however many charts it makes."""
    if (others := _followed.get(page)) is not None:
        others.add(notes)
        return
    own = _followed[page] = weakref.WeakSet([notes])

    def update() -> None:
        for one in list(own):
            one.refresh()

    page.every(_SECONDS, update)
