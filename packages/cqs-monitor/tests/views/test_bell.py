"""What the bar of every page tells of the bots."""

from __future__ import annotations

import datetime as dt

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from logfiles import buy, day, sell

from cqs_monitor.views import bell, palette

RULE = b'[[rule]]\nname = "loss"\nkind = "daily_loss"\nover = 10\n'


@pytest.fixture
def today():
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=9))).date().isoformat()


@pytest.fixture
def lost(put, today):
    """Main has lost 30 won today."""
    rows = buy(f"{today}T00:00:00", "DOGE", 100.0, 3.0), sell(f"{today}T00:00:00", "DOGE", 90.0, 3.0, 100.0)
    put(f"logs/Main/trades_{today}.csv", day(*rows))


def test_an_alert_that_fires_is_a_notice(bucket, put, lost):
    put("config/alerts.toml", RULE)
    [notice] = bell.alerts(bucket).notices
    assert notice.title == "[warning] Main: loss"
    assert "30 KRW" in notice.text
    put("config/alerts.toml", RULE.replace(b"10", b"1000"))
    assert bell.alerts(bucket).notices == []


def test_the_figure_is_todays_pnl(bucket, lost):
    assert bell.today(bucket).figure == "-₩30.00"


def test_a_bucket_without_logs_has_no_figure(bucket):
    assert bell.today(bucket).figure == ""


def test_the_palette_finds_accounts(bucket, lost):
    [entry] = palette.accounts(bucket)
    assert (entry.label, entry.kind, entry.query) == ("Main", "account", {"account": "Main"})
    assert [one.label for one in palette.comparisons(bucket)] == ["Main vs backtest"]
    assert list(palette.versions(bucket)) == []
