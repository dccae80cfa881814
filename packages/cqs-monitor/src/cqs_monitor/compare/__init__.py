"""Compares an account's log with a backtest of its strategy, position by position."""
