"""Two engines, one meaning: identical fills, equity within 1e-9."""

import ast
import importlib.util
import inspect
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_candles import REAL, real_frame
from rules_by_hand import KINDS, random_orders

from cqs_backtest.checks.parity import TOLERANCE, parity
from cqs_backtest.engines.bt import order_executor, stops
from cqs_backtest.engines.bt.engine import BtEngine
from cqs_backtest.engines.fast import kernel, types
from cqs_backtest.engines.fast.engine import FastEngine
from cqs_backtest.strategies import STRATEGIES
from cqs_core import Candles, Costs, Execution, Orders, simulate

pytestmark = pytest.mark.once

FAST, BT = FastEngine(), BtEngine()
FREE = Costs(fee=0, slip=0, capital=1000)
# q / lot stays below 1e9 here: beyond, the last bit of a float decides on which side of a lot a quantity falls
LOTS = {"KRW": Costs(lot=0.001, min_order=5000), "USDT": Costs(lot=0.01, min_order=10, capital=10_000)}
COSTS = [Costs(), LOTS["KRW"], FREE]
THIN = Costs(capital=10_000, max_volume_share=0.1, on_end="sell")


def assert_parity(candles, orders, costs):
    orders.validate(candles.shape)
    found = parity(FAST.execute(candles, orders, costs), BT.execute(candles, orders, costs))
    assert found.same, found.where
    assert found.difference <= TOLERANCE


def real_candles(exchange, interval, quote):
    files = sorted((REAL / exchange).glob(f"*_{interval}.parquet"))
    frames = {f.name.split("_")[0].replace("-", "/"): None for f in files}
    frames = {market: real_frame(exchange, market, interval) for market in frames}
    return Candles.from_frames(frames, interval, {f"BTC/{quote}": frames[f"BTC/{quote}"]})


def costs_for(candles):
    """Each real set of candles sees each of them, with some kinds of orders; made candles see every combination."""
    return Costs(), LOTS[candles.symbols[0].partition("/")[2]], FREE


@pytest.fixture(
    scope="module", params=[("upbit", "1d", "KRW"), ("binance", "1d", "USDT"), ("upbit", "1h", "KRW")], ids=str
)
def candles(request):
    if not REAL.is_dir():
        pytest.skip(f"no real candles: {REAL} is absent")
    found = real_candles(*request.param)
    return found if request.param[1] == "1d" else found.between(20_000, 26_000)


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_built_in_strategies_on_real_candles(candles, name):
    costs = costs_for(candles)[list(STRATEGIES).index(name) % 3]
    assert_parity(candles, STRATEGIES[name]().orders(candles), costs)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_order_on_real_candles(candles, kind):
    which = KINDS.index(kind) % 3
    assert_parity(candles, random_orders(candles, kind, which), costs_for(candles)[which])


