"""Cut by cut: another future, and the orders up to the cut must stay."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cqs_backtest.checks.lookahead.cuts import LONG, Cut, cuts
from cqs_backtest.checks.lookahead.differences import Flags, differences, without_rounding
from cqs_backtest.checks.lookahead.futures import FALLS, RISES, Future, changed, given, opposite, shaken
from cqs_core import REASONS, Orders, UsageError
from cqs_core.time.clock import iso
from cqs_core.trading import orders_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_core import Candles, RunResult, Strategy

_SHAKES = 2


@dataclass(frozen=True)
class Peek:
    """An order that changed when what it could not know was changed.

    Attributes:
        ts: open of the bar, ms UTC.
        symbol: of the order.
        order: its name, `enter`.
        was: its value in the run.
        became: its value in another future.
    """

    ts: int
    symbol: str
    order: str
    was: str
    became: str

    def __str__(self) -> str:
        where = f"{self.order} of {self.symbol} at {iso(self.ts)}"
        return f"{where} changed with what lay ahead of its open: {self.was} became {self.became}"


@dataclass(frozen=True)
class LookaheadFinding:
    """The finding of the check.

    Attributes:
        state: `ok`, `peeks`, `not repeatable`, `not checkable` or `off`.
        where: the details; None if there are none.
    """

    state: str
    where: str | None = None


OFF = LookaheadFinding("off", "the check was turned off")


class NotRepeatable(Exception):  # noqa: N818 - a finding, no error
    """Two calls on the same candles gave different orders."""


def look_ahead(strategy: Strategy, candles: Candles, result: RunResult, seed: int = 0) -> LookaheadFinding:
    """Whether the strategy's orders depend on what they could not know; it raises nothing that the strategy raises.

    Args:
        strategy: called once more on all candles, and once or twice for each cut.
        candles: all that it saw, warm-up included.
        result: of the run.
        seed: of the random cuts.
    """
    with _quiet():
        return _Check(strategy, candles, result).finding(seed)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence output and warnings of the strategy: the run itself printed them already."""
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with np.errstate(all="ignore"):
            yield


class _Check:
    def __init__(self, strategy: Strategy, candles: Candles, result: RunResult) -> None:
        self._strategy, self._candles, self._result = strategy, candles, result
        self._first = len(candles.ts) - len(result.candles.ts)
        self._whole = Orders()

    def finding(self, seed: int) -> LookaheadFinding:
        try:
            self._whole = orders_of(self._strategy, self._candles.with_values(), self._first)
            self._check_repeated()
        except NotRepeatable as found:
            return LookaheadFinding("not repeatable", str(found))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a strategy may raise anything
            return LookaheadFinding("not checkable", f"a second call on the same candles failed: {_line(error)}")
        return self._all_cuts(seed)

    def _all_cuts(self, seed: int) -> LookaheadFinding:
        failed, places = [], self._cuts(seed)
        for cut in places:
            try:
                peek = self._at(cut)
            except NotRepeatable as found:
                return LookaheadFinding("not repeatable", str(found))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a strategy may raise anything
                failed.append(f"on {cut.rows:,} candles, cut at {iso(int(self._candles.ts[cut.bar]))}: {_line(error)}")
                continue
            if peek is not None:
                return LookaheadFinding("peeks", str(peek))
        if failed:
            where = f"{len(failed)} of {len(places)} cuts could not be checked; the first, {failed[0]}"
            return LookaheadFinding("not checkable", where)
        return LookaheadFinding("ok")

    def _cuts(self, seed: int) -> list[Cut]:
        fills = self._result.execution.fills
        rows = fills["bar"] + len(self._candles.ts) - len(self._result.candles.ts)
        signals = np.isin(fills["reason"], [REASONS.index("signal"), REASONS.index("rebalance")])
        bought = fills["quantity"] > 0
        return cuts(self._candles, rows[bought], rows[signals & ~bought], seed)

    def _check_repeated(self) -> None:
        """The run's own orders against those of a second call."""
        traded = self._result.candles.shape
        offset = len(self._candles.ts) - traded[0]
        again = self._whole.between(offset, len(self._candles.ts), self._candles.shape)
        found = differences(self._result.orders, again, traded, traded, slice(0, traded[0]))
        if found:
            raise NotRepeatable(_not_repeated(found, self._result.candles))

    def _at(self, cut: Cut) -> Peek | None:
        futures: tuple[Future, ...] = (RISES, FALLS)
        if cut.traded and len(self._candles.ts) > LONG:
            futures = (opposite(self._candles, cut.bar),)
        for future in futures:
            peek = self._in(cut, future)
            if peek is not None:
                return peek
        return None

    def _in(self, cut: Cut, future: Future) -> Peek | None:
        other = changed(self._candles, cut.bar, cut.rows, future)
        orders = self._orders(other)
        known = slice(0, cut.bar + 1)
        if not differences(self._whole, orders, self._candles.shape, other.shape, known):
            return None
        base = self._whole
        real = given(self._candles, cut.rows)
        if cut.rows < len(self._candles.ts):  # a strategy may depend on the number of candles; that is not a peek
            base = self._orders(real)
        found = differences(base, orders, real.shape, other.shape, known)
        if not found:
            return None
        self._check_again(base, real)
        self._check_again(orders, other)
        shakes = [self._orders(shaken(real, seed, sign)) for seed in range(_SHAKES) for sign in (1, -1)]
        found = without_rounding(found, base, orders, shakes, real.shape)
        return _peek(found, base, orders, other) if found else None

    def _check_again(self, orders: Orders, candles: Candles) -> None:
        for _ in range(2):
            again = self._orders(candles.with_values())
            found = differences(orders, again, candles.shape, candles.shape, slice(0, candles.shape[0]))
            if found:
                raise NotRepeatable(_not_repeated(found, candles))

    def _orders(self, candles: Candles) -> Orders:
        """Orders of a new instance if possible: state left from other candles would hide a peek."""
        try:
            strategy = type(self._strategy).with_parameters(self._strategy.values())
        except (TypeError, UsageError):
            strategy = self._strategy
        return orders_of(strategy, candles, min(self._first, len(candles.ts)))


def _not_repeated(found: dict[str, Flags], candles: Candles) -> str:
    name, bad = next(iter(found.items()))
    t, s = np.argwhere(bad)[0].tolist()
    where = f"{name} of {candles.symbols[s]} at {iso(int(candles.ts[t]))} differs between two calls on the same candles"
    return f"{where}; seed random numbers, and keep no state between calls"


def _peek(found: dict[str, Flags], base: Orders, other: Orders, candles: Candles) -> Peek:
    """The last difference before the cut: the closest to the change."""
    name, (t, s) = max(((n, np.argwhere(bad)[-1].tolist()) for n, bad in found.items()), key=lambda f: f[1][0])
    if name == "max_cash":
        values = [str(orders.max_cash) for orders in (base, other)]
    else:
        values = [_text(orders.array(name, candles.shape)[t, s].item()) for orders in (base, other)]
    return Peek(int(candles.ts[t]), candles.symbols[s], name, *values)


def _text(value: float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "no order" if np.isnan(value) else f"{value:,.10g}"


def _line(error: BaseException) -> str:
    return " ".join(f"{error if isinstance(error, UsageError) else repr(error)}".split())
