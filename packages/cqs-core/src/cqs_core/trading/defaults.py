"""What a backtest costs, and what it starts with, where nobody says; settings change it for everybody."""

FEE = 0.0005
"""Fraction of a fill's value, a side."""

SLIPPAGE_BPS = 5.0
"""Basis points, a side."""

CAPITAL = 10_000_000.0
"""In quote currency."""