@st.composite
def made_candles(draw):
    """A few symbols with holes, coarse prices (so that levels are hit exactly), flat and wide bars."""
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tick = draw(st.sampled_from([1.0, 5.0, 0.001]))
    steps = random.normal(0, draw(st.sampled_from([0.005, 0.05, 0.3])), (rows, columns)).cumsum(axis=0)
    close = np.maximum(np.round(100 * np.exp(np.clip(steps, -4, 4)) / tick), 1) * tick
    gap = np.round(random.normal(0, 2, (rows, columns)))
    open_ = np.maximum(np.vstack([close[:1], close[:-1]]) + gap * tick, tick)
    high = np.maximum(open_, close) + np.round(random.exponential(3, close.shape)) * tick
    low = np.maximum(np.minimum(open_, close) - np.round(random.exponential(3, close.shape)) * tick, tick)
    missing = random.random(close.shape) < draw(st.sampled_from([0, 0.3]))
    missing |= np.arange(rows)[:, None] >= random.integers(rows // 2, 2 * rows + 1, columns)  # some end
    volume = np.floor(random.exponential(draw(st.sampled_from([1.0, 100.0, 1e5])), close.shape))
    values = [np.where(missing, np.nan, x) for x in (open_, high, low, close, volume)]
    return Candles(np.arange(rows, dtype=np.int64) * 86_400_000, tuple("ABCD"[:columns]), *values).validate()


made_costs = st.builds(
    Costs,
    fee=st.sampled_from([0, 0.0005, 0.02]),
    slip=st.sampled_from([0, 0.0005, 0.02]),
    lot=st.sampled_from([0, 0.01, 1]),
    min_order=st.sampled_from([0, 5, 300]),
    capital=st.sampled_from([100.0, 1000.0, 1e7]),
    max_volume_share=st.sampled_from([None, 0.1, 1.0]),
    on_end=st.sampled_from(["hold", "sell"]),
)


@pytest.mark.parametrize("lots", [3, 4, 5])
def test_what_rounding_leaves_of_a_position_is_not_held(lots):
    """Sold lot by lot, 0.3 leaves 5e-17, a trade that bt passes over; the market is entered again later."""
    rows = 2 * lots + 6
    price, volume = np.full((rows, 1), 100.0), np.full((rows, 1), 0.1)
    volume[0], volume[-3:] = 1000, 1000
    candles = Candles(86_400_000 * np.arange(rows), ("A",), price, price, price, price, volume).validate()
    enter, leave = np.zeros((2, rows, 1), bool)
    enter[[0, -2]], leave[1] = True, True
    orders = Orders(enter=enter, exit=leave, weight=np.full((rows, 1), (lots + 0.5) / 100))
    costs = Costs(fee=0, slip=0, lot=0.1, capital=1000, max_volume_share=1.0)
    assert_parity(candles, orders, costs)
    assert FAST.execute(candles, orders, costs).fills[-1]["quantity"] > 0.1 * lots - 1e-9


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made_candles(), st.sampled_from(KINDS), st.integers(0, 2**32 - 1), made_costs)
def test_every_kind_of_order_on_made_candles(candles, kind, seed, costs):
    assert_parity(candles, random_orders(candles, kind, seed), costs)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made_candles(), st.sampled_from(KINDS), st.integers(0, 2**32 - 1), made_costs)
def test_cash_never_goes_below_zero_and_equity_is_cash_and_holdings(candles, kind, seed, costs):
    done = FAST.execute(candles, random_orders(candles, kind, seed), costs)
    fills = done.fills
    money = -fills["quantity"] * fills["price"] - fills["fee"]
    cash = costs.capital + np.cumsum(money)
    assert (cash >= -1e-9 * max(costs.capital, float(done.equity.max()))).all()
    held = np.zeros(candles.shape[1])
    np.add.at(held, fills["symbol"], fills["quantity"])
    filled = np.array([close[~np.isnan(close)][-1] if (~np.isnan(close)).any() else 0 for close in candles.close.T])
    assert done.equity[-1] == pytest.approx((cash[-1] if len(cash) else costs.capital) + held @ filled, rel=1e-9)


