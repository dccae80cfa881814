"""Checks of every run: look-ahead, agreement of the engines, gaps, stale candles."""
