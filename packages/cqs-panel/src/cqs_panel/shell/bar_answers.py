"""The server's answers to the bar of every page: what views have to tell, and what the palette finds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cqs_core import CqsError, permission
from cqs_panel.location import search
from cqs_panel.login.session import current_login
from cqs_panel.shell.statuses import entries, statuses
from cqs_panel.shell.work import Timer, for_login, soon, when_done

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from bokeh.document import Document

    from cqs_core import Bucket
    from cqs_core.jobs import Job
    from cqs_panel.shell.top_bar import TopBar
    from cqs_panel.view import Entry, View

SECONDS = 15.0
_POOL = ThreadPoolExecutor(2, thread_name_prefix="cqs-status")  # its own: what hangs takes none of the pages'


class BarAnswers:
    """Answers the bar of one session.

    Args:
        bar: of the session.
        views: in the order of the menu.
        bucket: raises where there is none.
        document: of the session.
        start: starts a job on the bucket.
        say: shows a line.
    """

    def __init__(
        self,
        bar: TopBar,
        views: Sequence[View],
        bucket: Callable[[], Bucket],
        document: Document | None,
        start: Callable[[str, Sequence[str]], Job],
        say: Callable[[str], None],
    ) -> None:
        self._bar, self._views, self._bucket, self._document = bar, views, bucket, document
        self._start, self._say = start, say
        self._found: list[tuple[View, Entry]] = []
        self._told: list[dict[str, Any]] | None = None  # what the bar shows
        self._timer = Timer(document, self._look, int(1000 * SECONDS))

    def hear(self, said: dict[str, Any]) -> bool:
        """Answer a message of the bar; whether it was one."""
        calls = {"ready": self._ready, "entries": self._find, "run": self._run}
        if (call := calls.get(said["type"])) is None:
            return False
        call(said)
        return True

    def close(self) -> None:
        """End with the session: an answer that is still on its way is dropped."""
        self._document = None

    def _ready(self, _: dict[str, Any]) -> None:
        """The page is at rest: until now it had better things to do. A bar that is drawn anew shows nothing yet."""
        self._told = None
        if any(view.status is not None for view in self._views):
            self._timer.run(True)

    def _look(self) -> None:
        self._ask(lambda: statuses(self._bucket(), self._views), self._tell)

    def _tell(self, done: Future[Any]) -> None:
        if done.exception() is not None:  # a bucket that is gone is told by the page
            return
        told = [one.json() for one in done.result()]
        if told != self._told:
            self._told = told
            self._bar.send(told=told)

    def _find(self, _: dict[str, Any]) -> None:
        self._ask(lambda: entries(self._bucket(), self._views), self._take)

    def _take(self, done: Future[Any]) -> None:
        self._found = [] if done.exception() else done.result()
        refused = permission.refusal("start a job") or ""
        self._bar.send(entries=[_row(view, one, refused) for view, one in self._found])

    def _run(self, said: dict[str, Any]) -> None:
        """Start the job of an entry. The browser names it by its place: what it starts is known here alone."""
        at = said.get("at")
        if not (isinstance(at, int) and 0 <= at < len(self._found)):
            return
        entry = self._found[at][1]
        if entry.label != said.get("label"):  # it was chosen in the list that this one replaces
            self._say(f"{str(said.get('label'))[:80]!r} was not started: the list has changed since; choose it again")
            return
        try:
            self._start(entry.label, entry.arguments)
        except CqsError as error:
            self._say(str(error))

    def _ask(self, read: Callable[[], Any], answer: Callable[[Future[Any]], None]) -> None:
        """Read in a thread for the user of this session, then answer in the session."""

        def done(future: Future[Any]) -> None:
            if (document := self._document) is not None:
                soon(document, lambda: answer(future))

        when_done(_POOL.submit(for_login, current_login(), read), done)


def _row(view: View, entry: Entry, refused: str) -> list[str | None]:
    """As the browser has it: label, kind, address, why it cannot be started, and its note."""
    if entry.arguments:
        return [entry.label, entry.kind, None, refused or None, entry.note]
    return [entry.label, entry.kind, search(view.slug, dict(entry.query)), None, entry.note]
