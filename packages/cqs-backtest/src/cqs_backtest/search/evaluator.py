"""Many runs of one strategy on the same candles, each with other parameters.

A set costs what its numpy costs: candles are put in place once, orders that are certainly fine are executed without a
copy, and all scratch memory is reused. Whatever is unusual (labels, other types, orders that may contradict themselves)
takes the way of a single run, so that it means the same or fails with the same message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.engines.fast.engine import ONE_A_CELL, ONE_FOR_ALL, ends_of, terms_of
from cqs_backtest.engines.fast.types import BARS, ORDERS
from cqs_backtest.metrics import statistics
from cqs_backtest.metrics.conventions import HEADLINE
from cqs_backtest.search import headline as names
from cqs_backtest.search.checks import any_both, any_nan, within
from cqs_backtest.search.headline import SIZE, Days, finite, headline
from cqs_backtest.search.settable import Settable
from cqs_core import Fill, Orders, RunResult, UsageError, plugins
from cqs_core.trading import BOOLS, BOUNDS, guarded
from cqs_core.trading.metrics import wins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from cqs_backtest.request import Request
    from cqs_core import Candles, Strategy
    from cqs_core.trading import Floats
    from cqs_core.trading.metrics import Daily

_FLAGS = ("stop", "limit", "target", "stop_loss", "take_profit", "trailing")
_KNOWN = 512  # arrays whose values were checked before
_Field = tuple["npt.NDArray[Any]", np.uint64]


@dataclass(frozen=True, eq=False)
class SetRows:
    """The results of K sets.

    Attributes:
        metrics: by name, each (K,); NaN where unknown.
        errors: why a set could not run, by its place among the K.
    """

    metrics: dict[str, Floats]
    errors: dict[int, str]

    def __len__(self) -> int:
        return len(next(iter(self.metrics.values())))

    @classmethod
    def joined(cls, parts: Sequence[SetRows]) -> SetRows:
        """The rows of several results, one after another."""
        before = np.cumsum([0, *map(len, parts)]).tolist()
        errors = {
            first + k: error for first, part in zip(before, parts, strict=False) for k, error in part.errors.items()
        }
        metrics = {name: np.concatenate([part.metrics[name] for part in parts]) for name in parts[0].metrics}
        return cls(metrics, errors)


class Evaluator:
    """Runs sets one after another. Not to be shared by threads: each has its own.

    Args:
        request: strategy (any parameters), costs, start and day of the runs; the engine is always the fast one.
        candles: all that the strategy sees, warm-up included.
        metrics: names besides `HEADLINE`, each of which costs a hundred times as much.
    """

    def __init__(self, request: Request, candles: Candles, metrics: Sequence[str] = ()) -> None:
        self.request = replace(request, engine=plugins().engine("fast"))
        self.candles = candles.sealed().fresh()
        self.first = 0 if request.start is None else int(np.searchsorted(candles.ts, request.start))
        self.traded = self.candles.between(self.first, len(candles.ts))
        self.more = [name for name in dict.fromkeys(metrics) if name not in HEADLINE]
        self._strategy = Settable(request.strategy)
        self._bars = [np.ascontiguousarray(getattr(self.traded, name)).reshape(-1) for name in BARS]
        self._ends = ends_of(self.traded, request.costs)
        self._days = Days(self.traded.ts, request.day_start)
        self._equity = np.empty(len(self.traded.ts))
        self._fills = np.zeros(2 * self.traded.ts.size + 1, Fill)
        self._flows = np.zeros((self.traded.shape[1], 2))
        present = [int(n) for n in self.candles.present.sum(axis=0)]
        self._fewest = min([*present, *(len(reference.ts) for reference in candles.references.values())])
        self._constants = {name: _constant(name, self.traded.shape[1]) for name in ORDERS}
        self._sound: dict[int, Any] = {}
        self._terms: dict[Any, Any] = {}

    def rows(self, sets: Sequence[Mapping[str, Any]]) -> SetRows:
        """Run each set, whose values are of the parameters' types and in their bounds.

        Raises:
            UsageError: the strategy did what no error of one set is, such as catching Ctrl-C.
        """
        sums = np.full((len(sets), SIZE), np.nan)
        more = {name: np.full(len(sets), np.nan) for name in self.more}
        errors: dict[int, str] = {}
        with guarded(self._strategy.strategy, "orders"):
            for k, values in enumerate(sets):
                try:
                    self._one(values, sums[k], k, more)
                except UsageError as error:
                    errors[k] = str(error)
                    sums[k] = np.nan
        found = headline(sums, self.traded, self.request.costs.capital)
        return SetRows(found | {name: finite(name, values) for name, values in more.items()}, errors)

    def result(self, values: Mapping[str, Any]) -> RunResult:
        """The result of one set, as a single run computes it.

        Raises:
            UsageError: it cannot run.
        """
        return self._result(self._with(values))

    def daily(self, values: Mapping[str, Any]) -> Daily:
        """Returns of one set by day, from capital."""
        return self.result(values).daily

    def _result(self, strategy: Strategy) -> RunResult:
        return replace(self.request, strategy=strategy).simulated(self.candles)

    def _with(self, values: Mapping[str, Any]) -> Strategy:
        strategy = self._strategy.set(values)
        try:
            need = strategy.warmup()
        except (Exception, SystemExit):
            with guarded(strategy, "warmup"):
                raise
        if self._fewest <= need:
            fact = f"there are {self._fewest} candles of a market"
            raise UsageError(f"{fact}; this set needs {need} before its first order")
        return strategy

    def _one(self, values: Mapping[str, Any], sums: Floats, k: int, more: dict[str, Floats]) -> None:
        strategy = self._with(values)
        if self.more or self._unusual:
            self._slow(strategy, sums, k, more)
            return
        try:
            orders = strategy.orders(self.candles)
        except (Exception, SystemExit):
            with guarded(strategy, "orders"):
                raise
        fields = self._fields(orders) if type(orders) is Orders else None
        if fields is None:
            self._slow(strategy, sums, k, more)
        else:
            self._quick(orders, fields, sums)

    @property
    def _unusual(self) -> bool:
        """Whether volume limits fills, or a feature limits orders: then each set is run as a single run is."""
        return self.request.costs.max_volume_share is not None or bool(self._strategy.strategy.only_in)

    def _quick(self, orders: Orders, fields: Mapping[str, _Field], sums: Floats) -> None:
        from cqs_backtest.engines.fast.kernel import run

        loop: Any = run
        most = self._most_fills(orders, fields)
        if len(self._fills) < most:
            self._fills = np.zeros(most, Fill)
        arrays, steps = zip(*fields.values(), strict=True)
        key = (orders.max_cash, *(getattr(orders, name) is None for name in _FLAGS))
        terms = self._terms.get(key) or self._terms.setdefault(key, terms_of(orders, self.request.costs))
        count = loop(*self._bars, *arrays, steps, self._ends, terms, self._fills, self._equity)
        capital = self.request.costs.capital
        self._days.add_up(self._equity, self._fills, count, capital, self._flows, sums)

    def _most_fills(self, orders: Orders, fields: Mapping[str, _Field]) -> int:
        """Every fill is asked for, or ends something that was; see the engine."""
        cells = self.traded.shape[0] * self.traded.shape[1]
        asked = np.count_nonzero(fields["enter"][0]) if fields["enter"][1] else cells * int(fields["enter"][0][0])
        if orders.target is not None:
            asked += cells
        return 2 * int(asked) + 1

    def _slow(self, strategy: Strategy, sums: Floats, k: int, more: dict[str, Floats]) -> None:
        result = self._result(strategy)
        found = statistics(result) if self.more else {}
        for name in self.more:
            more[name][k] = found[name]
        _fill_sums(result, self._days, self._flows, sums)

    def _fields(self, orders: Orders) -> dict[str, _Field] | None:
        """Orders as the loop takes them, or None where they need a closer look."""
        found = {}
        for name in ORDERS:
            field = self._field(name, getattr(orders, name))
            if field is None:
                return None
            found[name] = field
        fine = _pairs_are_fine(orders, found, self.traded.shape[0] * self.traded.shape[1])
        return found if fine and _is_fraction(orders.max_cash) else None

    def _field(self, name: str, value: Any) -> _Field | None:
        if value is None:
            return self._constants[name]
        if type(value) is float or type(value) is bool:
            return _scalar(name, value)
        shape = self.candles.shape
        wanted = np.bool_ if name in BOOLS else np.float64
        if (
            type(value) is not np.ndarray
            or value.dtype != wanted
            or value.shape != shape
            or not value.flags.c_contiguous
        ):
            return None
        flat = value.reshape(-1)[self.first * shape[1] :]
        return (flat, ONE_A_CELL) if name in BOOLS or self._is_sound(name, value, flat) else None

    def _is_sound(self, name: str, value: npt.NDArray[Any], flat: Floats) -> bool:
        """Whether all values are allowed; read-only arrays are checked once."""
        known = self._sound.get(id(value))
        if known is not None and known[0] is value and known[1] == name:
            return True
        low, high = BOUNDS[name]
        sound = within(value.reshape(-1), low, high) and not (name == "weight" and any_nan(flat))
        if sound and not value.flags.writeable:
            if len(self._sound) >= _KNOWN:
                self._sound.clear()
            self._sound[id(value)] = (value, name)
        return bool(sound)


def _constant(name: str, columns: int) -> _Field:
    if name in BOOLS:
        return np.zeros(1, np.bool_), ONE_FOR_ALL
    return np.full(1, 1 / columns if name == "weight" else np.nan), ONE_FOR_ALL


def _scalar(name: str, value: float) -> _Field | None:
    if (type(value) is bool) != (name in BOOLS):
        return None
    if name in BOOLS:
        return np.full(1, value, np.bool_), ONE_FOR_ALL
    low, high = BOUNDS[name]
    return (np.full(1, float(value)), ONE_FOR_ALL) if low <= value <= high else None


def _pairs_are_fine(orders: Orders, fields: Mapping[str, _Field], cells: int) -> bool:
    """Whether no cell can have two orders that exclude each other."""
    if orders.target is not None:
        return orders.enter is None and orders.exit is None
    if orders.stop is not None and orders.limit is not None:
        return False
    if orders.priced or orders.exit is None:
        return True
    (enter, e), (exit_, x) = fields["enter"], fields["exit"]
    return not any_both(enter, exit_, cells, int(e), int(x))


def _is_fraction(value: Any) -> bool:
    return type(value) is float and 0 <= value <= 1


def _fill_sums(result: RunResult, days: Days, flows: Floats, sums: Floats) -> None:
    """The same sums from a run's own positions."""
    equity, no_fills = result.execution.equity, result.execution.fills[:0]
    days.add_up(equity, no_fills, 0, result.costs.capital, flows, sums)
    closed = result.closed
    pnl, pct = closed["pnl"], closed["return_pct"]
    gain, loss = pnl > 0, pnl < 0
    sums[names.TRADES], sums[names.WON] = len(closed), wins(pnl, pct).sum()
    sums[names.GAINS], sums[names.LOSSES] = gain.sum(), loss.sum()
    sums[names.GAINS_PCT], sums[names.LOSSES_PCT] = pct[gain].sum(), pct[loss].sum()
    sums[names.GAINED], sums[names.LOST] = pnl[gain].sum(), -pnl[loss].sum()
