"""Clients that went away, with or without a word, leave neither sessions nor memory behind."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import weakref
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from bokeh.server.server import Server
from panel.io.application import build_single_handler_application
from strangers import UPGRADE, ask, token

from cqs_core.testing.waiting import until
from cqs_panel import drawing
from cqs_panel.guard import router
from cqs_panel.serve import APP
from cqs_panel.shell.dashboard import Dashboard
from cqs_panel.shell.work import Timer


@contextmanager
def served(applications, unused_ms=100):
    """A server in a thread of this process, which soon ends sessions that nobody uses; gives it with its URL."""
    ready, found = threading.Event(), []

    def serve():
        asyncio.set_event_loop(asyncio.new_event_loop())
        often = {"unused_session_lifetime_milliseconds": unused_ms, "check_unused_sessions_milliseconds": 50}
        running = Server(applications, port=0, address="127.0.0.1", **often)
        running.start()
        found.append(running)
        running.io_loop.add_callback(ready.set)
        running.io_loop.start()
        running.stop(wait=False)
        running.io_loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(60)
    yield found[0], f"http://127.0.0.1:{found[0].port}"
    found[0].io_loop.add_callback(found[0].io_loop.stop)
    thread.join(60)


def sessions(server):
    """How many there are, asked in the server's own thread."""
    answer, got = [], threading.Event()

    def ask():
        answer.append(len(server.get_sessions()))
        got.set()

    server.io_loop.add_callback(ask)
    assert got.wait(60)
    return answer[0]


@pytest.mark.once
def test_a_hostile_silence_ends_the_session(monkeypatch):
    monkeypatch.setattr(router, "PING_SECONDS", 0.2)
    router.install()
    with served({"/": lambda _: None}) as (running, url):
        where = urlsplit(url)
        sent = {"Host": where.netloc, **UPGRADE, "Sec-WebSocket-Protocol": f"bokeh, {token()}"}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        with socket.create_connection((where.hostname, where.port), timeout=60) as silent:
            silent.sendall(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
            assert b" 101 " in silent.recv(4096)
            until(lambda: sessions(running) == 1)
            until(lambda: sessions(running) == 0)


@pytest.mark.once
def test_windows_that_were_closed_are_gone_from_memory(own_folders, monkeypatch):
    """Something global that remembers one callback of a session keeps all of it: chrome, views and their data."""
    monkeypatch.setenv("CQS_BUCKET", str(own_folders))
    with served({"/": build_single_handler_application(str(APP))}) as (running, url):
        for _ in range(4):
            assert ask(url) == 200
        until(lambda: sessions(running) == 0)
        until(lambda: not alive(Dashboard))


class Kept:
    """Of a session that looks at something once an hour."""

    def look(self):
        looked.append(id(self))


looked: list[int] = []


def test_a_timer_keeps_nothing_of_a_session_that_nobody_opened():
    """Bokeh holds what it is to call next until that is due: pages that a crawler fetches would stay for an hour."""
    seen = []

    def app(document):
        kept = Kept()
        seen.extend((weakref.ref(kept), weakref.ref(document)))
        drawing.begin(document)
        document.add_periodic_callback(lambda: document, 3_600_000)  # as views of others may
        Timer(document, kept.look, 3_600_000).run(True)

    router.install()
    with served({"/": app}, unused_ms=3_600_000) as (running, url):
        for _ in range(2):
            assert ask(url) == 200
        until(lambda: len(looked) == 2)
        for one in running.get_sessions():
            one.request_expiration()
        until(lambda: sessions(running) == 0)
        until(lambda: gc.collect() is not None and not any(one() for one in seen))


def alive(kind):
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, kind)]


def test_the_last_message_of_a_window_that_is_gone_is_no_error(caplog):
    """It may wait for its turn while the window closes."""
    from bokeh.protocol.messages.patch_doc import patch_doc
    from bokeh.server.protocol_handler import ProtocolHandler

    router.install()
    message = patch_doc({"msgid": "1", "msgtype": "PATCH-DOC"}, {}, {"events": []})
    assert asyncio.run(ProtocolHandler().handle(message, SimpleNamespace(_session=None))) is None
    assert caplog.records == []
