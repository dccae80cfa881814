from __future__ import annotations

import http.server
import json
import threading
import time

import pytest

from cqs_core.testing.fixtures import gcs_bucket, gcs_emulator
from cqs_monitor.alerts.watcher import Watcher

__all__ = ["gcs_bucket", "gcs_emulator"]


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CQS_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


class Hook:
    """A webhook on this machine.

    Attributes:
        got: what was posted.
        status: what it answers.
        delay: seconds before it answers.
    """

    def __init__(self) -> None:
        self.got: list[dict] = []
        self.status = 200
        self.delay = 0.0
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                time.sleep(hook.delay)
                if hook.status == 200:
                    hook.got.append(body)
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://someone:s3cr3t-pass@127.0.0.1:{self.server.server_port}/t0ken-in-path"

    @property
    def titles(self) -> list[str]:
        return [body["title"] for body in self.got]


@pytest.fixture
def hook():
    running = Hook()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def rules(put):
    """Writes config/alerts.toml."""

    def write(text: str):
        return put("config/alerts.toml", text.encode())

    return write


@pytest.fixture
def beat(put):
    """Writes a heartbeat of some age in seconds."""

    def write(age: float):
        put("logs/.heartbeat", f"{time.time() - age:.3f}".encode())

    return write


@pytest.fixture
def watcher(bucket, hook, monkeypatch):
    """In this process; `said` is what it printed."""
    monkeypatch.setenv("CQS_ALERT_HOOK", hook.url)
    bucket.check()
    said: list[str] = []
    made = Watcher(bucket, said.append, patience=20, blind_after=0)
    made.said = said
    return made
