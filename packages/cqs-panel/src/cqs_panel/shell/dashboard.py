"""One dashboard a session: which views there are, which one is shown, and what the address says."""

from __future__ import annotations

import contextlib
import math
import time
import weakref
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_core import Bucket, BucketError, CqsError, NotPermitted, Settings, plugins, settings
from cqs_core.jobs import give_back_soon
from cqs_panel import drawing
from cqs_panel.location import NARROW, chosen_theme, chosen_zone, last_window, parse
from cqs_panel.pages import views_of
from cqs_panel.shell.address import Address
from cqs_panel.shell.bar_answers import BarAnswers
from cqs_panel.shell.chart_types import know_charts_by_name
from cqs_panel.shell.chrome import Chrome
from cqs_panel.shell.dock import SECONDS, Dock
from cqs_panel.shell.events import guard_events
from cqs_panel.shell.keys import Keys
from cqs_panel.shell.outbox import keep_order
from cqs_panel.shell.page_frame import PageFrame
from cqs_panel.shell.presence import Presence
from cqs_panel.shell.rest import Rest
from cqs_panel.shell.services import Services
from cqs_panel.shell.statuses import first_steps
from cqs_panel.shell.top_bar import TopBar
from cqs_panel.shell.user_menu import UserMenu
from cqs_panel.shell.view_list import installed_views, missing
from cqs_panel.shell.warm import warm
from cqs_panel.shell.work import Timer, Work, at_once, soon
from cqs_panel.state import PageState
from cqs_panel.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from bokeh.document import Document

    from cqs_panel.view import Card, Step


_FRESH = 5.0  # seconds for which a view that was built ahead is as good as one that is built now


