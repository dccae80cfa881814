"""The watcher as a process: it tells once, tells on recovery, survives what happens to buckets and channels."""

from __future__ import annotations

import io
import json
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from cqs_core import Bucket, BucketError
from cqs_core.testing.command import cqs, cqs_json, started
from cqs_core.testing.waiting import until
from cqs_monitor.alerts.state import STATE, SentAlert, WatcherState, history, remember, remembered
from cqs_monitor.performance.reader import reader_of

pytestmark = pytest.mark.once

RULES = '[[rule]]\nname = "silent"\nkind = "heartbeat"\nover = "7m"\nseverity = "critical"\ncooldown = "0s"\n'


@pytest.fixture
def once(folder, hook):
    def run(code: int = 0, **variables: str):
        return cqs(
            "monitor", "watch", "--once", "--bucket", folder, code=code, **{"CQS_ALERT_HOOK": hook.url, **variables}
        )

    return run


def test_it_tells_once_and_on_recovery_over_restarts(once, hook, beat, rules, bucket, folder):
    rules(RULES)
    beat(3600)
    once()
    once()
    assert hook.titles == ["[critical] silent"]
    assert "heartbeat is old: 1" in hook.got[0]["message"]
    assert " h, over 7 min" in hook.got[0]["message"]
    beat(1)
    once()
    once()
    assert hook.titles == ["[critical] silent", "[recovered] [critical] silent"]
    assert [row["event"] for row in history(bucket)] == ["recovery", "alert"]
    listed = cqs_json("monitor", "alerts", "history", "--bucket", folder)
    assert listed[0]["channels"] == {"hook": "sent"}


def test_an_alert_that_was_being_sent_when_the_watcher_died_is_sent_again_and_marked(once, hook, beat, rules, bucket):
    rules(RULES)
    beat(3600)
    told = SentAlert("[critical] silent", "text", 1, 1, "silent", "", "critical", {"hook": "sending"})
    remember(bucket, WatcherState(1, {"silent\n": told}, {"silent\n": 1}))
    once()
    once()
    assert len(hook.got) == 1
    assert "may have arrived before" in hook.got[0]["message"]
    assert history(bucket)[0]["event"] == "repeat"


def test_a_watcher_killed_while_it_sends_has_recorded_that_it_does(folder, hook, beat, rules, bucket, once):
    rules(RULES)
    beat(3600)
    hook.delay = 30
    with _watching(folder, hook) as process:
        until(lambda: bucket.exists(STATE) and b"sending" in bucket.read(STATE))
        process.kill()
    hook.delay = 0
    bucket.delete(entry.key for entry in bucket.list("alerts/lease"))  # it would expire by itself
    once()
    assert "may have arrived before" in hook.got[-1]["message"]


def test_a_channel_that_refuses_is_tried_again_and_blocks_no_other(once, hook, beat, rules, bucket):
    rules(RULES)
    beat(3600)
    ran = once(CQS_ALERT_DEAD="json://u:s3cr3t-pass@127.0.0.1:9/")
    assert hook.titles == ["[critical] silent"]
    assert "dead" in ran.stderr
    assert "s3cr3t-pass" not in ran.stderr + ran.stdout
    memory = remembered(bucket)
    assert memory.sent["silent\n"].channels == {"hook": "sent", "dead": "failed"}
    memory.sent["silent\n"].again = 0
    remember(bucket, memory)
    once(CQS_ALERT_DEAD=hook.url)
    assert len(hook.got) == 2
    assert remembered(bucket).sent["silent\n"].channels == {"hook": "sent", "dead": "sent"}
    assert not any("s3cr3t" in bucket.read(e.key).decode() for e in bucket.list("alerts"))


def test_a_second_watcher_is_refused(folder, hook, beat, rules, once, bucket):
    rules(RULES)
    beat(1)
    with _watching(folder, hook) as process:
        until(lambda: bucket.exists(STATE))
        ran = once(code=1)
        assert "another watcher" in ran.stderr
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    once()


def test_bad_rules_are_told_and_the_others_watch(once, hook, beat, rules):
    rules(RULES + '[[rule]]\nkind = "chrun"\n')
    beat(3600)
    ran = once()
    assert "config/alerts.toml:8: unknown kind 'chrun'; did you mean 'churn'?" in ran.stderr
    assert hook.titles == ["[critical] silent"]


