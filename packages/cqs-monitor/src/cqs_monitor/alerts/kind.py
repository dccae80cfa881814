"""The base of all kinds of rules, the signal of a kind for a subject, and functions that make signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from cqs_monitor.alerts.fields import Days, Text
from cqs_monitor.alerts.spans import Span, over_steps, value_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_monitor.alerts.context import Context
    from cqs_monitor.compare.comparison import BotComparison

Scope = Literal["bot", "account", "market"]


@dataclass(frozen=True)
class Signal:
    """The value of a rule for one subject, and when it was violated.

    Attributes:
        value: now, in the unit of the threshold; None where it is not known.
        spans: in which the rule was violated, ascending.
        note: a detail for people: which position, which file.
        dated: whether the spans' times are facts of the files; else it is violated now, and since when is not known.
        read: whether there were files to read it from; without any, nothing is over that was sent before.
        steps: the value over time, where files keep it: (N,) ms UTC ascending, and (N,) values, each holding from its
            time until the next; NaN where it is not known.
    """

    value: Any = None
    spans: Sequence[Span] = ()
    note: str = ""
    dated: bool = True
    read: bool = True
    steps: tuple[Any, Any] | None = None


class AlertKind(BaseModel):
    """A condition. A subclass has the fields that a rule may write, `over` among them, and `measure`.

    Attributes:
        name: what rules call it.
        about: what it says when it is violated.
        scope: what it is evaluated for, one by one: the whole bot, accounts, or markets (then it has a field `market`).
        past: whether files keep what is needed to try it on the past; else why not.
        page: slug of the page that shows its cause.
        over: the threshold; its type is one of `fields`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ClassVar[str] = ""
    about: ClassVar[str] = ""
    scope: ClassVar[Scope] = "account"
    past: ClassVar[bool | str] = True
    page: ClassVar[str] = "monitor"

    if TYPE_CHECKING:  # each kind has its own type of threshold

        @property
        def over(self) -> Any: ...

    def measure(self, context: Context, subject: str) -> Signal:
        """The value now, and when the threshold was exceeded.

        Args:
            context: of one moment.
            subject: an account, a market, or empty for the whole bot.
        """
        raise NotImplementedError

    @classmethod
    def unit(cls) -> str:
        """The threshold's unit: duration, money, percent, count or names."""
        extra = cls.model_fields["over"].json_schema_extra
        return str(extra.get("unit", "count")) if isinstance(extra, dict) else "count"

    @classmethod
    def default(cls) -> Any:
        """The threshold where a rule gives none; None where it must give one."""
        field = cls.model_fields["over"]
        return None if field.is_required() else field.default

    @classmethod
    def options(cls) -> list[str]:
        """Names of the fields besides the threshold."""
        return [name for name in cls.model_fields if name != "over"]


def lasting_since(context: Context, at: int, over: float, note: str = "") -> Signal:
    """Something that has been there since `at`, ms UTC; `over` are seconds."""
    old = at + int(over * 1000)
    spans = (Span(old, None),) if context.now > old else ()
    return Signal(max(0.0, (context.now - at) / 1000), spans, note)


def seen_now(context: Context, value: float, over: float, note: str, *, read: bool = True) -> Signal:
    """A value that files have without a date."""
    return Signal(value, (Span(context.now, None),) if value > over else (), note, dated=False, read=read)


def in_steps(context: Context, ts: Any, values: Any, over: float) -> Signal:
    """A value that changes at times, ms UTC ascending, and holds from each until the next."""
    known = value_at(ts, values, context.now)
    value = 0.0 if known is None and not len(ts) else known
    return Signal(value, over_steps(ts, values, over), read=len(ts) > 0, steps=(ts, values))


class ComparedKind(AlertKind):
    """Has the strategy, by default that of the account's log format, and how many of the last days are compared."""

    page = "compare"

    strategy: Text | None = Field(None, title="Strategy")
    days: Days = Field(30, title="Of the last days")

    def compared(self, context: Context, account: str) -> BotComparison | str:
        """The comparison, or why there is none."""
        strategy = self.strategy or context.format(account).strategy
        if not strategy:
            return 'the strategy of the account is not known; write strategy = "…"'
        return context.compared(account, strategy, self.days)
