"""Services: what they log, what is stored of them, and what systemd hears."""

from __future__ import annotations

import json
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cqs_core import Bucket, UsageError
from cqs_core.cli import awaited_bucket, checked_ping, running
from cqs_core.cli.logs import LOGGER, log_to_stderr
from cqs_core.cli.repeats import REMIND, Repeats
from cqs_core.jobs.reporting import progress
from cqs_core.jobs.service_state import service_states
from cqs_core.jobs.systemd import alive, notify, watchdog_seconds
from cqs_core.time import duration


@pytest.fixture
def bucket(tmp_path):
    return Bucket(str(tmp_path))


@pytest.fixture(autouse=True)
def _logger():
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.level, LOGGER.propagate = before


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    """What systemd heard so far."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", path)

        def heard():
            found = []
            try:
                while True:
                    found += listener.recv(1000).decode().split("\n")
            except BlockingIOError:
                return found

        yield heard


def lines(capsys):
    return [line.split(" ", 2)[2] for line in capsys.readouterr().err.splitlines()]


def test_a_service_says_at_start_what_it_is(bucket, capsys, monkeypatch):
    monkeypatch.setenv("CQS_FEE", "0.001")
    monkeypatch.setenv("CQS_FEEE", "1")
    with running("work", bucket, 60):
        pass
    said = lines(capsys)
    assert f"of {bucket.url}, every 60 s; settings: " in said[0]
    assert "CQS_FEE=0.001 (environment)" in said[0]
    assert "CQS_FEEE is not a setting; did you mean CQS_FEE?" in said[1]
    assert said[-1].endswith("cqs.work: ends")


def test_each_round_is_one_line_and_is_stored(bucket, capsys):
    with running("work", bucket, 60) as service:
        capsys.readouterr()
        for n in (1, 2000):
            with service.round() as done:
                done.counts["candles"] = n
                done.details.append("only with --verbose")
            [line] = lines(capsys)
            assert line.split("cqs.work: ")[1].startswith(f"candles {n:,}, in ")
            [state] = service_states(bucket.url)
            assert (state.counts, state.faults, state.stopped) == ({"candles": n}, [], None)
    assert service_states(bucket.url)[0].stopped is not None
    assert service_states("another") == []


def test_a_fault_that_repeats_is_told_once_then_counted_and_told_when_it_is_over(bucket, capsys):
    with running("work", bucket, 60) as service:
        capsys.readouterr()
        for faults in (["it is down"], ["it is down"], ["it is down", "more"], []):
            with service.round() as done:
                done.faults += faults
    said = [line.split("cqs.work: ")[1] for line in lines(capsys)]
    kept = [line if "done, in" not in line else line[line.index(" s") :] for line in said]
    over = [line for line in kept if line.startswith("over")]
    assert kept[:5] == ["it is down", " s; faults: 1", " s; faults: 1", "more", " s; faults: 2"]
    assert sorted(line.split(",")[0] for line in over) == ["over after 1 round", "over after 3 rounds"]


def test_a_fault_that_goes_on_is_told_again_every_hour():
    faults = Repeats()
    told = [list(faults.heard(["down"], now)) for now in (0, 30, REMIND - 1, REMIND, REMIND + 30)]
    assert told == [[(True, "down")], [], [], [(True, "still, for 4 rounds, 60 min: down")], []]


def test_a_full_disk_is_one_fault_though_each_round_fails_at_another_object():
    key = "no space at 'market={}/interval=1m/20261130T11{}00-20261130T111000_{}_17960370{}_endpoint_{}.parquet'"
    first, second = (
        key.format("BTC-KRW", "10", 1, "03990", "fde8ef475a953c63"),
        key.format("BTC-KRW", "11", 2, "06157", "e7bc0573f69e8df8"),
    )
    other = key.format("ETH-KRW", "11", 2, "06157", "e7bc0573f69e8df8")
    faults = Repeats()
    told = [
        list(faults.heard(found, now)) for now, found in enumerate([[first], [second, second], [second, other], []])
    ]
    assert told[:3] == [[(True, first)], [], [(True, other)]]
    assert {line for _, line in told[3]} == {f"over after 3 rounds, 3 s: {first}", f"over after 1 round, 1 s: {other}"}
    assert list(Repeats().heard(["account 1 is torn", "account 2 is torn"], 0)) == [
        (True, "account 1 is torn"),
        (True, "account 2 is torn"),
    ]


def test_a_round_has_one_line_and_its_work_none(bucket, capsys):
    with running("work", bucket, 60) as service:
        capsys.readouterr()
        with service.round(), progress("download"):
            pass
        assert len(lines(capsys)) == 1
    with progress("download"):
        pass
    assert "download" in capsys.readouterr().err


def test_what_is_said_twice_in_a_row_is_logged_once_and_at_once(bucket, capsys):
    with running("work", bucket, 60) as service:
        capsys.readouterr()
        with service.round():
            service.say("no channel")
            assert "no channel" in capsys.readouterr().err
        with service.round():
            service.say("no channel")
        assert "no channel" not in capsys.readouterr().err
        with service.round():
            pass
        with service.round():
            service.say("no channel")
        assert "no channel" in capsys.readouterr().err


def test_a_line_of_json_has_the_fields(bucket, capsys):
    log_to_stderr(log_format="json")
    with running("work", bucket, 60) as service, service.round() as done:
        done.counts["candles"] = 3
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert found[0]["bucket"] == bucket.url
    assert {"level": "info", "logger": "cqs.work", "counts": {"candles": 3}}.items() <= found[1].items()


def test_quiet_logs_only_problems(bucket, capsys):
    log_to_stderr(quiet=True)
    with running("work", bucket, 60) as service, service.round() as done:
        done.faults.append("down")
    assert [line.split(": ")[1] for line in lines(capsys)] == ["down"]


def test_systemd_hears_that_it_is_ready_alive_and_stopping(bucket, systemd):
    with running("work", bucket, 60) as service:
        assert systemd() == ["READY=1"]
        with service.round() as done:
            done.counts["candles"] = 3
        assert {"WATCHDOG=1", "STATUS=candles 3"} <= set(systemd())
    assert systemd() == ["STOPPING=1"]


class Clock:
    """Time that passes while a service sleeps, and at no other time."""

    def __init__(self, asleep=lambda: None):
        self.now, self.asleep = 0.0, asleep

    def monotonic(self):
        return self.now

    def time(self):
        return 1_767_225_600 + self.now

    def sleep(self, seconds):
        self.now += seconds
        self.asleep()


def test_a_service_that_rests_is_no_hang(bucket, systemd, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    monkeypatch.setattr("cqs_core.cli.services.time", clock := Clock())
    with running("work", bucket, 60) as service:
        systemd()
        service.rest(clock.now + 60)
        assert systemd() == ["WATCHDOG=1"] * 6


def test_progress_is_a_sign_of_life(systemd, monkeypatch):
    from cqs_core import progress
    from cqs_core.jobs import systemd as module

    monkeypatch.setattr(module, "time", clock := Clock())
    monkeypatch.setattr(module, "_said", 0.0)
    clock.now = 100.0
    with progress("a long download"):
        assert systemd() == ["WATCHDOG=1"]
        alive()
        assert systemd() == []  # at most once a second


@pytest.mark.parametrize(
    ("text", "pid", "found"), [("", "", None), ("0", "", None), ("x", "", None), ("5000000", "", 5.0)]
)
def test_how_often_systemd_wants_to_hear(monkeypatch, text, pid, found):
    monkeypatch.setenv("WATCHDOG_USEC", text)
    assert watchdog_seconds() == found
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert watchdog_seconds() is None


def test_without_systemd_nothing_is_sent(monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/no/such/socket")
    notify("READY=1")


class TestPing:
    @pytest.fixture
    def asked(self):
        """A server that counts; its URL and its list of paths."""
        paths = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                paths.append(self.path)
                self.send_response(500 if "bad" in self.path else 200)
                self.end_headers()

            def log_message(self, *_):
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}", paths
            server.shutdown()
            thread.join()

    def test_it_is_asked_after_rounds_without_faults(self, bucket, asked):
        url, paths = asked
        with running("work", bucket, 60, f"{url}/id") as service:
            for faults in ([], ["down"], []):
                with service.round() as done:
                    done.faults += faults
        assert paths == ["/id", "/id"]

    def test_a_ping_that_fails_is_a_fault_and_does_not_show_the_url(self, bucket, asked, capsys):
        with running("work", bucket, 60, f"{asked[0]}/bad-secret") as service, service.round():
            pass
        said = capsys.readouterr().err
        assert "the ping to 127.0.0.1 failed: Internal Server Error" in said
        assert "secret" not in said

    @pytest.mark.parametrize("url", ["file:///etc/passwd", "x", "ftp://a/b", "http://"])
    def test_other_urls_are_refused(self, url):
        with pytest.raises(UsageError, match="--ping wants a URL"):
            checked_ping(url)


class TestWaiting:
    def test_a_bucket_that_comes_later_is_awaited(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr("cqs_core.cli.services.time", Clock((tmp_path / "late").mkdir))
        assert awaited_bucket(str(tmp_path / "late"), "60s").folder == tmp_path / "late"
        assert capsys.readouterr().err.count("for the bucket: ") == 1

    def test_one_that_does_not_come_is_an_error(self, tmp_path):
        with pytest.raises(UsageError, match="never"):
            awaited_bucket(str(tmp_path / "never"), "1s")
        with pytest.raises(UsageError, match="never"):
            awaited_bucket(str(tmp_path / "never"), None)

    @pytest.mark.parametrize("text", ["10", "m", "0s", "-1s", "99999999999h"])
    def test_durations(self, text):
        with pytest.raises(UsageError, match="--wait-for-bucket is"):
            duration(text, "--wait-for-bucket")
