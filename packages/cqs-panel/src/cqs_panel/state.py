"""What the shell gives a view: its part of the URL, the bucket, and safe ways to do work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import param

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from cqs_core import Bucket, Settings
    from cqs_core.jobs import Job
    from cqs_panel.view import Outcome

_T = TypeVar("_T")


class Shell(Protocol):
    """The shell's interface for page states."""

    @property
    def settings(self) -> Settings: ...
    @property
    def bucket(self) -> Bucket: ...
    @property
    def demo(self) -> bool: ...
    def address(self, page: PageState) -> None: ...
    def goto(self, slug: str, query: dict[str, str]) -> None: ...
    def fail(self, page: PageState, where: str, error: BaseException) -> None: ...
    def spawn(self, page: PageState, work: Callable[[], Any], show: Callable[[Any], Any], *, quiet: bool) -> None: ...
    def every(self, page: PageState, seconds: float, update: Callable[[], Awaitable[None] | None]) -> None: ...
    def later(self, page: PageState, call: Callable[[], Any], place: Any) -> None: ...
    def at_end(self, page: PageState, call: Callable[[], Any]) -> None: ...
    def start(self, title: str, arguments: Sequence[str]) -> Job: ...
    def reveal(self, name: str) -> None: ...
    def say(self, text: str) -> None: ...
    def outcome(self, job: Job) -> tuple[str, Outcome] | None: ...
    def on_job(self, page: PageState, call: Callable[[Job], Any]) -> None: ...


class PageState(param.Parameterized):
    """One view in one session. Watch `query` (back button, links) and `shown` like any parameter."""

    slug = param.String(constant=True, doc="The view's slug.")
    query = param.Dict(default={}, doc="This view's part of the URL: text by name. Change it with `remember`.")
    shown = param.Boolean(default=False, doc="Whether this view is the one that the user sees.")

    def __init__(self, shell: Shell, slug: str, query: dict[str, str] | None = None) -> None:
        super().__init__(slug=slug, query=dict(query or {}))
        self._shell = shell

    @property
    def settings(self) -> Settings:
        """The settings that this dashboard was started with."""
        return self._shell.settings

    @property
    def bucket(self) -> Bucket:
        """The bucket of this dashboard.

        Raises:
            CqsError: there is none, or it cannot be read; the shell shows the message in the view's place.
        """
        return self._shell.bucket

    @property
    def demo(self) -> bool:
        """Whether the bucket was made by `cqs demo`."""
        return self._shell.demo

    def remember(self, **values: object) -> None:
        """Write values into the URL and `query`, in place of the browser's current entry; None or "" removes one."""
        text = {name: str(value) for name, value in values.items() if value is not None and value != ""}
        kept = {name: value for name, value in self.query.items() if name not in values}
        if (query := kept | text) != self.query:
            self.query = query
            self._shell.address(self)

    def goto(self, slug: str, **query: object) -> None:
        """Show another view (or this one) with this query; the back button returns here."""
        self._shell.goto(slug, {name: str(value) for name, value in query.items() if value is not None})

    def link(self, slug: str | None = None, **query: object) -> str:
        """The address of this view with some values changed, or of another view: for `<a href=…>` in HTML.

        Text from outside is quoted; what goes into HTML must still be escaped.
        """
        from cqs_panel.location import search

        kept = self.query if slug is None else {}
        asked = kept | {name: "" if value is None else str(value) for name, value in query.items()}
        return search(slug or self.slug, {name: value for name, value in asked.items() if value})

    def reveal(self, name: str) -> None:
        """Scroll until what has this CSS class is in view."""
        self._shell.reveal(name)

    def outcome(self, job: Job) -> tuple[str, Outcome] | None:
        """The outcome of a finished job, and the slug of the view that describes it."""
        return self._shell.outcome(job)

    def say(self, text: str) -> None:
        """Show a line in a corner for some seconds, such as a correction or a change."""
        self._shell.say(text)

    def load(self, work: Callable[[], _T], show: Callable[[_T], Any], *, quiet: bool = False) -> None:
        """Run `work` in a thread, then `show(result)` in this session. An error of either shows on the view.

        While one for the same `show` is under way, only the newest request waits: results come in order, and a slow
        bucket is not asked again and again. `quiet` shows no bar above the view.
        """
        self._shell.spawn(self, work, show, quiet=quiet)

    def every(self, seconds: float, update: Callable[[], Awaitable[None] | None]) -> None:
        """Call `update` now, and again and again while the view is shown; ends with the session.

        Errors show on the view.
        """
        self._shell.every(self, seconds, update)

    def later(self, call: Callable[[], Any], place: Any = None) -> None:
        """Call when this view is shown and what it loads first is there: for what lies below the fold.

        Calls come in their order, one at a time with pauses, and wait while the user looks at another view.
        `staged` lays out a page that way.

        Args:
            call: makes the part.
            place: the Panel object that stands there until then; while the user sees it there is no pause.
        """
        self._shell.later(self, call, place)

    def start(self, title: str, arguments: Sequence[str]) -> Job:
        """Run `cqs ARGUMENTS --json` as a job on this bucket; every page shows how far it is, and what came of it.

        A double click starts one job: until the page has shown it for 0.8 s, or its end, the same arguments return
        that one.

        Raises:
            UsageError: no job can be started here.
        """
        return self._shell.start(title, arguments)

    def on_job(self, call: Callable[[Job], Any]) -> None:
        """Call with each job of this bucket that ends during the session, wherever it was started."""
        self._shell.on_job(self, call)

    def at_end(self, call: Callable[[], Any]) -> None:
        """Call when the session ends: to give back what it shares with others, such as a connection."""
        self._shell.at_end(self, call)

    def fail(self, where: str, error: BaseException) -> None:
        """Show an error on this view and report it to the plugin host; other views live on."""
        self._shell.fail(self, where, error)
