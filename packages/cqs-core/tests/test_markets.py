"""What a symbol means, found out offline."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cqs_core import Exchange, Plugins, UsageError, hookimpl, market_of, resolve, settings

HOME = {"home": "upbit", "home_quote": "KRW"}
UPBIT = HOME | {"id_form": "QUOTE-BASE"}
BINANCE = HOME | {"id_form": "BASEQUOTE"}


@pytest.mark.parametrize(
    ("symbol", "exchange", "options", "market"),
    [
        # bare: the home quote at home, elsewhere USDT, then USD; --quote overrides
        ("BTC", "upbit", UPBIT, "BTC/KRW"),
        (" btc ", "upbit", UPBIT, "BTC/KRW"),
        ("BTC", "binance", BINANCE, "BTC/USDT"),
        ("BTC", "upbit", UPBIT | {"quote": "usdt"}, "BTC/USDT"),
        ("BTC", "binance", BINANCE | {"quote": "KRW"}, "BTC/KRW"),
        ("BTC", "kraken", HOME | {"known": {"BTC/USD"}}, "BTC/USD"),
        ("BTC", "kraken", HOME | {"known": {"BTC/USD", "BTC/USDT"}}, "BTC/USDT"),
        ("BTC", "upbit", {"home": "binance", "home_quote": "USDT"}, "BTC/USDT"),
        ("BTC", "upbit", {"home": "binance", "home_quote": "USDT", "own_quote": "KRW"}, "BTC/KRW"),
        ("BTC", "kraken", HOME | {"own_quote": "USDT", "known": {"BTC/USD"}}, "BTC/USD"),
        ("BTC", "upbit", HOME | {"home_quote": "USDT", "own_quote": "KRW"}, "BTC/USDT"),
        ("1INCH", "upbit", UPBIT, "1INCH/KRW"),
        # unified: as it is
        ("Tokamak Network/KRW", "upbit", UPBIT, "Tokamak Network/KRW"),
        ("tokamak network/krw", "upbit", UPBIT | {"known": {"Tokamak Network/KRW"}}, "Tokamak Network/KRW"),
        ("KPEPE/USDC", "hyperliquid", HOME | {"known": {"kPEPE/USDC", "PEPE/USDC"}}, "kPEPE/USDC"),
        ("BTC/USDT:USDT-251226", "binance", BINANCE, "BTC/USDT:USDT-251226"),
        ("币安人生/USDT", "binance", BINANCE, "币安人生/USDT"),
        ("BTC/KRW", "binance", BINANCE, "BTC/KRW"),
        ("btc/usdt:usdt", "binance", BINANCE, "BTC/USDT:USDT"),
        ("BTC/KRW", "upbit", UPBIT | {"quote": "USDT"}, "BTC/KRW"),
        # the exchange's own id
        ("KRW-BTC", "upbit", UPBIT, "BTC/KRW"),
        ("KRW-ETH", "upbit", UPBIT, "ETH/KRW"),
        ("KRW-DOGE", "upbit", UPBIT, "DOGE/KRW"),
        ("BTC-DOGE", "upbit", UPBIT, "DOGE/BTC"),
        ("USDT-BTC", "upbit", UPBIT, "BTC/USDT"),
        ("BTCUSDT", "binance", BINANCE, "BTC/USDT"),
        ("DOGEUSDT", "binance", BINANCE, "DOGE/USDT"),
        ("BTCFDUSD", "binance", BINANCE, "BTC/FDUSD"),
        ("USDT", "binance", BINANCE, "USDT/USDT"),
        ("DOGE", "binance", BINANCE, "DOGE/USDT"),
        # ids of another form, where only one reading is possible
        ("KRW-DOGE", "binance", BINANCE, "DOGE/KRW"),
        ("DOGE-USDT", "upbit", UPBIT, "DOGE/USDT"),
        # what is known decides
        ("BTC-USDT", "upbit", UPBIT | {"known": {"BTC/USDT"}}, "BTC/USDT"),
        ("WBTC", "binance", BINANCE | {"known": {"WBTC/USDT"}}, "WBTC/USDT"),
        ("ETHBTC", "binance", BINANCE | {"known": {"ETH/BTC"}}, "ETH/BTC"),
    ],
)
def test_a_symbol_is_resolved(symbol, exchange, options, market):
    assert resolve(symbol, exchange, **options) == market


@pytest.mark.parametrize(
    ("symbol", "exchange", "options", "readings"),
    [
        ("BTC-USDT", "upbit", UPBIT, {"BTC/USDT", "USDT/BTC"}),
        ("BTC-ETH", "somewhere", HOME, {"BTC/ETH", "ETH/BTC"}),
        ("WBTC", "binance", BINANCE, {"W/BTC", "WBTC/USDT"}),
        ("BTC-USDT", "upbit", UPBIT | {"known": {"BTC/USDT", "USDT/BTC"}}, {"BTC/USDT", "USDT/BTC"}),
    ],
)
def test_two_readings_are_both_offered(symbol, exchange, options, readings):
    with pytest.raises(UsageError) as caught:
        resolve(symbol, exchange, **options)
    told = str(caught.value)
    assert told.startswith(f"{symbol!r} is ambiguous on {exchange!r}; write ")
    assert set(told.partition("; write ")[2].split(" or ")) == {repr(reading) for reading in readings}


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "  ",
        "BTC//KRW",
        "BTC/KRW/X",
        "/KRW",
        "BTC/",
        "BTC/:USDT",
        "BTC/USDT:",
        "B TC",
        "BTC\0",
        "BTC\n/KRW",
        "KRW-BTC-X",
        "-BTC",
        "BTC-",
        "-",
        "SOL-DOGE",
    ],
)
def test_what_is_no_symbol_is_refused(symbol):
    with pytest.raises(UsageError, match=r"; write"):
        resolve(symbol, "upbit", **UPBIT)


@given(st.text(max_size=12), st.sampled_from([UPBIT, BINANCE, HOME, {}]))
def test_whatever_is_typed_is_a_market_or_refused(symbol, options):
    try:
        market = resolve(symbol, "upbit", **options)
    except UsageError:
        return
    base, slash, quote = market.partition("/")
    assert base
    assert slash
    assert quote
    assert resolve(market, "upbit", **options) == market


@pytest.mark.parametrize(
    ("symbol", "remedy"),
    [
        ("kraken:BTC/USD", "'kraken BTC/USD 1d'"),
        ("KRAKEN:BTC", "'kraken BTC 1d'"),
        ("upbit:KRW-BTC", "'upbit KRW-BTC 1d'"),
        ("binance:BTC/USDT:USDT", "'binance BTC/USDT:USDT 1d'"),
        ("BTCUSDT:USDT", "'BTC/USDT:USDT'"),
        ("BTC:", "'BTC/KRW'"),
        (":BTC/USD", "'BTC/KRW'"),
    ],
)
def test_an_exchange_before_a_colon_is_never_part_of_a_market(symbol, remedy):
    with pytest.raises(UsageError, match=re.escape(f"{symbol!r} is not a market: its base has ':'; write {remedy}")):
        resolve(symbol, "upbit", **UPBIT)


def test_names_are_kept_as_the_exchange_writes_them():
    assert resolve("kPEPE/USDC:USDC", "hyperliquid", known=["kPEPE/USDC:USDC"]) == "kPEPE/USDC:USDC"
    assert resolve("ß/krw", "upbit") == "ß/KRW"
    assert resolve("ı/krw", "upbit") == "ı/KRW"


def test_a_bare_symbol_uses_the_quote_of_its_exchange(monkeypatch):
    class Euro(Exchange):
        id, quote = "euro", "EUR"

    class Plugin:
        @hookimpl
        def register_exchanges(self):
            return [Euro]

    host = Plugins()
    host.register(Plugin(), "mine")
    for module in ("cqs_core.host.plugin_registry", "cqs_core.config.home_market"):
        monkeypatch.setattr(sys.modules[module], "plugins", lambda: host)
    assert market_of("BTC", "euro") == "BTC/EUR"
    assert market_of("BTC", "euro", quote="USD") == "BTC/USD"
    monkeypatch.setenv("CQS_EXCHANGE", "euro")
    assert market_of("BTC", "euro") == "BTC/EUR"
    assert settings().quote == "EUR"
    monkeypatch.setenv("CQS_QUOTE", "KRW")
    assert market_of("BTC", "euro") == "BTC/KRW"