def test_a_rules_file_that_is_too_large_and_damaged_regimes_take_no_rule_down(once, hook, beat, rules, bucket):
    rules(RULES + '[[rule]]\nkind = "regime"\nmodel = "v1"\nover = "BEAR_TREND"\n')
    bucket.write("regimes/v1/upbit/BTC-KRW.parquet", b"no parquet")
    beat(3600)
    ran = once()
    assert "config/alerts.toml:7" in ran.stderr
    assert "cqs models evaluate v1" in ran.stderr
    assert hook.titles == ["[critical] silent"]
    rules("#" * (2 << 20))
    assert "2,097,152 bytes" in once(code=1).stderr
    assert hook.titles[1:] == [f"[critical] cqs cannot watch {bucket.url}"]  # and not that "silent" recovered


def test_what_was_broken_and_over_between_two_rounds_is_told(once, hook, put, rules, bucket):
    from logfiles import buy, day

    rules('[[rule]]\nname = "churning"\nkind = "churn"\nover = 30\n')
    put("logs/Main/positions.json", b"{}")
    once()
    memory = remembered(bucket)
    memory.round -= 4 * 3_600_000
    remember(bucket, memory)
    at = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 9 * 3600 - 2 * 3600))
    put(f"logs/Main/trades_{at[:10]}.csv", day(*(buy(f"{at}:{n:02d}", "BTC", 100.0, 1.0) for n in range(40))))
    once()
    assert hook.titles == ["[warning] Main: churning"]
    assert "is over" in hook.got[0]["message"]
    once()
    assert hook.titles[1:] == ["[recovered] [warning] Main: churning"]


def test_it_tells_when_it_cannot_see_the_bucket_and_when_it_sees_again(hook, gcs_bucket):
    put = Bucket(gcs_bucket)
    put.write("logs/.heartbeat", f"{time.time()}".encode())
    dead = f"http://127.0.0.1:{_unused_port()}"
    watch = ["monitor", "watch", "--once", "--bucket", gcs_bucket, "--patience"]
    cqs(*watch, "5", code=1, CQS_ALERT_HOOK=hook.url, STORAGE_EMULATOR_HOST=dead)
    cqs(*watch, "5", code=1, CQS_ALERT_HOOK=hook.url, STORAGE_EMULATOR_HOST=dead)
    assert hook.titles == [f"[critical] cqs cannot watch {gcs_bucket}"]
    cqs(*watch, "60", CQS_ALERT_HOOK=hook.url)
    assert hook.titles[1:] == [f"[recovered] cqs watches {gcs_bucket} again"]


def test_a_bucket_that_stalls_is_told_too(hook):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()
        threading.Thread(target=_accept_and_wait, args=(server, stop), daemon=True).start()
        stalled = f"http://127.0.0.1:{server.getsockname()[1]}"
        cqs(
            *("monitor", "watch", "--once", "--patience", "3", "--bucket", "gs://stalled"),
            code=1,
            CQS_ALERT_HOOK=hook.url,
            STORAGE_EMULATOR_HOST=stalled,
        )
        stop.set()
    assert hook.titles == ["[critical] cqs cannot watch gs://stalled"]


def test_a_missing_bucket_is_told_and_not_made(hook, tmp_path):
    missing = tmp_path / "not mounted"
    for words in (["--once"], []):
        ran = cqs("monitor", "watch", *words, "--bucket", missing, code=2, CQS_ALERT_HOOK=hook.url)
        assert f"bucket '{missing}' does not exist" in ran.stderr
    assert hook.titles == [f"[critical] cqs cannot watch {missing}"]
    assert not missing.exists()


def test_a_bucket_that_goes_away_recovers_nothing_and_is_told(folder, hook, beat, rules, bucket, watcher):
    rules(RULES)
    beat(3600)
    watcher.round()
    assert hook.titles == ["[critical] silent"]
    away = folder.rename(folder.with_name("away"))
    for _ in range(2):
        assert not watcher.round()
        assert watcher.fault.startswith(f"this round failed: bucket '{folder}'")
    folder.mkdir()
    (folder / "logs").mkdir()
    (folder / "logs" / ".heartbeat").write_text(str(time.time()))
    assert not watcher.round()
    assert watcher.fault.startswith(f"this round failed: bucket '{folder}'")
    assert hook.titles == ["[critical] silent", f"[critical] cqs cannot watch {folder}"]
    assert sorted(path.name for path in folder.rglob("*")) == [".heartbeat", "logs"]
    (folder / "logs" / ".heartbeat").unlink()
    (folder / "logs").rmdir()
    folder.rmdir()
    away.rename(folder)
    assert watcher.round()
    assert hook.titles[2:] == [f"[recovered] cqs watches {folder} again"]
    beat(1)
    watcher.round()
    assert hook.titles[3:] == ["[recovered] [critical] silent"]


