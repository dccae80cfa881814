"""Values of a form in the address of its page: only changed ones, so that addresses stay short."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any

import param

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cqs_panel.state import PageState


class AddressForm:
    """Writes what differs from `settle` into the page's address, and takes over what the address says.

    Args:
        page: whose address.
        values: the form's values now, by the name that they have in the address.
        take: sets one of them; raises ValueError where it cannot be.
    """

    def __init__(
        self, page: PageState, values: Callable[[], Mapping[str, Any]], take: Callable[[str, str], None]
    ) -> None:
        self._page, self._values, self._take = page, values, take
        self._settled: dict[str, str] = {}
        self._taking = False
        self.settle()

    def pause(self) -> None:
        """Write nothing until `settle`: the form is being filled."""
        self._taking = True

    def settle(self) -> None:
        """The values now are those that need no address."""
        self._taking = False
        self._settled = {name: to_text(value) for name, value in self._values().items()}

    def follow(self) -> None:
        """Take over what the address says; what cannot be is left, and leaves the address."""
        self._taking = True
        try:
            for own in (False, True):  # a strategy first: which parameters there are depends on it
                for name in [name for name in self._values() if name.startswith("p.") is own]:
                    if name in self._page.query:
                        with contextlib.suppress(ValueError, TypeError):
                            self._take(name, self._page.query[name])
        finally:
            self._taking = False
        self.write()

    def write(self) -> None:
        """Write changed values into the address."""
        if self._taking:
            return
        now = {name: to_text(value) for name, value in self._values().items()}
        gone = [name for name in self._page.query if name.startswith("p.") and name not in now]
        changed = {name: text if text != self._settled.get(name) else None for name, text in now.items()}
        self._page.remember(**changed | dict.fromkeys(gone))


def to_text(value: Any) -> str:
    """A value as an address holds it.

    >>> to_text(["BTC", "ETH"]), to_text(dt.date(2025, 1, 31)), to_text(0.1 + 0.2), to_text(True), to_text(None)
    ('BTC,ETH', '2025-01-31', '0.3', '1', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.12g}"
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def from_text(parameter: param.Parameter[Any], text: str) -> Any:
    """The value of a parameter that an address means.

    Raises:
        ValueError: it is none.
    """
    read = next((how for kind, how in _READ if isinstance(parameter, kind)), None)
    return text if read is None else read(parameter, text)


def _listed(options: Mapping[str, Any], text: str) -> Any:
    if text not in options:
        raise ValueError(f"{text[:80]!r} is not offered")
    return options[text]


_READ: tuple[tuple[type, Callable[[Any, str], Any]], ...] = (
    (param.ListSelector, lambda p, text: [part for part in text.split(",") if part in p.objects]),
    (param.Boolean, lambda _, text: text in ("1", "True")),
    (param.CalendarDate, lambda _, text: dt.date.fromisoformat(text) if text else None),  # is a param.Number
    (param.Integer, lambda _, text: int(text)),
    (param.Number, lambda _, text: float(text) if text else None),
    (param.Selector, lambda p, text: _listed({str(one): one for one in p.objects}, text)),
)