def test_the_order_of_symbols_does_not_matter():
    random = np.random.default_rng(3)
    close = 100 * np.exp(random.normal(0, 0.05, (300, 4)).cumsum(axis=0))
    open_ = np.vstack([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) * 1.01, np.minimum(open_, close) * 0.99
    ts = np.arange(300, dtype=np.int64) * 86_400_000
    candles = Candles(ts, tuple("ABCD"), open_, high, low, close, np.ones_like(close))
    orders = random_orders(candles, "open", 1)
    turned = Candles(ts, tuple("DCBA"), *(np.ascontiguousarray(x[:, ::-1]) for x in (open_, high, low, close, close)))
    given = [name for name in types.ORDERS if getattr(orders, name) is not None]
    fields = {name: np.ascontiguousarray(orders.array(name, candles.shape)[:, ::-1]) for name in given}
    other = FAST.execute(turned, type(orders)(**fields, max_cash=orders.max_cash), Costs())
    assert other.equity == pytest.approx(FAST.execute(candles, orders, Costs()).equity, rel=1e-11)


def test_plain_python_says_that_it_is_slow_and_agrees(monkeypatch, capsys):
    from cqs_backtest import compiled
    from cqs_backtest.engines.fast import engine

    slow = _loaded(kernel, inspect.getsource(kernel).replace("@compiled", "@uncompiled"), uncompiled=_uncompiled)
    monkeypatch.setattr(compiled, "available", False)
    engine._say_slow.cache_clear()
    monkeypatch.setattr(kernel, "run", slow.run)
    candles = _wave()
    assert_parity(candles, random_orders(candles, "both", 5), Costs())
    assert "numba is not installed" in capsys.readouterr().err


# One rule changed in one engine must be seen: (module, what it says, what the mutant says).
MUTANTS = [
    (kernel, "sold = price * (1.0 - terms.slip)\n    level", "sold = price\n    level"),
    (kernel, 'if price >= held["ceiling"]', 'if price > 2 * held["ceiling"]'),
    (kernel, "enter[k] & (high[k] >= stop[k])", "enter[k] & (high[k] > 1.01 * stop[k])"),
    (kernel, "low[i] <= limit[i * li]\n", "False\n"),
    (kernel, "& (leaves | guarded) &", "& leaves &"),
    (kernel, "holding |= quantity[s] > 0.0", "holding |= quantity[s] > 1.0"),
    (kernel, "scale = cash / total if total > cash else 1.0", "scale = 1.0"),
    (kernel, "excess = quantity * price - target * equity", "excess = quantity * price - target * purse['cash']"),
    (kernel, "max(price, stop) * (1.0 + slip)", "stop * (1.0 + slip)"),
    (kernel, "return min(price, limit), INSIDE", "return limit, INSIDE"),
    (kernel, "if low <= level and (not unsure or close <= level)", "if low <= level"),
    (kernel, "and inside != INSIDE_LIMIT", ""),
    (kernel, "close if inside == INSIDE_LIMIT else high", "high"),
    (kernel, "value, terms.max_cash * purse", "value, purse"),
    (kernel, "math.floor(quantity / lot + 1e-9)", "math.ceil(quantity / lot)"),
    (kernel, "* (1.0 + 1e-9) < terms.min_order", "* (1.0 + 1e-9) < 0.0"),
    (kernel, 'excess / price, held["room"]', "excess / price, 1e99"),
    (kernel, "(1.0 + terms.fee)), room)", "(1.0 + terms.fee)), 1e99)"),
    (kernel, 'held["leaving"] = reason', 'held["leaving"] = -1'),
    (kernel, 'held["room"] -= abs(quantity)', ""),
    (kernel, "if t == ends[s] and", "if t == ends[s] - 1 and"),
    (
        order_executor,
        "if stops.leaving is not None:\n            self._sell_all",
        "if False:\n            self._sell_all",
    ),
    (order_executor, "if s not in self._stops or self._stops[s].leaving is None]", "]"),
    (order_executor, "self._room[s] -= abs(quantity)", ""),
    (order_executor, "own[-1] < len(candles.ts) - 1}", "own[-1] < len(candles.ts) - 1 and False}"),
    (kernel, "quantity == 0.0 and terms.priced == 0.0", "quantity == 0.0"),
    (order_executor, "elif held == 0 and not self._priced:", "elif held == 0:"),
    (order_executor, 'or self._order("target", s) == 0', ""),
    (order_executor, "elif price <= level:", "elif price < 0.98 * level:"),
    (
        order_executor,
        "scale = cash / total if total > cash else 1.0",
        "scale = min(1.0, cash / total) if total else 1.0; scale **= 2",
    ),
    (order_executor, "max(price, stop) * (1 + self._costs.slip)", "max(price, stop)"),
    (order_executor, "value += security.position * (security.price if math.isnan(price) else price)", "value += 0"),
    (stops, "return (trail, TRAILING) if trail > self.floor", "return (trail, STOP_LOSS) if trail > self.floor"),
    (stops, "unsure = self.inside and level > open_", "unsure = False"),
    (stops, 'and self.inside != "limit"', ""),
    (stops, 'close if self.inside == "limit" else high', "high"),
]


@pytest.mark.parametrize(
    ("module", "rule", "mutant"), MUTANTS, ids=[f"{m[0].__name__.split('.')[-1]}-{i}" for i, m in enumerate(MUTANTS)]
)
def test_a_rule_changed_in_one_engine_is_seen(monkeypatch, module, rule, mutant):
    source = inspect.getsource(module)
    assert source.count(rule) == 1
    changed = source.replace(rule, mutant)
    ast.parse(changed)
    extra = {"uncompiled": _uncompiled}
    made = _loaded(module, re.sub("@compiled", "@uncompiled", changed), **extra)
    for name in {"kernel": ("run",), "order_executor": ("OrderExecutor",), "stops": ("Stops",)}[
        module.__name__.split(".")[-1]
    ]:
        monkeypatch.setattr(module, name, getattr(made, name))
        if module is stops:
            monkeypatch.setattr(order_executor, name, getattr(made, name))
    candles = _wave()
    seen = [
        parity(FAST.execute(candles, orders, costs), BT.execute(candles, orders, costs)).same
        for costs in (*COSTS, Costs(fee=0, slip=0.01, lot=0.5, min_order=200, capital=5000), THIN)
        for kind in KINDS
        for orders in [random_orders(candles, kind, 11)]
    ]
    assert not all(seen)


class TestWhatCountsAsTheSame:
    def execution(self, equity=(1000.0, 1010.0), **changes):
        from cqs_core import Fill

        row = {"bar": 0, "symbol": 0, "reason": 0, "quantity": 1.0, "price": 100.0, "fee": 0.05} | changes
        return Execution(np.array(equity), np.array([tuple(row.values())], Fill))

    def test_itself(self):
        assert parity(self.execution(), self.execution()).same

    @pytest.mark.parametrize(
        "change", [{"bar": 1}, {"symbol": 1}, {"reason": 1}, {"price": 100.000001}, {"quantity": 1.0001}]
    )
    def test_a_change_of_a_fill_differs(self, change):
        found = parity(self.execution(), self.execution(**change))
        assert not found.same
        assert next(iter(change)) in found.where

    def test_a_missing_fill_differs(self):
        one = self.execution()
        assert parity(one, Execution(one.equity, one.fills[:0])).where == "1 fills against 0"

    def test_equity_differs_above_the_tolerance_only(self):
        assert parity(self.execution(), self.execution((1000.0, 1010.0 * (1 + 0.9e-9)))).same
        found = parity(self.execution(), self.execution((1000.0, 1010.0 * (1 + 2e-9))))
        assert found.where == "equity at bar 1"
        assert found.difference == pytest.approx(2e-9, rel=1e-3)


def _uncompiled(*_):
    return lambda function: function


def _loaded(module, source, **extra):
    """A module of this source, beside the real one."""
    spec = importlib.util.spec_from_loader(module.__name__ + "_changed", loader=None)
    made = importlib.util.module_from_spec(spec)
    vars(made).update(extra)
    exec(compile(source, module.__name__, "exec"), vars(made))
    return made


def _wave():
    random = np.random.default_rng(7)
    close = np.round(100 * np.exp(random.normal(0, 0.03, (150, 3)).cumsum(axis=0)))
    open_ = np.vstack([close[:1], close[:-1] + np.round(random.normal(0, 2, (149, 3)))])
    high = np.maximum(open_, close) + np.round(random.exponential(3, close.shape))
    low = np.minimum(open_, close) - np.round(random.exponential(3, close.shape))
    missing = random.random(close.shape) < 0.2
    missing[100:, 1] = True
    volume = random.exponential(300, close.shape)
    values = [np.where(missing, np.nan, x) for x in (open_, high, low, close, volume)]
    return Candles(np.arange(150, dtype=np.int64) * 86_400_000, tuple("ABC"), *values).validate()


def test_simulate_takes_either(engine):
    candles = _wave()
    assert simulate(STRATEGIES["buy_and_hold"](), candles, engine, Costs()).engine == engine.name
