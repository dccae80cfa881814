"""A second format beside that of the ecosystem's bot: each account is read, counted and shown by its own."""

from __future__ import annotations

import json

import pytest
from logfiles import BUY, HEAD, SELL, day, sell
from usdtbot import HEADER, UsdtBot, fills, installed

from cqs_core import LogFormat, LoggedTrade
from cqs_core.cli import run_command
from cqs_core.testing.log_format import LogFormatContract
from cqs_monitor import Logs
from cqs_monitor.logs.bot.format import BOT
from cqs_monitor.performance.reader import Figures, Reading
from cqs_monitor.performance.report import Choice, make_report
from cqs_monitor.performance.summary import summaries

usdt_bot = pytest.fixture(installed)
BOUGHT, SOLD = "2025-10-20 22:00:00 buy BTC/USDT 100 2", "2025-10-20 23:30:00 sell BTC/USDT 110 2 20"
NOW = 1_760_997_600_000  # 2025-10-20T22:00 UTC, 2025-10-21 in Korea


class TestOfTheBot(LogFormatContract):
    format = BOT
    name, data = "trades_2025-10-20.csv", HEAD + BUY + SELL


class TestOfAnotherBot(LogFormatContract):
    format = UsdtBot()
    name, data = "fills.csv", fills(BOUGHT, SOLD)


@pytest.fixture
def both(put, usdt_bot):
    """An account of each bot; both sold at 23:30 UTC, which is the next day in Korea."""
    put("logs/Won/trades_2025-10-21.csv", day(sell("2025-10-21T08:30:00", "BTC", 110.0, 1000.0, 100.0)))
    put("logs/Dollar/fills.csv", fills(BOUGHT, SOLD))


def test_each_account_is_counted_by_its_own_currency_days_and_fees(bucket, both):
    snapshot = Logs(bucket).refresh()
    assert {name: snapshot.currency(name) for name in snapshot.accounts} == {"Won": "KRW", "Dollar": "USDT"}
    assert snapshot.problems == ()
    found, _ = summaries(snapshot.rows)
    assert found["Won"].pnl == pytest.approx({"2025-10-21": 10_000.0})
    assert found["Dollar"].pnl == pytest.approx({"2025-10-20": 20.0})
    net, _ = summaries(snapshot.rows, net=True)
    assert net["Won"].realised == pytest.approx(10_000 - 0.0005 * 110_000)
    assert net["Dollar"].realised == pytest.approx(20 - 0.001 * (200 + 220))


def test_sums_of_two_currencies_are_never_made(bucket, both):
    _, totals = summaries(Logs(bucket).refresh().rows)
    assert {name: total.realised for name, total in totals.items()} == pytest.approx({"KRW": 10_000.0, "USDT": 20.0})


def test_commands_show_a_total_for_each_currency(bucket, both, capsys):
    def told(*words):
        assert run_command(["monitor", *words, "--bucket", bucket.url]) == 0
        return capsys.readouterr().out

    shown = told("pnl", "--net")
    assert "KRW by day, net of estimated fees (0.05 %); KST calendar days" in shown
    assert "USDT by day, net of estimated fees (0.1 %); UTC calendar days" in shown
    for command in ("pnl", "stats"):
        data = json.loads(told(command, "--json"))
        assert data["total"] is None
        assert {name: one["realised"] for name, one in data["totals"].items()} == pytest.approx(
            {"KRW": 1e4, "USDT": 20}
        )
        assert data["currencies"] == {"Won": "KRW", "Dollar": "USDT"}
    assert "total, USDT" in told("stats")


def test_a_page_has_the_figures_of_one_currency_at_a_time(bucket, both):
    figures = Figures(Logs(bucket).refresh())
    reports = {c: make_report(Reading(figures), Choice(currency=c), NOW) for c in ("KRW", "USDT")}
    assert {c: r.names for c, r in reports.items()} == {"KRW": ("Won",), "USDT": ("Dollar",)}
    assert [r.convention.zone for r in reports.values()] == ["KST", "UTC"]
    assert [r.convention.fee for r in reports.values()] == ["0.05 %", "0.1 %"]
    assert [r.today for r in reports.values()] == pytest.approx([10_000.0, 20.0])
    assert list(reports["KRW"].statistics.by_hour) == [8]
    assert list(reports["USDT"].statistics.by_hour) == [23]
    assert list(reports["KRW"].accounts["currency"]) == ["USDT", "KRW"]
    assert make_report(Reading(figures), Choice(), NOW).names in (("Won",), ("Dollar",))


