"""What is traded and how it is judged: candles, orders, engines, trades, metrics, results, strategies."""
