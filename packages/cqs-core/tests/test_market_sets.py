"""Sets of markets with a name: kept in the bucket, and used as `@name` where symbols are named."""

from __future__ import annotations

import json

import pytest

from cqs_core import Bucket, DataError, NotPermitted, UnknownName, UsageError, permission
from cqs_core.cli.symbols import _completed
from cqs_core.files import NewerFormat
from cqs_core.lake import delete_market_set, market_set, market_sets, save_market_set, with_sets


@pytest.fixture
def bucket(tmp_path) -> Bucket:
    (tmp_path / "bucket").mkdir()
    return Bucket(tmp_path / "bucket")


@pytest.fixture
def majors(bucket):
    save_market_set(bucket, "Majors", "upbit", ["BTC/KRW", "ETH/KRW"])
    return bucket


def test_a_set_is_kept_replaced_and_deleted(bucket):
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
    ("name", "markets"),
    [
        ("", ["BTC/KRW"]),
        ("two\nlines", ["BTC/KRW"]),
        ("x" * 61, ["BTC/KRW"]),
        ("none", []),
        ("a,b", ["BTC/KRW"]),
        ("@a", ["BTC/KRW"]),
    ],
)
def test_a_set_without_a_name_or_markets_is_refused(bucket, name, markets):
    with pytest.raises(UsageError, match="set"):
        save_market_set(bucket, name, "upbit", markets)
    assert market_sets(bucket) == []


def test_a_viewer_keeps_no_set(bucket, monkeypatch):
    monkeypatch.setattr(permission, "_refusals", [lambda _: "'vic' is a viewer"])
    with pytest.raises(NotPermitted):
        save_market_set(bucket, "Majors", "upbit", ["BTC/KRW"])


def test_a_set_of_a_newer_version_or_a_damaged_one_is_named(bucket):
    save_market_set(bucket, "Majors", "upbit", ["BTC/KRW"])
    [entry] = bucket.list("config/market-sets")
    stored = json.loads(bucket.read(entry.key))
    bucket.write(entry.key, json.dumps({**stored, "format": 2, "written_by": "cqs-core 9"}).encode())
    with pytest.raises(NewerFormat, match="written by cqs-core 9"):
        market_sets(bucket)
    for torn in (b"{", b"[]", b'{"name": "a"}', b"\xff"):
        bucket.write(entry.key, torn)
        with pytest.raises(DataError, match=r"Majors.json' is damaged"):
            market_sets(bucket)


def test_a_set_stands_for_its_markets_and_names_none_twice(majors):
    assert with_sets("SOL,@Majors", lambda: majors, "upbit") == ["SOL", "BTC/KRW", "ETH/KRW"]
    assert with_sets(["BTC", "@majors", "*/USDT"], lambda: majors, "upbit") == ["BTC", "ETH/KRW", "*/USDT"]
    assert market_set(majors, "@MAJORS").name == "Majors"


def test_without_a_set_the_bucket_is_not_opened():
    for symbols in ("BTC,ETH", ["BTC"], ()):
        assert with_sets(symbols, lambda: pytest.fail("opened")) == symbols


def test_an_unknown_set_names_the_nearest_and_another_exchange_is_refused(majors, bucket):
    with pytest.raises(UnknownName, match="unknown market set '@majrs'; did you mean '@Majors'"):
        with_sets("@majrs", lambda: majors, "upbit")
    with pytest.raises(UsageError, match="has markets of upbit, not of binance"):
        with_sets("@Majors", lambda: majors, "binance")
    delete_market_set(bucket, "Majors")
    with pytest.raises(UnknownName, match="save one on the Data page"):
        with_sets("@Majors", lambda: bucket, "upbit")


def test_a_damaged_set_takes_no_other_down(majors):
    majors.write("config/market-sets/torn.json", b"{")
    assert with_sets("@Majors", lambda: majors, "upbit") == ["BTC/KRW", "ETH/KRW"]
    with pytest.raises(DataError, match="torn"):
        with_sets("@torn", lambda: majors, "upbit")


def test_a_shell_completes_the_part_after_the_last_comma(majors):
    import click

    context = click.Context(click.Command("fetch"))
    context.params = {"bucket": str(majors.url)}
    assert _completed(context, None, "BTC,@m") == ["BTC,@Majors"]
    context.params = {"bucket": "/no/such/folder"}
    assert _completed(context, None, "@") == []
