"""Runs the parts of a page that can wait, once the browser has drawn the rest and is idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel.shell.work import Work

_FIRST, _NEXT = 400, 20  # milliseconds for which the browser has had nothing to do


class Rest:
    """The calls of all views of one session. Those of a view wait while another one is shown.

    Args:
        ask: asks the browser to answer after this many idle milliseconds.
    """

    def __init__(self, ask: Callable[[int], None]) -> None:
        self._ask = ask
        self._waiting: list[tuple[Work, Callable[[], Any]]] = []
        self._drawn = self._asked = False

    def add(self, work: Work, call: Callable[[], Any]) -> None:
        """Call later, after those added before."""
        self._waiting.append((work, call))
        self.go_on()

    def forget(self, work: Work) -> None:
        """Call nothing of a view that is gone."""
        self._waiting = [one for one in self._waiting if one[0] is not work]

    def clear(self) -> None:
        """Call nothing more."""
        self._waiting.clear()

    def drawn(self) -> None:
        """The browser is there: from now on it answers."""
        self._drawn = True
        self.go_on()

    def go_on(self, pause: int = _FIRST) -> None:
        """Ask the browser, where anything waits for the view that is shown and is there; frames call this as well."""
        if self._drawn and not self._asked and self._due() is not None:
            self._asked = True
            self._ask(pause)

    def answered(self) -> None:
        """The browser is idle: make one call, if what its view loads first is there."""
        self._asked = False
        if (due := self._due()) is not None:
            self._waiting.remove(due)
            work, call = due
            work.call(call)
            self.go_on(_NEXT)

    def _due(self) -> tuple[Work, Callable[[], Any]] | None:
        """The next part: of a view that is shown and has loaded its first parts."""
        return next((one for one in self._waiting if one[0].frame.page.shown and one[0].frame.idle), None)