def test_callers_get_the_currency_of_each_row_and_a_total_for_each(bucket, both):
    import cqs_monitor

    trades = cqs_monitor.trades(bucket=bucket)
    assert dict(zip(trades["account"], trades["currency"], strict=True)) == {"Dollar": "USDT", "Won": "KRW"}
    pnl = cqs_monitor.pnl(net=True, bucket=bucket)
    assert list(pnl.columns) == ["Dollar", "Won", "total USDT", "total KRW"]
    assert pnl["total USDT"].sum() == pytest.approx(20 - 0.42)
    assert list(cqs_monitor.pnl(account="Dollar", bucket=bucket).columns) == ["Dollar", "total"]
    assert set(cqs_monitor.lots(account="Dollar", bucket=bucket)["currency"]) == {"USDT"}
    frame = cqs_monitor.get_bot_logs("2025-10-20", "Dollar", bucket)
    assert list(frame["profit"].dropna()) == [20.0]


def test_alerts_are_in_the_currency_and_days_of_the_account(bucket, put, usdt_bot):
    from cqs_monitor.alerts.context import context_of
    from cqs_monitor.alerts.evaluation import evaluate
    from cqs_monitor.alerts.rules_file import parse_rules

    lost = "2025-10-20 23:30:00 sell BTC/USDT 90 2 -20"
    put("logs/Dollar/fills.csv", fills(BOUGHT, lost))
    rules = parse_rules('[[rule]]\nkind = "daily_loss"\nover = 15\n[[rule]]\nkind = "divergence"\nover = 1\n')
    midnight = 1_761_004_800_000  # of October 21st, UTC
    (fired, compared), issues = evaluate(rules, context_of(bucket, midnight - 60_000))
    assert (fired.state, fired.json()["unit"], issues) == ("firing", "USDT", [])
    assert fired.text == "loss of the day: 20 USDT, over 15 USDT"
    assert (compared.state, "write strategy" in compared.signal.note) == ("unknown", True)
    assert evaluate(rules, context_of(bucket, midnight))[0][0].state == "ok"


def test_a_comparison_pays_the_fees_of_the_format_on_its_exchange(bucket, both):
    import numpy as np

    from cqs_core import Lake, Series, UsageError
    from cqs_core.lake import candle_table
    from cqs_monitor.compare.comparison import ComparisonRequest, compare
    from cqs_monitor.compare.strategy_setup import find_setup

    start = 1_759_276_800_000  # 2025-10-01
    ts = start + 86_400_000 * np.arange(30, dtype=np.int64)
    values = np.tile([100.0, 110.0, 99.0, 100.0, 5.0], (30, 1))
    Lake(bucket).append(Series("binance", "BTC/USDT", "1d"), candle_table(ts, values), start, start + 30 * 86_400_000)
    try:
        setup = find_setup("buy_and_hold", {})
    except UsageError:
        pytest.skip("no strategy is installed: needs cqs-backtest")
    found = compare(bucket, Logs(bucket).refresh(), ComparisonRequest("Dollar", setup, start))
    assert (found.setup.exchange, found.form.currency, found.result.costs.fee) == ("binance", "USDT", 0.001)
    assert found.json()["currency"] == "USDT"
    [bought] = [*found.pairing.extra, *(pair.live for pair in found.pairing.matched)]
    assert bought.fees == pytest.approx(0.001 * (200 + 220))
    assert any("0.1 % of each row" in note for note in found.json()["notes"])


def test_positions_are_of_the_market_that_the_format_means(bucket, put, both):
    from cqs_monitor.performance.prices import market_of

    held = [{"pair": "ETH", "amount": 2.0, "rate": 50.0, "at": "2025-10-20T09:00:00"}]
    put("logs/Dollar/open.json", json.dumps(held).encode())
    (position,) = Logs(bucket).refresh().held("Dollar").held
    assert (position.symbol, position.quantity, position.dust) == ("ETH", 2.0, False)
    assert market_of("ETH", UsdtBot()) == ("binance", "ETH/USDT")
    assert market_of("ETH", BOT) == ("upbit", "ETH/KRW")


def test_a_damaged_line_is_told_and_the_others_count(bucket, put, both):
    put("logs/Dollar/fills.csv", fills(BOUGHT) + b"1,BTC/USDT,true,yesterday,110,2,20\n" + fills(SOLD)[len(HEADER) :])
    snapshot = Logs(bucket).refresh()
    assert snapshot.only("Dollar").num_rows == 2
    ((file, line, reason),) = snapshot.problems
    assert (file, line, "not counted" in reason) == ("logs/Dollar/fills.csv", 3, True)


class Rival(UsdtBot):
    name = "rival"
    eager = True

    def owns(self, name, head):
        return self.eager


