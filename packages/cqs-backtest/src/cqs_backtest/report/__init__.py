"""One run as one HTML page that makes no request."""

from cqs_backtest.report.page import tear_sheet

__all__ = ["tear_sheet"]
