"""How far the browser is with a page: it has not asked for the document, it draws it, or it is there.

A browser needs most of a second for the scripts of a page before it asks for its document. What is changed until then
costs nothing to send, and the browser draws it once. While it draws, nothing may change, for it would miss that.

Panel knows two of these states: a document is `loaded`, and may be changed, when the browser has drawn it. Here it may
be changed before the browser asks for it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import panel as pn
from panel.io.state import set_curdoc

if TYPE_CHECKING:
    from collections.abc import Callable

    from bokeh.document import Document

_UNREAD: WeakKeyDictionary[Document, list[Callable[[], Any]]] = WeakKeyDictionary()
_FLAGS = (pn.state._loaded, pn.state._connected)  # noqa: SLF001 - by document; Panel has no other way in


def begin(document: Document) -> None:
    """Let a document be changed until the browser asks for it."""
    _UNREAD[document] = []
    for flags in _FLAGS:
        flags[document] = True


def read(document: Document) -> None:
    """The browser asks for the document: from now on changes wait until it has drawn it."""
    waiting = _UNREAD.pop(document, None)
    if waiting is None:  # it has asked before
        return
    for flags in _FLAGS:
        flags.pop(document, None)
    with set_curdoc(document):
        for call in waiting:
            pn.state.onload(call)


def forget(document: Document) -> None:
    """Call nothing that waits: the session ends, maybe without a browser, and the calls know the document."""
    for waiting in (_UNREAD, pn.state._onload):  # noqa: SLF001 - as above
        waiting.pop(document, None)


def unread(document: Document | None) -> bool:
    """Whether the browser has not asked for it yet, and all that is made now comes with it."""
    return document is not None and document in _UNREAD


def when_drawn(call: Callable[[], Any]) -> None:
    """Call in this session when the browser has drawn its page; now where it has, or where there is no browser."""
    document = pn.state.curdoc
    if document is not None and unread(document):
        _UNREAD[document].append(call)
    elif pn.state.loaded:
        call()
    else:
        pn.state.onload(call)