LOSS = '[[rule]]\nname = "loss"\nkind = "daily_loss"\nover = 100\ncooldown = "0s"\n'


@pytest.fixture
def losing(put, rules):
    """Two accounts; one lost today."""
    from logfiles import buy, day, sell

    rules(LOSS)
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 9 * 3600))
    put("logs/Second/positions.json", b"{}")
    rows = buy(f"{today}T00:00:00", "BTC", 100.0, 1000.0), sell(f"{today}T00:00:01", "BTC", 90.0, 500.0, 100.0)
    return put(f"logs/Main/trades_{today}.csv", day(*rows))


def test_an_account_whose_files_are_gone_has_not_recovered(losing, hook, watcher):
    watcher.round()
    assert hook.titles == ["[warning] Main: loss"]
    away = losing.parent.rename(losing.parents[2] / "Main")
    watcher.round()
    watcher.round()
    assert watcher.said.count("account 'Main' has no files any more; its alerts stay") == 1
    away.rename(losing.parent)
    losing.unlink()
    (losing.parent / "positions.json").write_bytes(b"{}")
    assert watcher.round()
    assert hook.titles == ["[warning] Main: loss"]


class Failing(Bucket):
    """A disk that gives no trades any more."""

    def open(self, key):
        raise BucketError(f"bucket {self.url!r} failed at {key!r}: Input/output error")


def test_a_file_that_cannot_be_read_recovers_nothing(losing, hook, watcher, folder, monkeypatch):
    from logfiles import buy, day

    watcher.round()
    losing.write_bytes(day(buy("2026-01-05T00:00:00", "BTC", 100.0, 1000.0)))
    with monkeypatch.context() as broken:
        broken.setattr(reader_of(str(folder)).logs, "bucket", Failing(folder))
        assert watcher.round()
    assert hook.titles == ["[warning] Main: loss"]
    watcher.round()
    assert hook.titles[1:] == ["[recovered] [warning] Main: loss"]


def test_an_io_error_in_one_file_is_named_and_the_other_rules_watch(losing, hook, watcher, rules, bucket, monkeypatch):
    """Of a log, and of what a rule reads besides."""
    damaged = '[[rule]]\nname = "damage"\nkind = "damaged_file"\n'
    rules(LOSS + damaged + '[[rule]]\nkind = "regime"\nmodel = "v1"\nover = "BEAR_TREND"\n')
    bucket.write("logs/Second/trades_2025-10-20.csv", b"any")
    failing, whole = ("Second/trades", "regimes/v1"), Bucket.read

    def stream(self, key):
        if any(name in key for name in failing):
            return Unreadable()
        return io.BytesIO(whole(self, key))

    def read(self, key):
        if any(name in key for name in failing):
            raise BucketError(f"bucket {self.url!r} failed at {key!r}: Input/output error")
        return whole(self, key)

    monkeypatch.setattr(Bucket, "open", stream)
    monkeypatch.setattr(Bucket, "read", read)
    assert watcher.round()
    assert sorted(hook.titles) == ["[warning] Main: loss", "[warning] Second: damage"]
    assert any("Second: damage" in line and "trades_2025-10-20.csv: cannot be read" in line for line in watcher.said)
    assert any("config/alerts.toml:9: " in line and "regimes/v1" in line for line in watcher.said)


class Unreadable(io.BytesIO):
    def read(self, *_):
        raise OSError(5, "Input/output error")


def test_logs_that_are_gone_altogether_are_a_blind_watcher(losing, hook, watcher, folder):
    watcher.round()
    (folder / "logs").rename(folder / "elsewhere")
    assert not watcher.round()
    assert "has no logs any more; it had those of 2 accounts" in watcher.fault
    assert hook.titles == ["[warning] Main: loss", f"[critical] cqs cannot watch {folder}"]


def test_a_folder_of_all_logs_that_cannot_be_listed_is_an_outage_and_recovers_no_alert(
    losing, hook, watcher, folder, closed
):
    watcher.round()
    closed.add("logs")
    assert not watcher.round()
    fact = "folder 'logs' cannot be listed: Permission denied"
    assert watcher.fault == f"this round saw only a part: {fact}"
    blind = f"[critical] cqs cannot watch {folder}"
    assert hook.titles == ["[warning] Main: loss", blind]
    closed.clear()
    assert watcher.round()
    assert hook.titles == ["[warning] Main: loss", blind, f"[recovered] cqs watches {folder} again"]


