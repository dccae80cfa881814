"""The pages of cqs-backtest; light, so that the hook may import it at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel import Card, View

if TYPE_CHECKING:
    from cqs_panel import PageState

__all__ = ["CARDS", "VIEWS"]


def _backtest(page: PageState) -> Any:
    from cqs_backtest.views.backtest import BacktestView

    return BacktestView(page)


VIEWS = [View(slug="backtest", title="Backtest", icon="query_stats", order=30, build=_backtest)]


def _latest(page: PageState) -> Any:
    from cqs_backtest.views.latest import latest

    return latest(page)


CARDS = [Card(name="backtest.latest", title="", order=40, build=_latest, width=4)]
