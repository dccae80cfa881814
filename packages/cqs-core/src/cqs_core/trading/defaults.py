"""Default costs and capital of a backtest; settings change them."""

FEE = 0.0005
"""Fraction of a fill's value, a side."""

SLIPPAGE_BPS = 5.0
"""Basis points, a side."""

CAPITAL = 10_000_000.0
"""In quote currency."""
