"""An installation under accelerated use for an hour: update, watch and serve, while one thing after another fails.

    SOAK_MINUTES=5 uv run pytest -n 0 -s -m soak -k operate

Memory and open files stay flat, each fault is told once and counted, no candle and no row of the bot's log is lost.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import math
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from cqs_core import Bucket, Lake, Series
from cqs_core.testing.command import CQS, cqs
from cqs_core.testing.waiting import until
from cqs_monitor import Logs

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
pytestmark = [pytest.mark.soak, pytest.mark.once, pytest.mark.timeout(60 * MINUTES + 900)]

PAUSE, OUTAGE = 6.0, 8.0  # seconds between two faults, and that one lasts
RESTED = 75.0  # seconds without less memory: sessions of windows end after 20, and garbage is collected once a minute
MORE_MB, MORE_FILES = 12, 4  # that a service may have at the end beside the beginning
SERIES = [Series("upbit", "BTC/KRW", "1m"), Series("upbit", "ETH/KRW", "1m")]
HEAD = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"
RULES = """
[[rule]]
name = "loss"
kind = "daily_loss"
over = 1_000_000_000
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Program:
    """A command that is started, killed and started again; its log goes on in the same file."""

    name: str
    words: list[str]
    log: Path
    process: subprocess.Popen | None = None
    begun: list[float] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)  # MB and open files of the running process
    rested: list[tuple[float, float]] = field(default_factory=list)  # the same at the end of each rest

    def start(self) -> None:
        self.begun.append(time.time())
        self.seen.clear()
        self.rested.clear()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*CQS, *self.words], stdout=subprocess.DEVNULL, stderr=log)

    def end(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(10)

    def measure(self) -> None:
        known = psutil.Process(self.process.pid)
        self.seen.append((known.memory_info().rss / 1e6, known.num_fds()))

    def lines(self) -> list[dict]:
        """Its log so far; a kill may cut a line."""
        found = []
        for line in self.log.read_text().splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def rounds(self) -> list[dict]:
        return [line for line in self.lines() if "counts" in line]


class Disk:
    """Where the bucket is: a small file system where that can be mounted, so that it can be full."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        mounted = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(folder)]
        self.mounted = subprocess.run(mounted, capture_output=True).returncode == 0 if shutil.which("mount") else False

    @contextlib.contextmanager
    def full(self, programs: list[Program]):
        """Nothing can be written: no space, or no file may grow where no disk can be mounted."""
        if not self.mounted:
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            for one in programs:
                psutil.Process(one.process.pid).rlimit(resource.RLIMIT_FSIZE, (0, hard))
            yield
            for one in programs:
                psutil.Process(one.process.pid).rlimit(resource.RLIMIT_FSIZE, (hard, hard))
            return
        filler = self.folder / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"0" * (1 << 16)):
                pass
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"0"):
                pass
        yield
        filler.unlink()

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


class Bot:
    """Appends a purchase every now and then, as a live bot does; its log is where the bucket is."""

    def __init__(self, bucket: Path) -> None:
        self.folder = bucket / "logs" / "Main"
        self.folder.mkdir(parents=True)
        self.rows = 0

    def trade(self) -> None:
        at = dt.datetime.now(dt.timezone(dt.timedelta(hours=9)))
        path = self.folder / f"trades_{at.date()}.csv"
        row = f"{at.isoformat()},{at.date()},BUY,BTC,100.0,{1 + self.rows % 7}.0,{100.0 * (1 + self.rows % 7)},,\r\n"
        new = not path.exists()
        with path.open("a", newline="") as file:
            file.write(HEAD * new + row)
        self.rows += 1


class Installation:
    """The three services of one bucket, the exchange that they ask, and the bot that they watch."""

    def __init__(self, folder: Path) -> None:
        self.disk = Disk(folder / "disk")
        self.bucket = self.disk.folder / "bucket"
        self.bucket.mkdir()
        (self.bucket / "config").mkdir()
        (self.bucket / "config" / "alerts.toml").write_text(RULES)
        self.bot = Bot(self.bucket)
        self.endpoint = f"http://127.0.0.1:{free_port()}"
        self.url = f"http://127.0.0.1:{free_port()}"
        self.exchange = Program(
            "exchange", ["sandbox", "--port", self.endpoint.rpartition(":")[2]], folder / "exchange"
        )
        logged = ["--log-format", "json", "--bucket", str(self.bucket)]
        words = {
            "update": ["update", "--every", "2s", "--endpoint", self.endpoint],
            "watch": ["monitor", "watch", "--every", "1"],
            "serve": ["serve", "--no-open", "--port", self.url.rpartition(":")[2]],
        }
        self.services = {name: Program(name, [*these, *logged], folder / name) for name, these in words.items()}
        self.outages: Counter[str] = Counter()

    def start(self) -> None:
        self.exchange.start()
        until(lambda: answers(self.endpoint + "/upbit/v1/market/all"))
        start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)
        where = ["--bucket", self.bucket, "--endpoint", self.endpoint]
        cqs("fetch", "--symbols", "BTC,ETH", "--interval", "1m", "--start", start.isoformat(), *where)
        for one in self.services.values():
            one.start()
        until(lambda: answers(self.url + "/healthz"))

    def close(self) -> None:
        for one in (*self.services.values(), self.exchange):
            if one.process and one.process.poll() is None:
                one.process.kill()
                one.process.wait()
        self.disk.close()

    def work(self, seconds: float, *, trades: bool = True) -> None:
        """Let it run: windows are opened, and the bot trades."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answers(self.url)
            self.go_on(trades=trades)

    def go_on(self, *, trades: bool = True) -> None:
        if trades:
            self.bot.trade()
        for one in self.services.values():
            one.measure()
        time.sleep(1.0)

    def rest(self) -> None:
        """Open no window until those before have ended: how many live at once depends on how busy the machine is."""
        serve = self.services["serve"]
        lowest, since = math.inf, time.monotonic()
        while time.monotonic() < since + RESTED:
            self.go_on()
            if serve.seen[-1][0] < lowest - 0.5:
                lowest, since = serve.seen[-1][0], time.monotonic()
        for one in self.services.values():
            one.rested.append(middle(one.seen[-20:]))

    def exchange_down(self) -> None:
        self.exchange.end(signal.SIGKILL)
        self.work_until_update_fails(150)  # it tries again and again before it gives up
        self.exchange.start()

    def bucket_away(self) -> None:
        away = self.bucket.with_name("away")
        self.bucket.rename(away)
        self.work(OUTAGE, trades=False)
        assert not self.bucket.exists(), f"a service made {sorted(self.bucket.rglob('*'))} where the bucket is to be"
        away.rename(self.bucket)

    def disk_full(self) -> None:
        with self.disk.full([self.services["update"], self.services["watch"]]):
            self.work_until_update_fails(90, trades=False)  # there is something to write once a minute

    def work_until_update_fails(self, seconds: float, *, trades: bool = True) -> None:
        """Until a round of update had a fault, and some more."""
        update = self.services["update"]
        known, end = len(update.rounds()), time.monotonic() + seconds
        while time.monotonic() < end and not any(one["faults"] for one in update.rounds()[known:]):
            self.work(1.0, trades=trades)
        self.work(OUTAGE, trades=trades)

    def killed(self) -> None:
        """Each service is killed at its work, and started again as systemd does: watch, until the lease has expired."""
        for one in self.services.values():
            one.end(signal.SIGKILL)
            one.start()
        until(lambda: answers(self.url + "/healthz"))
        watch = self.services["watch"]
        known = len(watch.rounds())

        def watches() -> bool:
            if watch.process.poll() is not None:
                watch.start()
            return len(watch.rounds()) > known

        until(watches, 300, 5.0)

    def fail(self, what: str) -> None:
        """One outage, and time to recover from it."""
        self.outages[what] += 1
        getattr(self, what)()
        self.work(PAUSE)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def installation(tmp_path):
    one = Installation(tmp_path)
    try:
        one.start()
        yield one
    finally:
        one.close()


def test_operate_an_installation_while_one_thing_after_another_fails(installation):
    end = time.monotonic() + 60 * MINUTES
    outages = ["exchange_down", "bucket_away", "disk_full"]
    for what in ["killed", *outages, "killed"]:  # what follows is measured: no service starts anew
        installation.fail(what)
    fail_in_turn(installation, outages, until=time.monotonic())
    fail_in_turn(installation, outages, until=end)
    check(installation)


def fail_in_turn(installation: Installation, outages: list[str], until: float) -> None:
    """Each outage at least once, and again until then; and a rest."""
    while True:
        for what in outages:
            installation.fail(what)
        if time.monotonic() >= until:
            break
    installation.rest()


def check(installation: Installation) -> None:
    update, watch, serve = installation.services.values()
    print(f"\n{MINUTES:g} minutes, outages: {dict(installation.outages)}, bucket on tmpfs: {installation.disk.mounted}")
    for one in (update, watch, serve):
        print(f"{one.name:<7}", told(one))
    for one in (update, watch, serve):
        flat(one)
    for one in (update, watch):
        each_fault_once(one)
    for line in json.loads(cqs("health", "--bucket", installation.bucket, "--json").stdout)["checks"]:
        print("health", line)
    for one in (update, watch, serve):
        assert one.end() == 0, one.name
    nothing_lost(installation)


def told(one: Program) -> str:
    lines, rounds = one.lines(), one.rounds()
    (mb, files), (mb_now, files_now) = one.rested
    faulty = sum(bool(line["faults"]) for line in rounds)
    log = (
        f"{len(rounds)} rounds, {faulty} with faults, {len(lines)} lines of log, {one.log.stat().st_size / 1e3:.0f} kB"
    )
    return f"{mb:.0f} to {mb_now:.0f} MB, {files:.0f} to {files_now:.0f} open files; {log}"


def middle(seen: list[tuple[float, int]]) -> tuple[float, float]:
    return statistics.median(mb for mb, _ in seen), statistics.median(files for _, files in seen)


def flat(one: Program) -> None:
    """The last rest beside the first one: what is loaded once and kept is there by then."""
    (mb, files), (mb_now, files_now) = one.rested
    assert mb_now - mb < MORE_MB, f"{one.name} grew from {mb:.0f} to {mb_now:.0f} MB"
    assert files_now - files < MORE_FILES, f"{one.name} had {files:.0f} open files, and has {files_now:.0f}"


def each_fault_once(one: Program) -> None:
    """A fault in several rounds in a row is one line, and one more with the number of rounds when it is over."""
    open_faults: Counter[str] = Counter()
    lines = one.lines()
    for number, line in enumerate(lines):
        if "counts" not in line:
            continue
        faults = {kind(fault) for fault in line["faults"]}
        said = since_last_round(lines, number)
        for text in faults - open_faults.keys():
            assert said.count(text) == 1, (text, said)
        for text in faults & open_faults.keys():
            assert said.count(text) == 0, (text, said)
        for text in open_faults.keys() - faults:
            over = [message for message in said if message.startswith("over after") and message.endswith(text)]
            assert len(over) == 1, (text, said)
            assert f"after {open_faults[text]} round" in over[0], over
        if restarted(lines, number):
            open_faults.clear()
        open_faults = Counter({text: open_faults[text] + 1 for text in faults})
    assert len(lines) < 2.5 * len(one.rounds()), "more than a line a round, and a line for each change"


def since_last_round(lines: list[dict], number: int) -> list[str]:
    """Messages that were logged with the round whose line is this one."""
    found = []
    for line in reversed(lines[:number]):
        if "counts" in line:
            break
        found.append(kind(line["message"]))
    return found


def kind(message: str) -> str:
    """Without the times and the hash in the name of an object, which is another one each time."""
    return re.sub(r"_\d+_", "_", re.sub(r"(?<![0-9A-Za-z])[0-9a-fT]{8,}(?![0-9A-Za-z])", "*", message))


def restarted(lines: list[dict], number: int) -> bool:
    return any("pid" in line for line in lines[:number][-8:])


def nothing_lost(installation: Installation) -> None:
    cqs("update", "--bucket", installation.bucket, "--endpoint", installation.endpoint)
    lake = Lake(str(installation.bucket))
    for series in SERIES:
        opened = lake.frame(series).index
        gaps = opened[1:][opened[1:] - opened[:-1] != dt.timedelta(minutes=1)]
        assert not len(gaps), f"{series}: no candles before {list(gaps)}"
        late = dt.datetime.now(dt.UTC) - opened[-1]
        assert late < dt.timedelta(minutes=4), f"{series} ends {late} ago"
    cqs("data", "verify", "--bucket", installation.bucket)
    snapshot = Logs(Bucket(str(installation.bucket))).refresh()
    assert list(snapshot.problems) == []
    assert snapshot.table.num_rows == installation.bot.rows
