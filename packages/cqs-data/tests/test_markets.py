"""Markets that an exchange lists, and sets of them that are kept in the bucket."""

from __future__ import annotations

import json

import pytest

from cqs_core import DataError, ExchangeError, NotPermitted, UsageError, permission
from cqs_core.files import NewerFormat
from cqs_data.fetching import listed_markets as listing
from cqs_data.fetching.listed_markets import listed_markets
from cqs_data.fetching.market_sets import delete_market_set, market_sets, save_market_set
from cqs_data.fetching.retry import RetryPolicy


@pytest.fixture(autouse=True)
def _unasked(monkeypatch):
    monkeypatch.setattr(listing, "_known", {})
    monkeypatch.setattr(listing, "RetryPolicy", lambda tries: RetryPolicy(min(tries, 2), 0.01))


def test_markets_have_their_volume_and_are_asked_for_once(sandbox, monkeypatch):
    found = listed_markets("upbit", sandbox.url)
    assert [one.market for one in found] == ["BTC/KRW", "ETH/KRW", "SOL/KRW", "XRP/KRW"]
    assert all(one.volume > 0 and one.quote == "KRW" for one in found)
    monkeypatch.setattr(listing, "connection", None)  # asking again would fail
    assert listed_markets("upbit", sandbox.url) == found


def test_an_exchange_that_does_not_answer_is_asked_again_the_next_time(sandbox):
    with pytest.raises(ExchangeError):
        listed_markets("upbit", "http://127.0.0.1:9")
    assert listing._known == {}


def test_a_set_is_kept_replaced_and_deleted(lake):
    bucket = lake.bucket
    save_market_set(bucket, "Majors", "upbit", ["BTC/KRW"])
    save_market_set(bucket, " ../메인 ", "binance", ["ETH/USDT", "BTC/USDT:USDT"])
    save_market_set(bucket, "Majors", "upbit", ["BTC/KRW", "ETH/KRW"])
    assert [(one.name, one.exchange, [*one.markets]) for one in market_sets(bucket)] == [
        ("../메인", "binance", ["ETH/USDT", "BTC/USDT:USDT"]),
        ("Majors", "upbit", ["BTC/KRW", "ETH/KRW"]),
    ]
    assert all(entry.key.startswith("config/market-sets/") for entry in bucket.list("config"))
    delete_market_set(bucket, "../메인")
    assert [one.name for one in market_sets(bucket)] == ["Majors"]


@pytest.mark.parametrize(
    ("name", "markets"), [("", ["BTC/KRW"]), ("two\nlines", ["BTC/KRW"]), ("x" * 61, ["BTC/KRW"]), ("none", [])]
)
def test_a_set_without_a_name_or_markets_is_refused(lake, name, markets):
    with pytest.raises(UsageError, match="set"):
        save_market_set(lake.bucket, name, "upbit", markets)
    assert market_sets(lake.bucket) == []


def test_a_viewer_keeps_no_set(lake, monkeypatch):
    monkeypatch.setattr(permission, "_refusals", [lambda _: "'vic' is a viewer"])
    with pytest.raises(NotPermitted):
        save_market_set(lake.bucket, "Majors", "upbit", ["BTC/KRW"])


def test_a_set_of_a_newer_version_or_a_damaged_one_is_named(lake):
    save_market_set(lake.bucket, "Majors", "upbit", ["BTC/KRW"])
    [entry] = lake.bucket.list("config/market-sets")
    stored = json.loads(lake.bucket.read(entry.key))
    lake.bucket.write(entry.key, json.dumps({**stored, "format": 2, "written_by": "cqs-data 9"}).encode())
    with pytest.raises(NewerFormat, match="written by cqs-data 9"):
        market_sets(lake.bucket)
    for torn in (b"{", b"[]", b'{"name": "a"}', b"\xff"):
        lake.bucket.write(entry.key, torn)
        with pytest.raises(DataError, match=r"Majors.json' is damaged"):
            market_sets(lake.bucket)
