"""Exchanges to download from: those refined here, and every other that ccxt knows, by its id."""

from cqs_data.exchanges.binance import Binance
from cqs_data.exchanges.bithumb import Bithumb
from cqs_data.exchanges.bybit import Bybit
from cqs_data.exchanges.unified import CcxtExchange
from cqs_data.exchanges.upbit import Upbit

__all__ = ["REFINED", "Binance", "Bithumb", "Bybit", "CcxtExchange", "Upbit"]

REFINED: tuple[type[CcxtExchange], ...] = (Binance, Bithumb, Bybit, Upbit)
