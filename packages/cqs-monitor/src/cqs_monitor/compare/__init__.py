"""Did the bot trade what the backtest says? An account's log held against its strategy's run, position by position."""
