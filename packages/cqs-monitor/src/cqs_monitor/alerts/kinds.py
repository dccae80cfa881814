"""What a rule can be about: units, defaults, and which of them keep a history to be tried on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cqs_monitor.alerts.units import Unit, read_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Scope = Literal["bot", "account", "market", "model"]


@dataclass(frozen=True)
class Kind:
    """A condition.

    Attributes:
        about: what it says when it is broken.
        unit: of the threshold.
        scope: what it is evaluated for, one by one.
        default: threshold where the rule gives none; None where it must.
        past: whether files keep what is needed to try it on the past; else why not.
        options: further fields and how each is read.
    """

    about: str
    unit: Unit
    scope: Scope
    default: float | None = None
    past: bool | str = True
    options: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"is {value!r}; write a text")
    return value.strip()


def _names(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f'is {value!r}; write a text, or a list such as ["A", "B"]')
    return tuple(names)


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 3660:
        raise ValueError(f"is {value!r}; write a number of days")
    return value


_OVERWRITTEN = "{} is overwritten: it has no past"
_COMPARED: dict[str, Callable[[Any], Any]] = {"strategy": _text, "days": _days}

KINDS: Mapping[str, Kind] = {
    "heartbeat": Kind("heartbeat is old", "duration", "bot", 420, _OVERWRITTEN.format("the heartbeat")),
    "no_trades": Kind("no trades", "duration", "account", 3 * 86_400),
    "daily_loss": Kind("loss of the day", "KRW", "account"),
    "weekly_loss": Kind("loss of the week", "KRW", "account"),
    "drawdown": Kind("drawdown of the realised PnL", "KRW", "account"),
    "position_age": Kind("a position is old", "duration", "account", 7 * 86_400, _OVERWRITTEN.format("positions.json")),
    "pending_buy": Kind("a buy is pending", "duration", "account", 600, _OVERWRITTEN.format("runtime_state.json")),
    "churn": Kind("trades in one hour", "count", "account", 30),
    "fill_far": Kind("a fill is far from what the rule wanted", "percent", "account", 1, options=_COMPARED),
    "damaged_file": Kind("damaged rows and files", "count", "account", 0, "damage has no date"),
    "reconciliation": Kind(
        "positions and trades do not add up", "count", "account", 0, _OVERWRITTEN.format("positions.json")
    ),
    "price_move": Kind("the price moved", "percent", "market", 5, options={"market": _names, "within": read_duration}),
    "model_age": Kind("the latest model is old", "duration", "bot", 30 * 86_400, _OVERWRITTEN.format("latest")),
    "divergence": Kind(
        "live and backtest differ", "KRW", "account", past="it compares the last days as a whole", options=_COMPARED
    ),
    "regime": Kind("the model's regime", "names", "model", options={"model": _text, "market": _names}),
}
