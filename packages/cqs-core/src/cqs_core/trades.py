"""From fills to trades: FIFO round trips, and positions that run from flat to flat."""
