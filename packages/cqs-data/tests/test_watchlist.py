"""The watchlist of the overview: a set of one's own, and the prices of its markets over one connection."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-data[panel]")

from cqs_core import NotPermitted, Series, UnknownName, UsageError, permission
from cqs_core.lake import market_set
from cqs_core.testing.candles import flat_table
from cqs_core.testing.waiting import until
from cqs_core.time.intervals import DAY
from cqs_data.feeds import LastPrices, join_prices
from cqs_data.live import Tick
from cqs_data.views.watched import WatchedMarket, changed, lists, own_list, watched
from cqs_data.views.watchlist_cells import watchlist_html

HOSTILE = '<img src=x onerror="alert(1)">'


def feeds():
    return [thread for thread in threading.enumerate() if thread.name == "live upbit prices"]


def test_two_windows_change_one_list_and_an_empty_one_is_gone(lake):
    bucket = lake.bucket
    assert changed(bucket, "watchlist", "upbit", "BTC") == ["BTC/KRW"]
    assert changed(bucket, "watchlist", "upbit", "ETH/KRW") == ["BTC/KRW", "ETH/KRW"]
    assert changed(bucket, "watchlist", "upbit", "BTC/KRW") == ["BTC/KRW", "ETH/KRW"]  # it is there already
    assert market_set(bucket, "@watchlist").markets == ["BTC/KRW", "ETH/KRW"]  # a set as all others
    with pytest.raises(UsageError, match="has markets of upbit"):
        changed(bucket, "watchlist", "binance", "BTC/USDT")
    with pytest.raises(UnknownName, match="did you mean"):
        changed(bucket, "watchlist", "upbit", "SOLL", listed=["BTC/KRW", "SOL/KRW"])
    assert changed(bucket, "watchlist", "upbit", remove=["BTC/KRW"]) == ["ETH/KRW"]
    assert changed(bucket, "watchlist", "upbit", remove=["ETH/KRW"]) == []
    assert lists(bucket) == {}


def test_a_viewer_changes_nothing_and_each_user_has_a_list(lake, monkeypatch):
    assert own_list() == "watchlist"
    monkeypatch.setattr("cqs_data.views.watched.user_name", lambda: "kim")
    assert own_list() == "watchlist kim"
    monkeypatch.setattr(permission, "_refusals", [lambda action: f"'kim' is a viewer, and may not {action}"])
    with pytest.raises(NotPermitted, match="is a viewer"):
        changed(lake.bucket, own_list(), "upbit", "BTC")


def test_stored_closes_are_shown_with_the_reason_why_they_are_not_live(lake):
    lake.append(Series("upbit", "BTC/KRW", "1d"), flat_table(90), 0, 90 * DAY)
    stored, other = watched(lake.bucket, "upbit", ["BTC/KRW", "ETH/KRW"], None, demo=True)
    assert (len(stored.closes), stored.last, stored.unlive) == (61, 89 * DAY, "")
    assert (other.series, other.unlive) == (None, "the demo's candles are made up; they have no live prices")
    _, other = watched(lake.bucket, "upbit", ["BTC/KRW", "ETH/KRW"], None, demo=False)
    assert other.unlive == ""
    [refused] = watched(lake.bucket, "upbit", ["BTC/KRW"], "http://127.0.0.1:1", demo=False)
    assert "not of the endpoint" in refused.unlive


def test_a_live_price_comes_before_a_stored_one_and_names_are_text():
    rows = [
        WatchedMarket("BTC/KRW", Series("upbit", "BTC/KRW", "1d"), [100.0, 110.0], 0),
        WatchedMarket("ETH/KRW", None, [50.0, 40.0], 0),
        WatchedMarket(HOSTILE),
    ]
    shown = watchlist_html(rows, None, lambda series: f"?series={series}&x")
    assert '<a class="name" href="?series=upbit BTC/KRW 1d&amp;x"' in shown
    assert "₩110.00" in shown
    assert "+10.0 %" in shown
    assert "-20.0 %" in shown
    assert HOSTILE not in shown
    assert "no live prices here" in shown
    ticks = {"BTC/KRW": Tick("BTC/KRW", DAY, 121.0, None, 7.5), "ETH/KRW": Tick("ETH/KRW", DAY, 60.0, None)}
    shown = watchlist_html(rows, LastPrices("live", "", ticks), str)
    assert "₩121.00" in shown
    assert "+7.5 %" in shown  # as the exchange counts
    assert "+50.0 %" in shown  # it does not say: against the last stored close
    shown = watchlist_html(rows, LastPrices("reconnecting", HOSTILE, ticks), str)
    assert "reconnecting … &lt;img" in shown
    assert "You watch no market yet" in watchlist_html([], None, str)


@pytest.mark.once
def test_prices_of_all_markets_come_over_one_connection_whatever_is_unknown(sandbox):
    markets = ["BTC/KRW", "ETH/KRW", "GONE/KRW"]
    first = join_prices("upbit", markets, sandbox.url)
    second = join_prices("upbit", markets[::-1], sandbox.url)
    assert first is second
    until(lambda: set(first.last.ticks) == {"BTC/KRW", "ETH/KRW"})
    assert (first.last.state, len(feeds())) == ("live", 1)
    assert all(tick.price > 0 for tick in first.last.ticks.values())
    first.leave()
    assert second.running
    second.leave()
    until(lambda: not feeds())
