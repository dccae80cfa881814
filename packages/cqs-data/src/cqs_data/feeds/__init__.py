"""Live candles and last prices for many viewers: one upstream a process for all who watch the same."""

from cqs_data.feeds.candle_feed import HISTORY, Feed, News, join, obstacle
from cqs_data.feeds.price_feed import LastPrices, PriceFeed, join_prices

__all__ = ["HISTORY", "Feed", "LastPrices", "News", "PriceFeed", "join", "join_prices", "obstacle"]
