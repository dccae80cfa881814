"""The contract of `register_variables`: the environment variables that a package reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECTIONS = ("Data", "Backtests", "Display", "Running", "Set by cqs itself")


@dataclass(frozen=True)
class Variable:
    """An environment variable that `cqs config` lists and checks.

    Attributes:
        name: letters, digits and `_`, such as `CQS_KRAKEN_KEY`.
        about: what it does, in one line.
        default: what holds without it, as text.
        secret: its value is never shown.
        check: raises an error where the variable, as it is set now, is wrong; None accepts everything.
        many: whether it stands for all variables that begin so, as `CQS_ALERT_` does.
        section: the heading under which the documentation lists it, one of `SECTIONS`.
    """

    name: str
    about: str
    default: str = ""
    secret: bool = False
    check: Callable[[], object] | None = None
    many: bool = False
    section: str = "Running"

    def covers(self, name: str) -> bool:
        """Whether a variable of the environment is this one.

        >>> Variable("CQS_ALERT_", "channels", many=True).covers("CQS_ALERT_phone")
        True
        """
        return name.startswith(self.name) and name != self.name if self.many else name == self.name
