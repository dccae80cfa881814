"""Shows on every page that the bucket is gone, which differs from an empty bucket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_core import BucketError
from cqs_panel.sections import html
from cqs_panel.shell.work import Timer, soon, when_done

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from bokeh.document import Document

    from cqs_core import Bucket

_SECONDS = 2.0
_POOL = ThreadPoolExecutor(4, thread_name_prefix="cqs-presence")  # its own: views may all wait for a share that is gone
_CSS = """
.gone{background:var(--cqs-paper);border:1px solid var(--cqs-line);border-left:4px solid var(--cqs-warning);
  border-radius:8px;padding:10px 14px;margin-bottom:12px;font-size:13px;color:var(--cqs-text);overflow-wrap:anywhere}
.gone b{display:block;margin-bottom:2px}
"""


class Presence(pn.viewable.Viewer):
    """Looks whether the bucket is there, in a thread: a network share that is gone may not answer at all.

    A remote bucket is asked only after it failed a view, and then until it answers: each question costs money.

    Args:
        bucket: gives it; raises where there is none.
        document: of the session.
        back: called when the bucket is there again.
    """

    def __init__(self, bucket: Callable[[], Bucket], document: Document | None, back: Callable[[], None]) -> None:
        super().__init__()
        self._bucket, self._document, self._back = bucket, document, back
        self._suspected = self._came_back = False
        self._looking: Future[Any] | None = None
        self.gone = False
        self._notice = html("", stylesheets=[_CSS], visible=False)
        Timer(document, self._look, int(1000 * _SECONDS)).run(True)

    def __panel__(self) -> Any:
        return self._notice

    def suspect(self, error: BaseException) -> None:
        """A view failed with this: where it was the bucket's fault, see whether it answers at all."""
        self._suspected = self._suspected or isinstance(error, BucketError)

    def stop(self) -> None:
        """End with the session: an answer that is still on its way is dropped."""
        self._document = None

    def _look(self) -> None:
        if self._looking is not None and not self._looking.done():
            return
        suspected, self._suspected = self._suspected, False
        self._looking = _POOL.submit(_ask, self._bucket, remote=suspected)
        when_done(self._looking, lambda done: self._looked(done, suspected))

    def _looked(self, done: Future[Any], suspected: bool) -> None:
        if (document := self._document) is not None:
            soon(document, lambda: self._notify(done.exception(), suspected))

    def _notify(self, error: BaseException | None, suspected: bool) -> None:
        was, self.gone = self.gone, error is not None
        if error is not None:
            said = f"{escape(str(error))}. Anything still shown was read before; pages go on when the bucket is back."
            self._notice.object = f'<div class="gone" role="alert"><b>The bucket is not there</b>{said}</div>'
        self._notice.visible = self.gone
        self._suspected = self._suspected or self.gone
        if not self.gone and (was or (suspected and self._came_back)):
            self._came_back = was  # what failed while it came back is read once more
            self._back()


def _ask(bucket: Callable[[], Bucket], *, remote: bool) -> None:
    """Raise if the bucket is not there; a remote one is contacted only if asked to."""
    found = bucket()
    found.check()
    if remote and not found.local:
        found.folders()
