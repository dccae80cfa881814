"""Progress: bars on a terminal, a file for a job, silence elsewhere."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from cqs_core import progress
from cqs_core.testing.waiting import until

WORK = """
import time
from cqs_core import progress
with progress("fetch", total=3, unit="candles") as p:
    for n in range(3):
        p.advance(1, note=f"upbit {n}", part="BTC/KRW")
        time.sleep(0.15)
    p.say("asking again in 4 s")
    time.sleep(0.15)
print("result")
"""


def test_elsewhere_it_is_silent():
    ran = subprocess.run([sys.executable, "-c", WORK], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("result\n", "")


def test_without_stderr_it_is_silent():
    ran = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -c '{WORK}' 2>&-"], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "result\n"


def test_on_a_terminal_bars_are_drawn_on_stderr_alone():
    ours, theirs = pty.openpty()
    ran = subprocess.run([sys.executable, "-c", WORK], stdout=subprocess.PIPE, stderr=theirs, text=True, check=True)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # what a terminal says whose other side is closed
        pass
    os.close(ours)
    assert ran.stdout == "result\n"
    assert b"fetch" in shown
    assert b"BTC/KRW" in shown
    assert b"candles/s" in shown
    assert b"asking again in 4 s" in shown


def test_bars_leave_room_for_what_a_terminal_echoes():
    ours, theirs = pty.openpty()
    narrow = {**os.environ, "COLUMNS": "60"}
    subprocess.run([sys.executable, "-c", WORK], stdout=subprocess.DEVNULL, stderr=theirs, check=True, env=narrow)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    bars = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in re.split(r"[\r\n]+", shown)]
    assert max(map(len, bars)) == 57


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What is written for a job."""
    monkeypatch.setenv("CQS_JOB", str(tmp_path))
    return lambda: json.loads((tmp_path / "progress.json").read_text())


def test_a_job_reads_how_far_it_is(told):
    with progress("fetch", total=4, unit="candles") as p:
        assert told()["done"] == 0
        p.advance(1, note="the first")
    assert {k: v for k, v in told().items() if k != "rate"} == {
        "title": "fetch",
        "done": 1,
        "total": 4,
        "unit": "candles",
        "note": "the first",
        "parts": {},
    }


def test_how_far_it_came_is_written_even_where_it_fails(told):
    def work():
        with progress("fetch", total=4) as p:
            p.advance(3)
            raise KeyError("x")

    with pytest.raises(KeyError):
        work()
    assert told()["done"] == 3


def test_the_last_change_is_written_before_a_long_silence(told):
    with progress("fetch", total=4) as p:
        for n in range(4):
            p.advance(1, note=f"step {n}")
        until(lambda: (told()["done"], told()["note"]) == (4, "step 3"))


def test_parts_make_up_the_whole(told):
    with progress("fetch") as p:
        p.expect(10, part="BTC")
        p.expect(30, part="ETH")
        p.advance(5, part="BTC")
        p.advance(2)
    found = told()
    assert (found["total"], found["done"], found["note"]) == (40, 7, "BTC")
    assert {name: (p["done"], p["total"]) for name, p in found["parts"].items()} == {"BTC": (5, 10), "ETH": (0, 30)}
    assert found["parts"]["BTC"]["rate"] > 0 == found["parts"]["ETH"]["rate"]


def test_threads_may_work_on_one(told):
    with progress("sweep", total=8000) as p, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: p.advance(1, part=f"part {n % 300}"), range(8000)))
    assert told()["done"] == 8000
    assert sum(part["done"] for part in told()["parts"].values()) == 8000


def test_a_folder_that_is_gone_does_not_end_the_work(monkeypatch, tmp_path):
    monkeypatch.setenv("CQS_JOB", str(tmp_path / "gone"))
    with progress("fetch", total=1) as p:
        p.advance(1)
    assert p.done == 1
    assert p.rate > 0
