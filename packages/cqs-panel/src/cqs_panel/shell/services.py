"""What a page asks of the shell, and the shell does not decide by what it shows: work, jobs, messages."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from cqs_core import jobs
from cqs_panel.checks import checked
from cqs_panel.confirm_button import DOUBLE_CLICK
from cqs_panel.shell.rest import Waiting
from cqs_panel.shell.work import soon

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bokeh.document import Document

    from cqs_core import Bucket
    from cqs_core.jobs import Job
    from cqs_panel.shell.dock import Dock
    from cqs_panel.shell.keys import Keys
    from cqs_panel.shell.rest import Rest
    from cqs_panel.shell.work import Work
    from cqs_panel.state import PageState
    from cqs_panel.view import Outcome


class Services:
    """The part of `state.Shell` that a session's dashboard passes on."""

    _document: Document | None
    dock: Dock
    keys: Keys
    _rest: Rest
    _works: dict[PageState, Work]
    _started: tuple[list[str], Job] | None = None
    _told = math.inf  # when the page said that it is under way; infinite until then

    if TYPE_CHECKING:

        @property
        def bucket(self) -> Bucket: ...

    def fail(self, page: PageState, where: str, error: BaseException) -> None:
        self._works[page].frame.fail(where, error)

    def spawn(self, page: PageState, work: Callable[[], Any], show: Callable[[Any], Any], *, quiet: bool) -> None:
        self._works[page].load(work, show, quiet=quiet)

    def every(self, page: PageState, seconds: float, update: Callable[[], Awaitable[None] | None]) -> None:
        self._works[page].every(seconds, update)

    def later(self, page: PageState, call: Callable[[], Any], place: Any) -> None:
        self._rest.add(Waiting(self._works[page], call, place))

    def at_end(self, page: PageState, call: Callable[[], Any]) -> None:
        self._works[page].at_end(call)

    def start(self, title: str, arguments: Sequence[str]) -> Job:
        given = [*checked(arguments), "--bucket", self.bucket.url]  # which is not checked: a folder is a file, too
        before, is_double = self._started, time.monotonic() - self._told < DOUBLE_CLICK
        # Not one whose end was told: its page would wait for that.
        if before and before[0] == given and is_double and not self.dock.announced(before[1]):
            return before[1]
        job = jobs.start(title, given)
        self._started, self._told = (given, job), math.inf  # the second click of a busy server comes late
        self.soon(self._tell)
        return job

    def _tell(self) -> None:
        try:
            self.dock.update(now=True)
        finally:
            self._told = time.monotonic()

    def reveal(self, name: str) -> None:
        self.keys.reveal(name)

    def outcome(self, job: Job) -> tuple[str, Outcome] | None:
        return self.dock.outcome(job)

    def say(self, text: str) -> None:
        self.dock.say(text)

    def on_job(self, page: PageState, call: Callable[[Job], Any]) -> None:
        frame = self._works[page].frame

        def guarded(job: Job) -> None:
            try:
                call(job)
            except Exception as error:  # noqa: BLE001 - a view may fail in any way; the others are told all the same
                frame.fail("job", error)

        self.dock.listen(guarded)

    def soon(self, call: Callable[[], Any]) -> None:
        """Call it when the page is there, so that it shows what it has before."""
        if self._document is not None:
            soon(self._document, call)
