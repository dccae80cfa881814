"""The lines of bots on the overview: which run, since when others are silent, and what is not known."""

from __future__ import annotations

import os

import pytest
from logfiles import buy, day

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from cqs_monitor import Logs
from cqs_monitor.performance.bot_signs import bot_signs
from cqs_monitor.performance.reader import Figures
from cqs_monitor.views.bots_table import bots_html

NOW = 1_761_112_800_000  # 2025-10-22T06:00 UTC
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def signs(put, bucket, folder):
    """Of three accounts at `NOW`, after files were put there by path."""

    def found(**files):
        for account in ("Main", "Second", EVIL):
            put(f"logs/{account}/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 100.0)))
            os.utime(folder / "logs" / account / "trades_2025-10-20.csv", (NOW / 1000 - 7200,) * 2)
        for name, ago in files.items():
            put(f"logs/{'' if name == 'whole' else f'{name}/'}.heartbeat", str(NOW / 1000 - ago).encode())
            os.utime(folder / "logs" / ("" if name == "whole" else name) / ".heartbeat", (NOW / 1000 - ago,) * 2)
        return bot_signs(Figures(Logs(bucket).refresh()), NOW)

    return found


def test_all_accounts_of_one_bot_have_its_heartbeat(signs):
    assert {(one.account, one.state, one.logged) for one in signs(whole=10)} == {
        (name, "alive", NOW - 7_200_000) for name in ("Main", "Second", EVIL)
    }


def test_a_bot_with_its_own_heartbeat_is_silent_alone_and_comes_first(signs):
    first, *others = signs(whole=10, Second=600)
    assert (first.account, first.state, first.beat) == ("Second", "silent", NOW - 600_000)
    assert first.logged == NOW - 7_200_000  # a heartbeat is not a log
    assert {one.state for one in others} == {"alive"}


def test_a_bot_without_a_heartbeat_is_unknown_not_alive(signs):
    assert [(one.state, one.reason) for one in signs()] == [("unknown", "no heartbeat")] * 3


def test_the_lines_say_since_when_and_lead_to_the_account(signs):
    shown = bots_html(signs(whole=10, Second=600), NOW, "UTC", lambda account: f"?account={account}")
    assert "silent for 10 min" in shown
    assert "since 2025-10-22 05:50" in shown
    assert "heartbeat 10 s ago" in shown
    assert "2 h ago" in shown
    assert 'href="?account=Main"' in shown
    assert "<img" not in shown
    assert bots_html([], NOW, "UTC", str) == ""
