"""The items that plugins have registered, by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

from cqs_core.errors import UnknownName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core.host.alert_channel import AlertChannel
    from cqs_core.host.candle_format import CandleFormat
    from cqs_core.host.demo import DemoStep
    from cqs_core.host.exchange import Exchange
    from cqs_core.host.health import HealthCheck
    from cqs_core.host.log_format import LogFormat
    from cqs_core.host.sql_table import SqlTable
    from cqs_core.host.variable import Variable
    from cqs_core.trading.engine import Engine
    from cqs_core.trading.strategy import Strategy

_T = TypeVar("_T")


class PluginItems(ABC):
    """The items of each hook."""

    @abstractmethod
    def _by_name(self, hook: str) -> dict[str, Any]:
        """The items of a hook."""

    def exchanges(self) -> Mapping[str, type[Exchange]]:
        return self._by_name("register_exchanges")

    def exchange(self, name: str) -> type[Exchange]:
        """One exchange.

        Raises:
            UnknownName: none is called that.
        """
        return _pick("exchange", name, self.exchanges(), "install cqs-data")

    def strategies(self) -> Mapping[str, type[Strategy]]:
        return self._by_name("register_strategies")

    def strategy(self, name: str) -> type[Strategy]:
        """One strategy.

        Raises:
            UnknownName: none is called that.
        """
        return _pick("strategy", name, self.strategies(), "install cqs-backtest")

    def engines(self) -> Mapping[str, Engine]:
        return self._by_name("register_engines")

    def engine(self, name: str) -> Engine:
        """One engine.

        Raises:
            UnknownName: none is called that.
        """
        return _pick("engine", name, self.engines(), "install cqs-backtest")

    def candle_formats(self) -> Mapping[str, CandleFormat]:
        return self._by_name("register_candle_formats")

    def tables(self) -> Mapping[str, SqlTable]:
        return self._by_name("register_tables")

    def variables(self) -> Mapping[str, Variable]:
        return self._by_name("register_variables")

    def health_checks(self) -> Mapping[str, HealthCheck]:
        return self._by_name("register_health_checks")

    def log_formats(self) -> Mapping[str, LogFormat]:
        return self._by_name("register_log_formats")

    def alert_kinds(self) -> Mapping[str, Any]:
        return self._by_name("register_alert_kinds")

    def channels(self) -> Mapping[str, AlertChannel]:
        return self._by_name("register_channels")

    def views(self) -> Mapping[str, Any]:
        return self._by_name("register_views")

    def cards(self) -> Mapping[str, Any]:
        return self._by_name("register_cards")

    def overlays(self) -> Mapping[str, Any]:
        return self._by_name("register_overlays")

    def indicators(self) -> Mapping[str, Any]:
        return self._by_name("register_indicators")

    def feeds(self) -> Mapping[str, Any]:
        return self._by_name("register_feeds")

    def demo_steps(self) -> list[DemoStep]:
        """In the order in which they run."""
        return sorted(self._by_name("register_demo").values(), key=lambda s: (s.order, s.name))

    def commands(self) -> Mapping[str, tuple[str, str]]:
        """`{name: ("module:attribute", "help")}`."""
        return self._by_name("register_commands")


def _pick(kind: str, name: str, known: Mapping[str, _T], remedy: str) -> _T:
    if name not in known:
        raise UnknownName(kind, name, known, remedy="" if known else remedy)
    return known[name]
