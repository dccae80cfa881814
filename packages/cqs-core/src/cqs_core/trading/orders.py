"""Orders: what a strategy wants done in each bar, and what it costs. The engine alone decides what fills.

The rules of execution are written down, once, in the module docstring of `cqs_core.trading.engine`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cqs_core.errors import UsageError
from cqs_core.trading.defaults import CAPITAL, FEE, SLIPPAGE_BPS
from cqs_core.trading.order_fields import BOOLS, Array, Grid, read

if TYPE_CHECKING:
    from cqs_core.trading.candles import Candles


@dataclass(frozen=True, eq=False)
class Orders:
    """Arrays (T, S), or what broadcasts to that: a number, lists, (T,) for one symbol, (S,) for several.

    A pandas frame or series is put in place by its labels: times (`candles.ts`) and symbols (`candles.symbols`); labels
    that count from 0 are positions. Bar *t* may use everything up to the close of *t-1*, and the open of *t*.

    Attributes:
        exit: bool, leave at the open.
        enter: bool, enter if flat: at the open; or, where the orders have `stop` or `limit`, at these prices only.
            Without a price it is not allowed together with `exit` in one cell.
        weight: 0..1, the share of equity that an entry gets; None is 1 / S.
        stop: buy-stop price above the open; NaN means no order in that cell.
        limit: buy-limit price below the open; NaN means no order. Not with `stop` in one cell.
        target: share of equity to hold from this open on; NaN leaves alone, 0 leaves. Not with `enter`, and above 0 not
            with `exit`, in one cell.
        stop_loss: fraction below the entry price, latched from the entry bar; NaN is none.
        take_profit: fraction above the entry price, up to 1; latched as well.
        trailing: fraction below the highest price since entry; latched as well.
        max_cash: 0..1, the share of cash that purchases may spend, one number a run.
    """

    exit: Any = None
    enter: Any = None
    weight: Any = None
    stop: Any = None
    limit: Any = None
    target: Any = None
    stop_loss: Any = None
    take_profit: Any = None
    trailing: Any = None
    max_cash: float = 1.0

    @property
    def priced(self) -> bool:
        """Whether entries have prices: then a cell without one is not an order."""
        return self.stop is not None or self.limit is not None

    def array(self, name: str, shape: tuple[int, int]) -> Array:
        """One field, read-only, broadcast to `shape`; an absent one is False, NaN, or the weight 1 / S.

        Raises:
            UsageError: a value of another type or shape, or labels: those need `aligned`.
        """
        value = getattr(self, name)
        if value is None:
            absent = {"weight": 1 / shape[1]}.get(name, np.nan)
            return np.broadcast_to(np.bool_(False) if name in BOOLS else np.float64(absent), shape)
        return np.broadcast_to(read(name, value, Grid(shape)), shape)

    def between(self, start: int, stop: int, shape: tuple[int, int]) -> Self:
        """Rows `start:stop` of orders made for candles of `shape`."""
        made = self._read(Grid(shape))
        cut = {n: v[start:stop] if v.shape[0] == shape[0] != 1 else v for n, v in made.items()}
        return replace(self, **cut)

    def aligned(self, candles: Candles, first: int = 0) -> Self:
        """These orders as new arrays aligned to the candles, if an engine can execute them.

        Args:
            candles: that the orders are for.
            first: row of the first bar that may trade; frames that begin there have no orders before.

        Raises:
            UsageError: labels that do not fit, and all that `validate` refuses; it names field, bar and symbol.
        """
        return self._checked(Grid(candles.shape, candles.ts, candles.symbols, first))

    def validate(self, shape: tuple[int, int]) -> Self:
        """These orders, if an engine can execute them; where they have labels, use `aligned`.

        Raises:
            UsageError: a value that is not meant (NaN for a bool, percent for a fraction), an order that contradicts
                another one in its cell, a wrong shape.
        """
        self._checked(Grid(shape))
        return self

    def _checked(self, grid: Grid) -> Self:
        from cqs_core.trading.order_checks import check

        made = replace(self, **self._read(grid))
        check(made, grid)
        return made

    def _read(self, grid: Grid) -> dict[str, Any]:
        names = [f.name for f in fields(self) if f.name != "max_cash" and getattr(self, f.name) is not None]
        return {name: read(name, getattr(self, name), grid) for name in names}


@dataclass(frozen=True)
class Costs:
    """Costs of trading, starting capital, and limits of a market.

    Attributes:
        fee: fraction of a fill's value, a side.
        slip: fraction by which a fill is worse than its price, a side; limit and take-profit fills never slip.
        lot: quantities are multiples of it; 0 is none.
        min_order: smallest value of an order in quote currency; 0 is none.
        capital: cash at the start, in quote currency.
        max_volume_share: fraction of a bar's volume that may be bought and sold of a symbol in it; None means no limit,
            and then volume plays no part.
        on_end: what becomes of a symbol whose candles end before those of the others: `hold`, or `sell` at its last
            close.
    """

    fee: float = FEE
    slip: float = SLIPPAGE_BPS / 10_000
    lot: float = 0.0
    min_order: float = 0.0
    capital: float = CAPITAL
    max_volume_share: float | None = None
    on_end: str = "hold"

    def __post_init__(self) -> None:
        for name in ("fee", "slip"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be a fraction from 0 up to 1")
        for name in ("lot", "min_order"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be 0 or more")
        if not 0 < self.capital < float("inf"):
            raise UsageError(f"capital is {self.capital!r}; it must be more than 0")
        if self.max_volume_share is not None and not 0 < self.max_volume_share <= 1:
            raise UsageError(
                f"max_volume_share is {self.max_volume_share!r}; it must be a fraction above 0 up to 1 (10 % is 0.1)"
            )
        if self.on_end not in ("hold", "sell"):
            raise UsageError(f"on_end is {self.on_end!r}; it must be hold or sell")
