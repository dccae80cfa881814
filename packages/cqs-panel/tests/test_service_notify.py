"""`cqs serve` as a service of systemd: what its main process says, in whichever process it happened."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess

import pytest

from cqs_core.testing.command import CQS

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not hasattr(socket, "SO_PASSCRED"), reason="needs Linux: systemd's socket"),
]
_PID = struct.Struct("3i")


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """`heard(text)`: the id of the process that said it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(200)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def heard(text):
            said = ""
            while text not in said.split("\n"):
                data, about, _, _ = listener.recvmsg(4096, 1024)
                said = data.decode()
            return _PID.unpack(about[0][2])[0]

        yield heard


def test_several_processes_speak_through_the_first_and_log_json_alone(systemd, own_folders, tmp_path):
    words = ["serve", "--no-open", "--port", "0", "--num-procs", "2", "--prefix", "/cqs", "--log-format", "json"]
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    environment = os.environ | {"WATCHDOG_USEC": "1500000"}
    process = subprocess.Popen(
        ["/bin/sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "-", *CQS, *words, "--bucket", str(bucket)],
        env=environment,
        stderr=subprocess.PIPE,
    )
    try:
        assert {systemd(text) for text in ("READY=1", "WATCHDOG=1", "WATCHDOG=1")} == {process.pid}
        process.send_signal(signal.SIGTERM)
        assert systemd("STOPPING=1") == process.pid
        lines = [json.loads(line) for line in process.stderr.read().splitlines()]
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    [ready] = [line for line in lines if line["message"].startswith("answers at http://127.0.0.1:")]
    assert ready["url"].endswith("/cqs/")
    assert (ready["bucket"], ready["login"]) == (str(bucket), False)
