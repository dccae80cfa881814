"""What the Monitor page shows of a report, as text: figures, units, unknown values, and names of strangers."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from logfiles import buy, day, sell

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from cqs_core.time.intervals import DAY
from cqs_core.trading.metrics import WIN_RATE
from cqs_monitor import Logs
from cqs_monitor.performance.prices import Price
from cqs_monitor.performance.reader import Figures, Reading
from cqs_monitor.performance.report import Choice, last_year, make_report
from cqs_monitor.views.controls import seconds_between
from cqs_monitor.views.figure_chart import FigureChart
from cqs_monitor.views.health import _rows as file_rows
from cqs_monitor.views.holdings_table import findings_html, holdings_html
from cqs_monitor.views.monitor import _state
from cqs_monitor.views.monitor_cards import metrics
from cqs_monitor.views.no_logs import no_logs
from cqs_panel import html

EVIL = "<img src=x onerror=alert(1)>"
NOW = 1_761_112_800_000  # 2025-10-22T06:00 UTC, 15:00 in Korea
BOUGHT = "2025-10-20T10:00:00"


@pytest.fixture
def reading(put, bucket):
    """One account that earned and holds, one with a hostile name whose positions are torn."""
    rows = [buy(BOUGHT, "BTC", 100.0, 100.0), buy("2025-10-20T11:00:00", EVIL, 10.0, 10.0)]
    put("logs/Main/trades_2025-10-20.csv", day(*rows))
    put("logs/Main/trades_2025-10-22.csv", day(sell("2025-10-22T10:00:00", "BTC", 120.0, 50.0, 100.0)))
    held = {"quantity": 50.0, "entry_price": 100.0, "entry_time": f"{BOUGHT}+09:00"}
    dust = {"quantity": 1e-9, "entry_price": 1.0}
    put("logs/Main/positions.json", json.dumps({"BTC": held, EVIL: held, "DUST": dust}).encode())
    put(f"logs/{EVIL.replace('/', '')}/trades_2025-10-21.csv", day(sell("2025-10-21T09:30:00", "ETH", 9.0, 10.0, 10.0)))
    put(f"logs/{EVIL.replace('/', '')}/positions.json", b"{torn")
    put("logs/.heartbeat", str((NOW - 10_000) / 1000).encode())
    snapshot = Logs(bucket).refresh()
    form = snapshot.formats["Main"]
    prices = {("BTC", form): Price(130.0, NOW - 60_000, "candle"), (EVIL, form): Price(1.0, 0, "candle")}
    return Reading(Figures(snapshot), prices, NOW)


def cards(reading, choice=None, now=NOW):
    return {card.label: card for card in metrics(make_report(reading, choice or Choice(), now), now)}


def test_cards_sum_the_chosen_accounts_by_the_bots_day(reading):
    whole, one = cards(reading), cards(reading, Choice("Main"))
    assert whole["Today"].value == one["Today"].value == "+₩1,000"
    assert (whole["This week"].value, one["This week"].value) == ("+₩990.00", "+₩1,000")
    assert whole["All time"].value == "+₩990.00"
    assert one[WIN_RATE.label].value == "100.0 %"
    assert whole[WIN_RATE.label].value == "50.0 %"


def test_net_cards_say_so_and_bear_the_fees(reading):
    net = cards(reading, Choice("Main", net=True))
    assert net["Today"].value == "+₩997.00"
    assert net["Today"].note == "yesterday ₩0, net (est.)"
    assert "net of estimated fees (0.05 % of each row)" in net["Today"].hint
    assert "as the bot wrote it" in net["Today"].hint
    assert "trading day from 09:00" in cards(reading, Choice("Main", trading_days=True))["Today"].hint


def test_each_period_stands_beside_the_whole_one_before_it(reading):
    told = cards(reading)
    assert told["Today"].note == "yesterday -₩10.00, gross"
    assert told["This week"].note == "last week ₩0, gross"
    tomorrow, next_week, next_month = (cards(reading, now=NOW + days * DAY) for days in (1, 7, 31))
    assert (tomorrow["Today"].value, tomorrow["Today"].note) == ("₩0", "yesterday +₩1,000, gross")
    assert (next_week["This week"].value, next_week["This week"].note) == ("₩0", "last week +₩990.00, gross")
    assert next_month["This month"].note == "last month +₩990.00, gross"
    assert cards(reading, Choice("Main"))["Today"].note == "yesterday ₩0, gross"


def test_the_trend_of_an_account_is_its_pnl_of_90_days_or_of_the_last_days_of_old_logs(reading):
    def trends(now):
        accounts = make_report(reading, Choice(), now).accounts
        return {name: list(trend) for name, trend in zip(accounts["account"], accounts["trend"], strict=True)}

    name = EVIL.replace("/", "")
    assert trends(NOW) == {"Main": [0.0] * 89 + [1000.0], name: [0.0] * 88 + [-10.0] * 2}
    assert trends(NOW + 88 * DAY)["Main"] == [0.0] + [1000.0] * 89
    assert trends(NOW + 89 * DAY)[name] == [0.0] * 90
    assert trends(NOW + 800 * DAY) == trends(NOW)
    assert make_report(Reading(), Choice(), NOW).accounts.empty


def test_a_sum_of_positions_says_what_it_leaves_out(reading):
    card = cards(reading)["Unrealized"]
    assert card.value == "+₩1,500"
    assert card.note.startswith(f"1 of 2 positions priced, without {EVIL}; unreadable: <img")
    assert card.value_tone is None  # of a sum that is not whole, neither gain nor loss is claimed
    waiting = Reading(reading.figures, {}, NOW, waiting=True)
    assert cards(waiting)["Unrealized"].note == "waiting for prices of 2 positions, gross"


def test_a_heartbeat_is_alive_late_or_missing(reading, bucket, folder):
    assert cards(reading)["Heartbeat"].note == "alive"
    assert cards(reading, now=NOW + 8 * 60_000)["Heartbeat"].note == "the bot is silent"
    (folder / "logs" / ".heartbeat").unlink()
    assert cards(Reading(Figures(Logs(bucket).refresh())))["Heartbeat"].value == "absent"


def test_positions_escape_names_and_tell_unknown_from_nothing(reading):
    shown = holdings_html(make_report(reading, Choice(), NOW), NOW)
    assert EVIL not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown
    assert "the last price is older than its entry" in shown
    assert "positions.json is unreadable" in shown
    assert "unknown, not nothing" in shown
    assert "+₩1,500 (+30.0 %)" in shown
    assert "<span class=chip>dust</span>" in shown
    shown = holdings_html(make_report(reading, Choice(), NOW), NOW, lambda one: f"?symbol={one.position.symbol}&x")
    assert "?symbol=&lt;img src=x onerror=alert(1)&gt;&amp;x" in shown
    assert EVIL not in shown
    nothing = make_report(Reading(), Choice(), NOW)
    assert holdings_html(nothing, NOW) == "<p class='muted'>Nothing is held.</p>"


def test_accounts_tell_what_they_hold_also_those_that_are_not_chosen(reading):
    whole, one = (make_report(reading, choice, NOW) for choice in (Choice(), Choice("Main")))
    assert one.accounts["value"].equals(whole.accounts["value"])
    assert whole.accounts["unrealised"].sum() == whole.unrealised
    mine = whole.accounts.set_index("account")["value"]["Main"]
    assert mine == sum(held.value for held in one.holdings if held.value is not None)


def test_findings_are_listed_newest_first_and_escaped(reading):
    report = make_report(reading, Choice(), NOW)
    shown = findings_html(report.findings)
    assert EVIL not in shown
    assert shown.count("<li>") == len(report.findings) > 0
    many = report.findings * 60
    assert f"{len(many) - 50} more: cqs monitor reconcile" in findings_html(many)
    assert findings_html([]) == "<p class='muted'>The positions match the trades.</p>"


def test_the_year_ends_today_or_with_the_last_sale_of_an_old_log(reading):
    report = make_report(reading, Choice("Main"), NOW)
    assert [day.isoformat() for day in (last_year(report, NOW)[0], *last_year(report, NOW)[1])] == ["2025-10-22"] * 2
    later = NOW + 800 * 86_400_000
    last, days = last_year(make_report(reading, Choice("Main"), later), later)
    assert (last.isoformat(), list(days.values())) == ("2025-10-22", [1000.0])


def test_files_are_listed_by_account_with_their_ages(reading):
    rows = file_rows(list(reading.snapshot.files), NOW, "UTC")
    assert [row[0] for row in rows] == ["(whole bot)", EVIL.replace("/", ""), "Main"]
    assert [row[1] for row in rows] == [0, 1, 2]


def test_the_state_line_names_errors_silence_and_damage(reading):
    assert "every 5 s" in _state(reading, 5.0, "UTC")
    assert " · 1 damaged row or file," in _state(reading, 5.0, "UTC")
    silent = _state(Reading(reading.figures, at=NOW, stalled=12.0), 5.0, "UTC")
    assert "the bucket has not answered for 12 s; as of 2025-10-22" in silent
    refused = _state(Reading(error="<b>no</b>"), 5.0, "UTC")
    assert "&lt;b&gt;no&lt;/b&gt;; nothing read yet" in refused


@pytest.mark.parametrize(("asked", "seconds"), [(None, 5), ("30", 30), ("0.01", 1), ("1e9", 3600), ("soon", 5)])
def test_the_address_may_say_how_often_to_read(asked, seconds):
    assert seconds_between(SimpleNamespace(query={} if asked is None else {"every": asked})) == seconds


def test_a_bucket_that_is_gone_is_not_an_empty_one():
    assert "No bot has logs here" in no_logs(Reading(at=NOW)).object
    assert "cannot be read yet" in no_logs(Reading(error="it is gone", at=NOW)).object
    assert "has not answered" in no_logs(Reading()).object


def test_a_chart_is_a_picture_until_the_page_rests_and_never_again():
    resting = []
    page = SimpleNamespace(
        load=lambda work, show, quiet=False: show(work()), later=lambda call, _: resting.append(call)
    )
    chart = FigureChart(page, 200)

    def shown():
        return str(chart._pane.__panel__()[0].object)

    chart.update(1, lambda: html("chart 1"), still=lambda: "picture 1")
    assert shown() == "picture 1"
    resting.pop()()
    assert shown() == "chart 1"
    chart.update(2, lambda: html("chart 2"), still=lambda: "picture 2")
    assert shown() == "chart 2"
    assert not resting
