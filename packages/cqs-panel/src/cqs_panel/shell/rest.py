"""Runs the parts of a page that can wait: those in view at once, the others when the browser is idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel.shell.work import Work

_IDLE = 400  # milliseconds for which the browser has had nothing to do


class Waiting(NamedTuple):
    """A call that waits.

    Attributes:
        place: what stands on the page until then; None if there is nothing.
    """

    work: Work
    call: Callable[[], Any]
    place: Any


class Rest:
    """The calls of all views of one session. Those of a view wait while another one is shown.

    Args:
        ask: asks the browser to answer after so many idle milliseconds, or at once if the model of this id is in view.
    """

    def __init__(self, ask: Callable[[int, str], None]) -> None:
        self._ask = ask
        self._waiting: list[Waiting] = []
        self._drawn = self._asked = False

    def add(self, part: Waiting) -> None:
        """Call later, after those added before; those whose place the browser does not have yet let others go first."""
        self._waiting.append(part)
        self.go_on()

    def forget(self, work: Work) -> None:
        """Drop the calls of a view that is gone."""
        self._waiting = [one for one in self._waiting if one.work is not work]

    def clear(self) -> None:
        """Drop all calls."""
        self._waiting.clear()

    def drawn(self) -> None:
        """The browser has drawn the page: from now on it answers."""
        self._drawn = True
        self.go_on()

    def go_on(self) -> None:
        """Ask the browser, where anything waits for the view that is shown and is there; frames call this as well."""
        if self._drawn and not self._asked and (due := self._due()) is not None:
            self._asked = True
            self._ask(_IDLE, _id(due.place))

    def answered(self) -> None:
        """The browser is idle: make one call, if what its view loads first is there."""
        self._asked = False
        if (due := self._due()) is not None:
            self._waiting.remove(due)
            due.work.call(due.call)
            self.go_on()

    def _due(self) -> Waiting | None:
        """The next part: of a view that is shown and has loaded its first parts; last, what no one can see yet."""
        due = (one for one in self._waiting if one.work.frame.page.shown and one.work.frame.idle)
        return min(due, key=lambda one: one.place is not None and not _id(one.place), default=None)


def _id(place: Any) -> str:
    """The id of its model in the browser."""
    drawn = place._models.values() if place is not None else ()  # noqa: SLF001 - Panel does not tell it otherwise
    return next((str(model.id) for model, _ in drawn), "")