def test_an_alert_whose_rule_is_gone_is_dropped_and_not_recovered(losing, hook, watcher, rules, bucket):
    watcher.round()
    rules(RULES)
    watcher.round()
    assert hook.titles == ["[warning] Main: loss"]
    assert "[warning] Main: loss: no rule asks for it any more; it is dropped" in watcher.said
    assert remembered(bucket).sent == {}


def test_a_watcher_without_a_channel_says_so_and_a_channel_that_comes_later_is_told(
    losing, hook, watcher, monkeypatch, bucket
):
    monkeypatch.delenv("CQS_ALERT_HOOK")
    for _ in range(2):
        watcher.round()
    mute = [line for line in watcher.said if line.startswith("no channel is configured")]
    assert len(mute) == 1
    watcher._said_mute -= 3601
    watcher.round()
    assert "no channel is configured" in watcher.said[-1]
    Path(".env").write_text(f"CQS_ALERT_LATER={hook.url}\n")
    for _ in range(2):
        watcher.round()
    assert hook.titles == ["[warning] Main: loss"]
    assert remembered(bucket).sent["loss\nMain"].channels == {"later": "sent"}


@pytest.mark.parametrize("signals", [1, 3])
def test_a_watcher_that_is_told_to_end_gives_back_its_lease(folder, hook, beat, rules, bucket, signals, once):
    rules(RULES)
    beat(1)
    with _watching(folder, hook) as process:
        until(lambda: bucket.exists(STATE))
        for _ in range(signals):
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    once()


def test_alerts_on_gcs_are_told_once(hook, gcs_bucket):
    bucket = Bucket(gcs_bucket)
    bucket.write("config/alerts.toml", RULES.encode())
    bucket.write("logs/.heartbeat", f"{time.time() - 3600}".encode())
    for _ in range(2):
        cqs("monitor", "watch", "--once", "--bucket", gcs_bucket, CQS_ALERT_HOOK=hook.url)
    assert hook.titles == ["[critical] silent"]


def test_evaluating_writes_nothing(folder, bucket, beat, rules):
    rules(RULES)
    beat(3600)
    before = bucket.list()
    (row,) = cqs_json("monitor", "alerts", "--bucket", folder)
    assert bucket.list() == before
    assert (row["rule"], row["account"], row["severity"], row["state"]) == ("silent", None, "critical", "firing")
    assert (row["threshold"], row["value"] > 3599, row["since"].endswith("+00:00")) == (420.0, True, True)


def test_commands_say_what_is_wrong(folder, rules):
    rules(RULES + '[[rule]]\nkind = "chrun"\n')
    assert (
        "unknown rule 'silnt'; did you mean 'silent'?"
        in cqs("monitor", "alerts", "try", "silnt", "--bucket", folder, code=2).stderr
    )
    assert "overwritten" in cqs("monitor", "alerts", "try", "silent", "--bucket", folder, code=2).stderr
    checked = cqs("monitor", "alerts", "check", "--json", "--bucket", folder, code=2)
    assert json.loads(checked.stdout)[0]["line"] == 8
    assert {row["kind"] for row in cqs_json("monitor", "alerts", "kinds")} >= {"heartbeat", "regime"}


def test_no_option_is_without_effect(folder):
    assert "after 'kinds'" in cqs("monitor", "alerts", "--json", "kinds", code=2).stderr


def test_a_test_message_without_a_channel_fails():
    assert "no channel is configured; set CQS_ALERT_NAME" in cqs("monitor", "alerts", "test", code=1).stderr


def test_a_test_message(hook):
    assert cqs_json("monitor", "alerts", "test", CQS_ALERT_HOOK=hook.url) == [
        {"channel": "hook", "sent": True, "problem": None}
    ]
    hook.status = 500
    cqs("monitor", "alerts", "test", code=1, CQS_ALERT_HOOK=hook.url)


def _watching(folder, hook):
    return started("monitor", "watch", "--every", "1", "--bucket", folder, CQS_ALERT_HOOK=hook.url)


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _accept_and_wait(server: socket.socket, stop: threading.Event) -> None:
    held = []
    server.settimeout(0.2)
    while not stop.is_set():
        try:
            held.append(server.accept()[0])
        except OSError:
            continue
    for one in held:
        one.close()
