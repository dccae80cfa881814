"""What is built in keeps the contracts that plugin authors hold their own work against."""

from __future__ import annotations

import pytest

from cqs_backtest.strategies import STRATEGIES
from cqs_core import plugins
from cqs_core.testing.engine import EngineContract
from cqs_core.testing.exchange import ExchangeContract
from cqs_core.testing.strategy import StrategyContract
from cqs_core.time import clock


class TestFast(EngineContract):
    @pytest.fixture
    def engine(self):
        return plugins().engine("fast")


class TestBt(EngineContract):
    @pytest.fixture
    def engine(self):
        return plugins().engine("bt")


@pytest.fixture
def endpoint(sandbox):
    return sandbox


class TestUpbit(ExchangeContract):
    exchange, market, interval = plugins().exchange("upbit"), "BTC/KRW", "1d"
    start, end = clock.parse_range("2023-01-01", "2024-06-30")


class TestBinance(TestUpbit):
    exchange, market = plugins().exchange("binance"), "BTC/USDT"


for _rule in STRATEGIES.values():
    globals()[f"Test{_rule.__name__}"] = type(f"Test{_rule.__name__}", (StrategyContract,), {"strategy": _rule})
