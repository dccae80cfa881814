"""Charts that all views share: candles at any zoom, equity over drawdown."""

from cqs_panel.charts.candles import CandleChart
from cqs_panel.charts.equity import equity_chart
from cqs_panel.charts.sources import CandleSource, FrameCandles, LakeCandles

__all__ = ["CandleChart", "CandleSource", "FrameCandles", "LakeCandles", "equity_chart"]
