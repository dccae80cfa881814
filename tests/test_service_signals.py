"""Services end on what a terminal, systemd or `uv run` sends them, however often and to how many processes at once."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from cqs_core.testing.command import CQS, cqs
from cqs_core.testing.waiting import until

SERVICES = {  # with the words that say that it is at work
    "update": (["update", "--every", "1s"], "new candles"),
    "watch": (["monitor", "watch"], "alerts active"),
    "serve": (["serve", "--no-open", "--port", "0"], "Ctrl-C"),
    "demo": (["demo", "--no-open"], "Start the sandbox"),
}


@pytest.fixture
def bucket(tmp_path, sandbox):
    """One series, one account, one rule."""
    folder = tmp_path / "bucket"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "alerts.toml").write_text('[[rule]]\nname = "loss"\nkind = "daily_loss"\nover = 1\n')
    (folder / "logs" / "Main").mkdir(parents=True)
    (folder / "logs" / "Main" / "trades_2026-01-01.csv").write_text(
        "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
    )
    asked = ["--start", "2025-01-01", "--end", "2025-01-31"]
    cqs("fetch", "--symbols", "BTC", "--interval", "1d", *asked, "--bucket", folder, "--endpoint", sandbox)
    return folder


@contextlib.contextmanager
def started(words: list[str], log: Path, environment: dict[str, str]):
    """A command as `uv run` starts it, in a process group of its own."""
    uv = shutil.which("uv")
    program = [uv, "run", "--no-sync", "cqs"] if uv else CQS
    with log.open("wb") as output:
        running = subprocess.Popen(
            [*program, *words], stdout=output, stderr=output, env=os.environ | environment, start_new_session=True
        )
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@pytest.mark.parametrize("name", SERVICES)
def test_two_signals_a_moment_apart_end_a_service_and_all_its_processes(name, bucket, sandbox, tmp_path):
    words, sign = SERVICES[name]
    log = tmp_path / "log"
    given = {"CQS_BUCKET": str(bucket), "CQS_ENDPOINT": sandbox} if name != "demo" else {}
    with started(words, log, given) as running:
        until(lambda: sign in log.read_text() or running.poll() is not None)
        assert running.poll() is None, log.read_text()
        for _ in range(2):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)
        assert running.wait(30) == 0, log.read_text()
        until(lambda: gone(running.pid))
    assert "Traceback" not in log.read_text()
    if name == "watch":
        assert lease_expires(bucket) == 0


def gone(group: int) -> bool:
    """Whether no process of it is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 0)
        return False
    return True


def lease_expires(bucket: Path) -> float:
    """When the watcher's lease does, in seconds since 1970; 0 once it is given back."""
    return json.loads(max((bucket / "alerts" / "lease").iterdir()).read_text())["until"]
