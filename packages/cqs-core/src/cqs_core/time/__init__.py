"""Time: candle intervals on the UTC grid, and times as text."""
