"""What commands of alerts refuse, with the remedy."""

from __future__ import annotations

import datetime as dt

import pytest

from cqs_core import UsageError
from cqs_core.cli import run_command
from cqs_core.time import clock
from cqs_core.time.intervals import DAY
from cqs_monitor.alerts.silences import silence_fields

LATE = int(dt.datetime(2200, 1, 2, tzinfo=dt.UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("until", "told"),
    [
        (clock.now() - DAY, "has passed; choose a later time"),
        (LATE, "a silence ends before the year 2200; set `enabled = false` to switch a rule off"),
    ],
    ids=["past", "never"],
)
def test_a_silence_ends_in_the_future_and_one_day(until, told):
    with pytest.raises(UsageError, match=told):
        silence_fields(until)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ack", "nothing"], "no alert of rule 'nothing' fires; firing: none"),
        (["ack", "nothing", "--account", "Main"], "no alert of rule 'nothing' for 'Main' fires; firing: none"),
        (["ack", "nothing", "--undo"], "no alert of rule 'nothing' is acknowledged; firing: none"),
    ],
)
def test_what_does_not_fire_is_not_acknowledged(put, folder, capsys, words, told):
    put("config/alerts.toml", b'[[rule]]\nname = "quiet"\nkind = "heartbeat"\nenabled = false\n')
    assert run_command(["monitor", "alerts", *words, "--bucket", str(folder)]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["alerts.toml"]


def test_options_of_the_bucket_come_after_the_command(folder, capsys):
    assert run_command(["monitor", "alerts", "--bucket", str(folder), "ack", "quiet"]) == 2
    assert "write --bucket and --json after 'ack'" in " ".join(capsys.readouterr().err.split())
