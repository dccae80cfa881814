"""Sends what a session writes in order, so that no change reaches the browser before its model.

Bokeh defines a model in the first message that mentions it, and marks it as known when it makes that message. So
messages must be sent in the order in which they were made. Two senders do not keep it: Bokeh sends a changed model
(`source.data = ...`) when the session's lock is released; Panel sends a changed layout (`column[:] = [...]`) by itself,
at once, or some time later where the socket is busy. Then the data of a figure overtook the layout that brings the
figure, the browser threw "reference p1537 isn't known", and the chart stayed empty.

Here both make their messages as before, and put them into one queue for each session, which one task empties.

Within one message (all that was changed under `hold`) changes are serialized late, when all of them have been made. So
two kinds are left out: a change to a model that the browser does not have, since it arrives whole with what holds it;
and rows streamed into a source whose data is in the same message, since the data has them already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from bokeh.core.serialization import Buffer, BytesRep, Serializer
from bokeh.document.events import (
    ColumnDataChangedEvent,
    ColumnsPatchedEvent,
    ColumnsStreamedEvent,
    RootAddedEvent,
    RootRemovedEvent,
)
from bokeh.document.json import PatchJson
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.util.serialization import make_id
from panel.io import document as panel_io

from cqs_panel import drawing
from cqs_panel.shell.definitions import note_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bokeh.document import Document
    from bokeh.document.events import DocumentPatchedEvent
    from bokeh.server.session import ServerSession

_SHORT = 8_192  # bytes: to decode as many costs the browser less than another two messages
_OUTBOXES: WeakKeyDictionary[Document, Outbox] = WeakKeyDictionary()


class Outbox:
    """The queue of one session. It does not know the document, which is a key above: that would keep it for good."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self._waiting: deque[tuple[Any, Any]] = deque()  # connection and message
        self._sending: asyncio.Future[None] | None = None
        self._ready: WeakSet[Any] = WeakSet(session._subscribed_connections)  # noqa: SLF001 - there is no public way in
        self._by_bokeh = session._document_patched  # noqa: SLF001
        session._document_patched, session._handle_pull = self._patched, self._pulled  # noqa: SLF001

    def add(self, document: Document, events: Sequence[DocumentPatchedEvent]) -> None:
        """Send these after all that was added before."""
        connections = [one for one in self._ready if _is_open(one)]
        events = list(_deliverable(document, events)) if connections else []
        if not events:
            return
        message = _message(document, events)
        self._waiting.extend((one, message) for one in connections)
        if self._sending is None:
            self._sending = asyncio.ensure_future(self._send())

    def _patched(self, event: DocumentPatchedEvent) -> None:
        if event.setter is self._session:  # it came from this browser: Bokeh tells other windows of the session
            self._by_bokeh(event)
        else:
            self.add(event.document, [event])

    async def _pulled(self, message: Any, connection: Any) -> Any:
        """Write nothing to a browser until the document that it pulls is on its way: all that came before is in it."""

        def pull() -> Any:
            drawing.read(document := self._session.document)
            note_known(document)
            return connection.protocol.create("PULL-DOC-REPLY", message.header["msgid"], document)

        reply = await self._session.with_document_locked(pull)
        asyncio.get_running_loop().call_soon(self._ready.add, connection)  # when the reply is being written
        return reply

    async def _send(self) -> None:
        try:
            while self._waiting:
                connection, message = self._waiting.popleft()
                if _is_open(connection):
                    await connection._socket.send_message(message)  # noqa: SLF001
        finally:
            self._sending = None


class _Inline(Serializer):
    """Writes short arrays into the text: each buffer is two more messages, and a chart has dozens of arrays."""

    def _encode_bytes(self, obj: Any) -> BytesRep:
        if memoryview(obj).nbytes > _SHORT:
            return super()._encode_bytes(obj)
        return BytesRep(type="bytes", data=Buffer(make_id(), obj).to_base64())


def _message(document: Document, events: Sequence[DocumentPatchedEvent]) -> patch_doc:
    """As Bokeh's `patch_doc.create` makes it."""
    serializer = _Inline(references=document.models.synced_references)
    content = PatchJson(events=serializer.encode(list(events)))
    document.models.flush_synced(lambda model: not serializer.has_ref(model))
    message = patch_doc(patch_doc.create_header(), {}, content)
    message.add_buffers(*serializer.buffers)
    return message


def keep_order(document: Document) -> None:
    """Let all that is written to a document go through one outbox; call it when its session is there."""
    session = document.session_context.session if document.session_context else None
    if session is not None and document not in _OUTBOXES:
        _OUTBOXES[document] = Outbox(session)
        if not session.connection_count:
            drawing.begin(document)


def _deliverable(document: Document, events: Sequence[DocumentPatchedEvent]) -> Iterator[DocumentPatchedEvent]:
    known, whole = document.models.synced_references, set()
    for event in events:
        model = None if isinstance(event, RootAddedEvent | RootRemovedEvent) else getattr(event, "model", None)
        if model is not None and model not in known:
            continue
        if isinstance(event, ColumnDataChangedEvent):
            whole.add(model)
        if model not in whole or not isinstance(event, ColumnsStreamedEvent | ColumnsPatchedEvent):
            yield event


def _is_open(connection: Any) -> bool:
    socket = connection._socket.ws_connection  # noqa: SLF001
    return socket is not None and not socket.is_closing()


def _through_the_outbox(of_panel: Any) -> Any:
    def write(document: Document, connections: Any, events: Sequence[DocumentPatchedEvent]) -> None:
        outbox = _OUTBOXES.get(document)
        if outbox is None:
            of_panel(document, connections, events)
        else:
            outbox.add(document, events)

    return write


# Panel calls these two by their names in that module, and has no setting for it.
panel_io.write_events = _through_the_outbox(panel_io.write_events)
panel_io.schedule_write_events = _through_the_outbox(panel_io.schedule_write_events)
