"""Bots in Python: one call each, over any range and account, against arithmetic done by hand."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from logfiles import buy, day, sell

from cqs_core import Bucket, DataWarning, Frame, Lake, Series, UnknownName, UsageError
from cqs_core.lake import candle_table
from cqs_core.time.clock import parse_start
from cqs_core.time.intervals import DAY
from cqs_monitor import get_bot_logs, lots, pnl, positions, regimes, trades
from cqs_monitor.models.evaluation.regimes import Regimes, store


@pytest.fixture(autouse=True)
def bots(put, folder, monkeypatch):
    """Main buys BTC for 100 twice and sells once each way; Second trades ETH. Days are of October 2025, KST."""
    monkeypatch.setenv("CQS_BUCKET", str(folder))
    put("logs/Main/trades_2025-10-20.csv", day(buy("2025-10-20T10:00:00", "BTC", 100.0, 1000.0)))
    put(
        "logs/Main/trades_2025-10-21.csv",
        day(
            sell("2025-10-21T08:00:00", "BTC", 110.0, 400.0, 100.0),
            buy("2025-10-21T12:00:00", "BTC", 120.0, 10.0),
        ),
    )
    put("logs/Main/trades_2025-10-24.csv", day(sell("2025-10-24T08:00:00", "BTC", 90.0, 600.0, 100.0)))
    put("logs/Main/positions.json", json.dumps({"BTC": {"quantity": 10.0, "entry_price": 120.0}}).encode())
    put(
        "logs/Second/trades_2025-10-27.csv",
        day(
            buy("2025-10-27T10:00:00", "ETH", 50.0, 4.0),
            sell("2025-10-27T11:00:00", "ETH", 55.0, 4.0, 50.0),
        ),
    )
    put("logs/Second/positions.json", b"{}")
    lake, first = Lake(str(folder)), parse_start("2025-10-19")
    closes = np.arange(100.0, 110.0)[:, None] * np.ones((1, 5))
    lake.append(
        Series("upbit", "BTC/KRW", "1d"), candle_table(np.arange(10) * DAY + first, closes), first, first + 10 * DAY
    )


def test_trades_are_one_frame(bucket):
    found = trades()
    assert isinstance(found, Frame)
    assert found["timestamp"].dtype == found["date"].dtype == "datetime64[us, UTC]"
    assert found["account"].tolist() == ["Main"] * 4 + ["Second"] * 2
    assert found["action"].tolist() == ["BUY", "SELL", "BUY", "SELL", "BUY", "SELL"]
    assert found.loc[found["action"] == "SELL", "profit"].tolist() == pytest.approx([4000.0, -6000.0, 20.0])
    assert found.loc[found["action"] == "BUY", "profit"].isna().all()
    assert trades(bucket=bucket).equals(trades(bucket=str(bucket.url)))


def test_dates_are_the_bots_days_and_times_are_moments():
    assert len(trades("2025-10-21", "2025-10-21")) == 2
    for start in (dt.date(2025, 10, 21), np.datetime64("2025-10-21"), "2025-10-21"):
        assert len(trades(start)) == 5
    assert len(trades("2025-10-20T23:00:00")) == 5  # 08:00 KST
    assert len(trades("2025-10-20T23:00:01")) == 4
    assert len(trades(end=pd.Timestamp("2025-10-20 23:00:00"))) == 1
    assert trades("2026-01-01").empty


def test_accounts_and_symbols_are_chosen_and_unknown_ones_are_refused_with_the_nearest():
    assert len(trades(account="Second")) == len(trades(account=["Second"], symbol="ETH")) == 2
    assert len(trades(symbol=["BTC/KRW"])) == len(trades(symbol="btc/krw")) == 4
    with pytest.raises(UnknownName, match="unknown account 'Mian'; did you mean 'Main'"):
        pnl(account="Mian")
    with pytest.raises(UnknownName, match="unknown symbol in the logs 'BTX'; did you mean 'BTC'"):
        lots(symbol="BTX")
    with pytest.raises(UnknownName, match="unknown period 'year'"):
        pnl("year")
    with pytest.raises(UsageError, match="is not before end"):
        trades("2025-10-22", "2025-10-20")


def test_pnl_by_day_has_every_day_between():
    found = pnl(start="2025-01-01")
    assert found.columns.tolist() == ["Main", "Second", "total"]
    assert found.index.dtype == "datetime64[us, UTC]"
    assert found.index.name == "day"
    assert len(found) == 7
    assert found["total"].tolist() == pytest.approx([4000, 0, 0, -6000, 0, 0, 20])
    assert found["total"].sum() == pytest.approx(trades()["profit"].sum())


def test_pnl_by_week_and_month_begins_on_mondays_and_firsts():
    week, month = pnl("week"), pnl(by="month", account="Main")
    assert [str(at.date()) for at in week.index] == ["2025-10-20", "2025-10-27"]
    assert week["total"].tolist() == pytest.approx([-2000, 20])
    assert [str(at.date()) for at in month.index] == ["2025-10-01"]
    assert month.columns.tolist() == ["Main", "total"]
    assert pnl("day", "2026-01-01").empty


def test_pnl_net_and_by_trading_day():
    assert pnl(net=True)["total"].sum() == pytest.approx(-1980 - 0.0005 * trades()["amount"].sum())
    assert str(pnl(day_start="09:00").index[0].date()) == "2025-10-20"


def test_lots_say_what_became_of_each_purchase():
    found = lots(account="Main")
    assert found["quantity"].tolist() == [1000.0, 10.0]
    assert found["left"].tolist() == [0.0, 10.0]
    assert found["profit"].tolist() == pytest.approx([-2000.0, 0.0])
    assert found["exit_price"].iloc[0] == pytest.approx((110 * 400 + 90 * 600) / 1000)
    assert found["closed"].isna().tolist() == [False, True]
    assert found["opened"].dtype == found["closed"].dtype == "datetime64[us, UTC]"
    assert len(lots("2025-10-21")) == 2
    assert lots("2026-01-01").empty


def test_positions_now_are_those_of_the_bot_valued():
    [row] = positions().to_dict("records")
    assert (row["account"], row["symbol"], row["quantity"], row["entry_price"]) == ("Main", "BTC", 10.0, 120.0)
    assert row["price"] == 109.0
    assert row["value"] == 1090.0
    assert row["unrealized"] == pytest.approx(-110.0)
    assert positions(account="Second").empty


def test_positions_of_a_range_are_valued_at_the_end_of_every_day():
    found = positions("2025-10-20", "2025-10-24")
    assert [str(at.date()) for at in found["timestamp"]] == [f"2025-10-{n}" for n in range(21, 26)]
    assert found["quantity"].tolist() == [600.0, 610.0, 610.0, 10.0, 10.0]  # sold at 23:00 UTC of the 20th and the 23rd
    assert found["price"].tolist() == [101.0, 102.0, 103.0, 104.0, 105.0]
    assert (found["priced"] == found["timestamp"]).all()
    assert found["entry_price"].iloc[1] == pytest.approx((600 * 100 + 10 * 120) / 610)
    assert found["unrealized"].iloc[1] == pytest.approx(600 * 2 - 10 * 18)
    assert len(positions(end="2025-10-20")) == 1


def test_what_has_no_price_is_named(put):
    put("logs/Second/positions.json", json.dumps({"DOGE": {"quantity": 1.0, "entry_price": 1.0}}).encode())
    with pytest.warns(DataWarning, match="no price of DOGE; sums leave them out"):
        assert positions(account="Second")["value"].isna().all()
    put("logs/Main/positions.json", b"{ torn")
    with pytest.warns(DataWarning) as told:
        positions(account="Main")
    assert "positions of 'Main' cannot be read" in str(told[1].message)


def test_damaged_rows_are_a_warning(put):
    put("logs/Main/trades_2025-10-25.csv", day(b"torn\n"))
    with pytest.warns(DataWarning, match=r"the logs are not whole: 1 findings?.*trades_2025-10-25.csv"):
        assert len(trades()) == 6
    assert len(trades()) == 6  # said once
    put("logs/Main/trades_2025-10-26.csv", day(b"torn too\n"))
    with pytest.warns(DataWarning, match="2 findings"):
        pnl()


def test_a_bucket_without_logs_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no bot has logs in"):
        trades(bucket=tmp_path / "empty")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda: trades(account=3), "3 is not an account; write 'Main' or"),
        (lambda: trades(account="Mian"), "unknown account 'Mian'; did you mean 'Main'"),
        (lambda: trades(symbol=3), "3 is not a symbol; write 'BTC' or"),
        (lambda: trades(20250101), "20250101 is not a time; write"),
        (lambda: lots("2025-02-01", "2025-01-01"), "is not before end '2025-01-01'; swap them"),
        (lambda: pnl("2025-01-01"), "unknown period '2025-01-01'; there are: day, month, week"),
        (lambda: pnl(day_start=9), "9 is not a time of day; write 09:00"),
        (lambda: positions(bucket="nowhere"), "'.*nowhere' does not exist; check the name"),
        (lambda: get_bot_logs(20251020, "Main"), "20251020 is not a date; write 2025-01-16"),
        (regimes, "no regimes of upbit BTC/KRW; store some: cqs models evaluate VERSION"),
        (lambda: regimes("v9"), "unknown version of regimes 'v9'; store some: cqs models evaluate VERSION"),
    ],
)
def test_mistakes_are_named_with_their_remedy(ask, told):
    with pytest.raises(UsageError, match=told):
        ask()


def test_dates_of_numpy_and_answers_as_frames():
    found = get_bot_logs(np.datetime64("2025-10-20"), "Main")
    assert isinstance(found, Frame)
    assert len(found) == 1


def test_regimes_are_a_series_by_day(bucket):
    index = pd.date_range("2025-10-20", periods=3, tz="UTC", name="ts")
    days = pd.DataFrame({"regime": ["bull", "bear", "bull"], "realised": None, "confidence": 0.5}, index)
    store(bucket, Regimes.of("v9", "upbit", "BTC/KRW", days, {}))
    for found in (regimes("v9"), regimes(), regimes(market="btc", bucket=str(bucket.url))):
        assert found.tolist() == ["bull", "bear", "bull"]
        assert (found.name, found.index.name) == ("regime", "timestamp")
        assert found.index.dtype == "datetime64[us, UTC]"
    with pytest.raises(UnknownName, match="unknown version of regimes 'v8'; there are: v9"):
        regimes("v8")
    with pytest.raises(UsageError, match="no regimes 'v9' of upbit ETH/KRW; there are some of upbit BTC/KRW"):
        regimes("v9", "ETH")


def test_sql_sees_trades_and_regimes(bucket):
    lake = Lake(bucket)
    assert lake.sql("select count(*) n, sum(profit) p from bot_trades").to_pylist() == [{"n": 6, "p": -1980.0}]
    assert lake.sql("select count(*) n from regimes").to_pylist() == [{"n": 0}]
    days = pd.DataFrame(
        {"regime": ["bull"], "realised": ["bear"], "confidence": [0.5]}, pd.DatetimeIndex(["2025-10-20"], tz="UTC")
    )
    store(bucket, Regimes.of("v9", "upbit", "BTC/KRW", days, {}))
    query = "select regime, close from regimes join candles using (exchange, market, ts)"
    assert lake.sql(query).to_pylist() == [{"regime": "bull", "close": 101.0}]
    assert {"bot_trades", "regimes"} <= {row["name"] for row in lake.sql("show tables").to_pylist()}


def test_sql_of_a_bucket_without_bots_has_no_rows(tmp_path):
    (tmp_path / "empty").mkdir()
    lake = Lake(Bucket(tmp_path / "empty"))
    assert lake.sql("select count(*) n from bot_trades").to_pylist() == [{"n": 0}]
