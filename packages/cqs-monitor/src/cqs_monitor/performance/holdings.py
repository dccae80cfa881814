"""Positions with what they are worth: what the bot writes has neither price nor profit, so both are computed here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cqs_core.time.clock import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cqs_core import LogFormat, LoggedPosition
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.prices import Price, Priced

_DAY = 86_400_000


@dataclass(frozen=True)
class Holding:
    """One position at a moment.

    Attributes:
        account: whose.
        form: of its logs, which says in what currency all of it is.
        position: as the bot wrote it.
        price: the last there is; None where neither lake nor exchange has one that is newer than the entry.
        now: ms UTC.
        outdated: a price from before the entry, which says nothing about the position.
    """

    account: str
    form: LogFormat
    position: LoggedPosition
    price: Price | None
    now: int
    outdated: Price | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        entry = self.position.entry_time
        if self.price is not None and entry is not None and self.price.at < entry.timestamp() * 1000:
            object.__setattr__(self, "outdated", self.price)
            object.__setattr__(self, "price", None)

    @property
    def unpriced(self) -> str:
        """Why it has no value; empty where it has one."""
        if self.price is not None:
            return ""
        return "the last price is older than its entry" if self.outdated else "no candle"

    @property
    def age_days(self) -> float | None:
        entry = self.position.entry_time
        return None if entry is None else max(0.0, (self.now - entry.timestamp() * 1000) / _DAY)

    @property
    def value(self) -> float | None:
        """At the last price."""
        return None if self.price is None else self.price.value * self.position.quantity

    @property
    def unrealised(self) -> float | None:
        """Gross of the fee that selling would cost."""
        return None if self.value is None else self.value - self.position.entry_price * self.position.quantity

    @property
    def unrealised_net(self) -> float | None:
        """Less the estimated fees of the purchase and of a sale at the last price."""
        if self.value is None or self.unrealised is None:
            return None
        return self.unrealised - self.form.fee * (2 * self.value - self.unrealised)

    def gain(self, *, net: bool) -> float | None:
        """Unrealized PnL, net or gross."""
        return self.unrealised_net if net else self.unrealised

    @property
    def unrealised_pct(self) -> float | None:
        """Percent of the entry price."""
        if self.price is None or not self.position.entry_price:
            return None
        return 100 * (self.price.value / self.position.entry_price - 1)

    @property
    def entered(self) -> str | None:
        """When it was bought, ISO 8601 in UTC."""
        entry = self.position.entry_time
        return None if entry is None else entry.astimezone(dt.UTC).isoformat()

    def json(self) -> dict[str, Any]:
        return {
            "symbol": self.position.symbol,
            "quantity": self.position.quantity,
            "entry_price": self.position.entry_price,
            "entry_time": self.entered,
            "dust": self.position.dust,
            "age_days": self.age_days,
            "last_price": None if self.price is None else self.price.value,
            "last_time": None if self.price is None else iso(self.price.at),
            "last_source": None if self.price is None else self.price.source,
            "unpriced": self.unpriced or None,
            "value": self.value,
            "unrealised": self.unrealised,
            "unrealised_pct": self.unrealised_pct,
        }


def known_sum(values: Iterable[float | None]) -> float | None:
    """The sum of the values that are known; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def left_out(held: Iterable[Holding]) -> list[str]:
    """Symbols that a sum over the holdings leaves out, because they have no price; dust is not missed."""
    return sorted({one.position.symbol for one in held if one.price is None and not one.position.dust})


def holdings(snapshot: Snapshot, account: str, prices: Mapping[Priced, Price], now: int) -> list[Holding]:
    """The positions of an account; empty unless they can be read."""
    form = snapshot.formats.get(account)
    held = snapshot.held(account).held if form else ()
    return [Holding(account, form, one, prices.get((one.symbol, form)), now) for one in held if form]


def symbols_held(snapshot: Snapshot) -> set[Priced]:
    """Symbols held by any account, with the formats that say which market they mean."""
    return {
        (position.symbol, snapshot.formats[account])
        for account, found in snapshot.positions.items()
        for position in found.held
    }