def test_a_format_that_owns_the_file_wins(bucket, put):
    put("logs/Main/fills.csv", fills(BOUGHT, SOLD))
    modest = Rival()
    modest.eager = False
    snapshot = Logs(bucket, [modest, UsdtBot()]).refresh()
    assert snapshot.formats["Main"].name == "usdt-bot"
    assert snapshot.table.num_rows == 2


def test_two_formats_that_own_a_file_are_an_error_that_names_both(bucket, put):
    put("logs/Main/fills.csv", fills(BOUGHT, SOLD))
    put("logs/Other/trades_2025-10-21.csv", HEAD + SELL)
    snapshot = Logs(bucket, [BOT, Rival(), UsdtBot()]).refresh()
    (problem,) = snapshot.problems
    assert problem.file == "logs/Main/"
    assert "'rival' and 'usdt-bot'" in problem.reason
    assert snapshot.accounts == ("Main", "Other")
    assert snapshot.held("Main").state == "unreadable"
    assert snapshot.table.num_rows == 1


def test_an_account_has_one_format(bucket, put):
    put("bot-logs/Main/trades_2025-10-21.csv", HEAD + SELL)
    put("logs/Main/fills.csv", fills(BOUGHT, SOLD))
    snapshot = Logs(bucket, [BOT, UsdtBot()]).refresh()
    (problem,) = snapshot.problems
    assert all(name in problem.reason for name in ("'crypto-bot'", "'usdt-bot'"))
    assert snapshot.table.num_rows == 1


class Failing(LogFormat):
    name, currency = "failing", "EUR"

    def kind(self, name):
        if name == "bad.csv":
            raise RuntimeError("boom")
        return "trades" if name.endswith(".csv") else ""

    def trades(self, stream, report):
        yield LoggedTrade(1, 0, False, "A", 1.0, 1.0, 1.0)
        yield LoggedTrade(2, 0, False, "A", -1.0, 1.0, 1.0)
        yield LoggedTrade(3, 0, True, "A", 1.0, 1.0, 1.0, float("nan"))
        raise SystemExit(3)


def test_a_plugin_that_fails_is_named_and_takes_nothing_down(bucket, put):
    put("logs/Main/a.csv", b"x")
    put("logs/Main/bad.csv", b"x")
    snapshot = Logs(bucket, [Failing()]).refresh()
    assert snapshot.only("Main").num_rows == 1
    reasons = [problem.reason for problem in snapshot.problems]
    assert reasons[0].startswith("the format 'failing' failed: RuntimeError: boom")
    assert reasons[1:3] == ["price is -1.0, not above 0; not counted", "profit is nan, no number; not counted"]
    assert reasons[3].startswith("the format 'failing' failed, the rest is not read: SystemExit")


def test_a_format_that_reads_otherwise_reads_again(bucket, put):
    put("logs/Main/fills.csv", fills(BOUGHT, SOLD))
    assert Logs(bucket, [UsdtBot()]).refresh().table.num_rows == 2
    changed = UsdtBot()
    changed.version = 2
    changed.trades = lambda stream, report: []
    assert Logs(bucket, [changed]).refresh().table.num_rows == 0


class Counting(UsdtBot):
    """Does not own the file; counts how often it is asked."""

    asked = 0

    def owns(self, name, head):
        self.asked += 1
        return False


def test_rival_formats_are_shown_one_reading_of_a_file(bucket, put, monkeypatch):
    put("logs/Main/fills.csv", fills(BOUGHT, SOLD))
    opened, rivals = [], [Counting(), Counting()]
    for number, rival in enumerate(rivals):
        rival.name = f"rival {number}"
    monkeypatch.setattr(bucket, "open", lambda key: opened.append(key) or type(bucket).open(bucket, key))
    assert Logs(bucket, [*rivals, UsdtBot()]).refresh().table.num_rows == 2
    assert [rival.asked for rival in rivals] == [1, 1]
    assert opened == ["logs/Main/fills.csv"] * 2  # to recognize it, and to read it


def test_a_file_that_would_tell_the_format_and_cannot_be_read_is_named_and_tried_again(bucket, put, monkeypatch):
    put("logs/Main/fills.csv", fills(BOUGHT, SOLD))
    logs = Logs(bucket, [Counting(), UsdtBot()])
    with monkeypatch.context() as broken:
        broken.setattr(bucket, "open", lambda key: 1 / 0)
        snapshot = logs.refresh()
    ((file, _, reason),) = snapshot.problems
    assert (file, snapshot.table.num_rows) == ("logs/Main/", 0)
    assert reason.startswith("'fills.csv' cannot be read: ZeroDivisionError")
    assert (logs.refresh().table.num_rows, logs.refresh().problems) == (2, ())