class Dashboard(Services):
    """The shell of one session; a `state.Shell` to its views."""

    def __init__(self) -> None:
        self._document = pn.state.curdoc
        self.settings: Settings = settings()
        self.server_timezone = self.settings.timezone
        if zone := chosen_zone():
            self.settings = self.settings.model_copy(update={"timezone": zone})
        self.views: dict[str, View] = {view.slug: view for view in [*installed_views(), *views_of(self)]}
        self._frames: dict[str, PageFrame] = {}
        self._works: dict[PageState, Work] = {}
        self._current: PageFrame | None = None
        self._ahead: dict[str, float] = {}  # when views were built that were not shown yet
        self._following = False
        theme, self.narrow = "dark" if pn.config.theme == "dark" else "light", last_window()[1] < NARROW
        self._address = Address(theme=theme, narrow=self.narrow, width=0, height=0, margin=0)
        self._address.on_msg(self._heard)
        self._ordered = sorted(self.views.values(), key=lambda v: (v.order, v.title))
        self.keys = Keys.of(self._ordered)
        self.keys.on_msg(self._heard)
        self.dock = Dock(lambda: self.bucket.url, self.views.values(), self.goto, self.start)
        self.presence = Presence(lambda: self.bucket, self._document, self._read_again)
        self._rest = Rest(lambda pause, near: self._address.send(rest=pause, near=near))
        self.user = UserMenu(lambda: self._address.send(reload=True))
        self.top_bar = TopBar.of(self._ordered, self._bucket_url())
        self.top_bar.on_msg(self._heard)
        self._answers = BarAnswers(
            self.top_bar, self._ordered, lambda: self.bucket, self._document, self.start, self.say
        )
        self._chrome = Chrome(self._ordered, self)
        guard_events()
        know_charts_by_name()
        pn.config.exception_handler = _weakly(self._on_exception)
        if self._document is not None:
            self._document.on_session_destroyed(lambda _: self.close())
            self._document.add_next_tick_callback(partial(keep_order, self._document))
        Timer(self._document, self._look, int(1000 * SECONDS)).run(True)
        slug, query = parse(pn.state.location.search or "" if pn.state.location else "")
        self._open(slug or next(iter(self._chrome.slugs)), query)

    @cached_property
    def bucket(self) -> Bucket:
        from cqs_core.config import bucket_url

        bucket = Bucket(self.settings.bucket or bucket_url())
        bucket.check()  # held from the first page on: another folder at its path is then an error on every page
        return bucket

    @cached_property
    def demo(self) -> bool:
        with contextlib.suppress(CqsError):  # the pages say so
            return self.bucket.local and self.bucket.demo
        return False

    def _bucket_url(self) -> str:
        try:
            return self.bucket.url
        except CqsError:  # the pages say what is wrong with it
            return str(self.settings.bucket or "none")

    @property
    def root(self) -> Any:
        """The page that Panel serves."""
        return self._chrome.page

    @property
    def bridge(self) -> Address:
        return self._address

    def goto(self, slug: str, query: dict[str, str]) -> None:
        """Show a view. A menu's click passes the query that the view had last."""
        previous = self._current
        elsewhere = previous is None or previous.page.slug != slug
        if not self._following:  # first: what the view remembers about the query goes into its own entry of the history
            self._address.write(slug, query, push=True, top=elsewhere)
        elif elsewhere:
            self._address.send(top=True)
        self._open(slug, query)
        if self._current is not None and self._current.page.query != query:
            self.address(self._current.page)

    def first_steps(self) -> list[tuple[View, Step]]:
        """What a new user does first, in the order of the menu; call it in a thread."""
        return first_steps(self.bucket, self._ordered)

    def revisit(self, slug: str) -> None:
        """Show a view as it was left."""
        frame = self._frames.get(slug)
        self.goto(slug, frame.page.query if frame else {})

    def prefer(self, cookie: str, value: str) -> None:
        """Keep a preference in this browser, and load the page again; an empty value forgets it."""
        self._address.send(cookie=f"{cookie}={value}", reload=True)

    def address(self, page: PageState) -> None:
        """Write a page's query, unless the browser has just said it (popstate is never answered)."""
        if self._current is not None and page is self._current.page and not self._following:
            self._address.write(page.slug, page.query, push=False)

    def frame(self, of: View | Card, slug: str, query: dict[str, str], owner: str) -> PageFrame:
        """An isolated place with its own page state."""
        host, presence = plugins(), self.presence
        name = slug if isinstance(of, View) else f"card {of.name}"

        def report(where: str, error: BaseException) -> None:
            if not isinstance(error, NotPermitted | BucketError):  # a viewer's click, an outage: no fault of the plugin
                host.report(owner, f"{name}: {where}", error)
            presence.suspect(error)

        frame = self._frame(of, slug, query, report)
        frame.tried = not host.is_own(owner)
        return frame

    def _frame(
        self, of: View | Card, slug: str, query: dict[str, str], report: Callable[[str, BaseException], None]
    ) -> PageFrame:
        page = PageState(self, slug, query)
        frame = PageFrame(of, page, report)
        frame.on_idle = self._rest.go_on
        self._works[page] = Work(frame, self._document)
        return frame

    def close(self) -> None:
        """End what the session has under way."""
        for work in self._works.values():
            work.stop()
        self._works.clear()
        self._rest.clear()
        self._frames.clear()
        self._chrome.close()
        self._answers.close()
        self.presence.stop()
        if self._document is not None:
            drawing.forget(self._document)
        give_back_soon()

    def _look(self) -> None:
        """Jobs of this bucket; a bucket that cannot be had is said by the views that need it."""
        self.user.look()
        with contextlib.suppress(CqsError):
            self.dock.update()

    def _read_again(self) -> None:
        """The bucket is back: rebuild views that show an error; views that poll have noticed already."""
        faulty = {work.frame.page.slug for work in self._works.values() if work.frame.faulty}
        for slug in faulty & set(self._frames):
            frame = self._frames.pop(slug)
            frame.page.shown = False
            self._forget(frame)
            if frame is self._current:
                self._current = None
                self._open(slug, frame.page.query)

    def _open(self, slug: str, query: dict[str, str]) -> None:
        if time.monotonic() - self._ahead.pop(slug, math.inf) > _FRESH and slug in self._frames:
            self._forget(self._frames.pop(slug))
        frame = self._frames.get(slug) or self._add(slug, query)
        if frame.page.query != query:
            frame.page.query = dict(query)
        if frame is not self._current:
            self._show(frame)

    def _add(self, slug: str, query: dict[str, str]) -> PageFrame:
        view = self.views.get(slug)
        if view is None:
            frame = self._frame(missing(slug, list(self.views)), slug, query, lambda *_: None)
        else:
            frame = self.frame(view, slug, query, _owner(slug))
            self._frames[slug] = frame
        self._chrome.add(frame)
        return frame

    def _forget(self, frame: PageFrame) -> None:
        """Keep nothing of a page that does not exist, whose name anybody can make up, or that was built too early."""
        work = self._works.pop(frame.page)
        self._rest.forget(work)
        work.stop()
        self._chrome.remove(frame)

    def _show(self, frame: PageFrame) -> None:
        previous, self._current = self._current, frame
        if previous is not None:
            previous.page.shown = False
        frame.page.shown = True
        self._rest.go_on()
        self._chrome.show(frame)
        if previous is not None and previous.page.slug not in self.views:
            self._forget(previous)
        self._entitle()
        if not frame.built:
            if previous is None and (frame.tried or not _comes_with_html(self._document)):
                frame.build()
            else:
                self.build_soon(frame)

    def build_soon(self, frame: PageFrame) -> None:
        """Build it in a message of its own, the first view while the browser loads scripts.

        Views of others wait for the browser to have the page: as a part of it they could blank it.
        """
        frame.busy(+1)
        if self._document is not None:
            soon(self._document, partial(self._build_held, frame), drawn=frame.tried)

    def _build_held(self, frame: PageFrame) -> None:
        with at_once(self._document):
            if not frame.built:  # it may be shown while it is being built ahead
                frame.build()
            frame.busy(-1)

    def _aimed(self, said: dict[str, Any]) -> None:
        """Build a view of ours while the pointer rests on its entry in the menu: a click will find it there."""
        slug, _ = parse(said["search"])
        if slug in self.views and slug not in self._frames and plugins().is_own(_owner(slug)):
            frame = self._add(slug, {})
            self._ahead[slug] = time.monotonic()
            self.build_soon(frame)

    def _heard(self, message: Any) -> None:
        said = message if isinstance(message, dict) else message.data
        calls = {"opened": self._opened, "rested": lambda _: self._rest.answered(), "aimed": self._aimed}
        call = calls.get(said["type"], self._follow)
        if self._document is not None:  # a click may come before the browser has all of the page
            soon(self._document, lambda: self._answers.hear(said) or call(said))

    def _follow(self, said: dict[str, Any]) -> None:
        """Show what the browser's address says now."""
        slug, query = parse(said["search"])
        self._address.moves = said.get("moves", self._address.moves)
        self._following = True
        try:
            self._open(slug or next(iter(self._chrome.slugs)), query)
        finally:
            self._following = False

    def _opened(self, said: dict[str, Any]) -> None:
        self._chrome.fit(said["width"])
        self._rest.drawn()
        warm(self.views.values())
        self._entitle()

    def _entitle(self) -> None:
        if self._current is not None:
            self.top_bar.send(title=f"{self._current.of.title} · cqs")

    def _on_exception(self, error: BaseException) -> None:
        if self._current is not None:
            self._current.fail("update", error)


def dashboard() -> Any:
    """A new dashboard for the session that is being opened; something to serve."""
    pn.config.theme = "dark" if (chosen_theme() or last_window()[0]) == "dark" else "default"
    return Dashboard().root


def _comes_with_html(document: Document | None) -> bool:
    """Whether the browser gets HTML, and asks for the document later; where another process gave it, it does so now."""
    context = document.session_context if document is not None else None
    request = context.request if context is not None else None
    return request is not None and "Upgrade" not in request.headers


def _owner(slug: str) -> str:
    """The plugin that a view is from; the shell's own views are the panel's."""
    return plugins().owner("register_views", slug) or "panel"


def _weakly(call: Callable[[BaseException], None]) -> Callable[[BaseException], None]:
    """The call without its object: Panel keeps it as the value of a weak dictionary, whose key the object holds."""
    known = weakref.WeakMethod(call)

    def handle(error: BaseException) -> None:
        if (method := known()) is not None:
            method(error)

    return handle
