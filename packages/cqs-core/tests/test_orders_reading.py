"""Only what is meant counts: types are refused by name, labels decide where a value goes."""

import numpy as np
import pandas as pd
import pytest

from cqs_core import Orders, Strategy, UsageError
from cqs_core.host.simulation import simulate
from cqs_core.testing.candles import random_candles
from cqs_core.trading.order_fields import BOOLS
from cqs_core.trading.orders import Costs

CANDLES = random_candles(("XRP/KRW", "BTC/KRW", "SOL/KRW"), 6)
ONE = random_candles(("BTC/KRW",), 6)
TIMES = pd.to_datetime(CANDLES.ts, unit="ms", utc=True)
UP = np.random.default_rng(1).random(CANDLES.shape) < 0.5


def aligned(candles=CANDLES, **fields):
    name = next(iter(fields))
    return Orders(**fields).aligned(candles).array(name, candles.shape)


@pytest.mark.parametrize("field", BOOLS)
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([1.0, 0.0, np.nan, 1, 0, 1], r"is nan at bar 2 \(2020-01-03"),
        ([0, 1, -1, 0, 0, 1], r"is 0 at bar 0 \(2020-01-01"),
        ([True, False, None, True, True, True], r"is None, an object at bar 2 \(2020-01-03"),
        (["buy"] * 6, r"is 'buy' at bar 0 \(2020-01-01"),
        (np.array([True] * 6, object), r"is True, an object at bar 0 \(2020-01-01"),
    ],
    ids=["nan", "integers", "none", "text", "object"],
)
def test_what_is_no_bool_is_refused_with_its_place_and_the_remedy(field, given, told):
    with pytest.raises(UsageError, match=rf"orders' {field} {told}.*BTC/KRW; it must be true or false: use .fillna"):
        aligned(ONE, **{field: given})


def test_the_first_wrong_cell_is_named():
    shifted = pd.DataFrame(UP, TIMES, list(CANDLES.symbols)).shift(1)
    with pytest.raises(UsageError) as caught:
        aligned(enter=shifted)
    assert "enter is nan, an object at bar 0 (2020-01-01T00:00:00+00:00), XRP/KRW" in str(caught.value)
    signal = UP.astype(float)
    signal[3, 1] = np.nan
    with pytest.raises(UsageError, match=r"exit is nan at bar 3 \(2020-01-04T00:00:00\+00:00\), BTC/KRW"):
        aligned(exit=signal)


@pytest.mark.parametrize(
    "value",
    [
        UP.astype(int),
        UP.astype(np.int8),
        np.where(UP, 1, -1),
        UP.astype(float),
        UP.astype(object),
        UP.astype(str),
        UP.astype("datetime64[ns]"),
        pd.DataFrame(UP.astype(object)),
        pd.DataFrame(UP).astype("Int64"),
        pd.DataFrame(UP).astype("boolean").mask(UP),
        np.ma.masked_array(UP, UP),
        {"BTC/KRW": True},
        1,
        "yes",
    ],
    ids=lambda value: f"{type(value).__name__}-{getattr(value, 'dtype', '')}",
)
@pytest.mark.parametrize("field", BOOLS)
def test_no_other_type_is_a_bool(field, value):
    with pytest.raises(UsageError, match=f"orders' {field}"):
        aligned(**{field: value})


@pytest.mark.parametrize("field", ["weight", "stop", "limit", "target", "stop_loss", "take_profit", "trailing"])
@pytest.mark.parametrize("value", [UP, True, "0.5", [None] * 3, np.full(CANDLES.shape, "1"), pd.DataFrame(UP), 1j])
def test_what_is_no_number_is_refused(field, value):
    with pytest.raises(UsageError, match=f"orders' {field} is"):
        aligned(**{field: value})


def test_pandas_own_types_are_read_where_nothing_is_missing():
    assert (aligned(enter=pd.DataFrame(UP).astype("boolean")) == UP).all()
    weights = pd.DataFrame(np.where(UP, 0.25, np.nan)).astype("Float64")
    np.testing.assert_array_equal(aligned(target=weights), np.where(UP, 0.25, np.nan))


class TestLabels:
    def frame(self, values=UP):
        return pd.DataFrame(values, TIMES, list(CANDLES.symbols))

    @pytest.mark.parametrize(
        "shuffle",
        [
            lambda f: f,
            lambda f: f[sorted(f.columns)],
            lambda f: f.iloc[::-1],
            lambda f: f.tz_convert("Asia/Seoul"),
            lambda f: f.tz_localize(None),
            lambda f: f.set_axis(CANDLES.ts),
            lambda f: f.set_axis(CANDLES.ts).iloc[::-1],
            lambda f: f.reset_index(drop=True),
            lambda f: f.reset_index(drop=True).iloc[[3, 1, 0, 5, 4, 2]],
            lambda f: f.set_axis([0, 1, 2], axis=1)[[2, 0, 1]],
        ],
    )
    def test_a_frame_goes_where_its_labels_say(self, shuffle):
        assert (aligned(enter=shuffle(self.frame())) == UP).all()

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda f: f.iloc[1:], "no row for the bar at 2020-01-01T00:00:00"),
            (lambda f: f.drop(TIMES[3]), "no row for the bar at 2020-01-04"),
            (lambda f: f.shift(1, freq="D"), "no row for the bar at 2020-01-01"),
            (lambda f: pd.concat([f, f.iloc[[-1]].shift(1, freq="D")]), "a row for 2020-01-07T00:00:00"),
            (lambda f: pd.concat([f, f.iloc[[-1]]]), "2020-01-06T00:00:00.* twice"),
            (lambda f: f.set_axis(list("abcdef")), "has a row 'a'"),
            (lambda f: f.reset_index(drop=True).iloc[:4], "has 4 rows where the candles have 6"),
            (lambda f: f.drop(columns="BTC/KRW"), "no column for BTC/KRW"),
            (lambda f: f.rename(columns={"BTC/KRW": "BTC"}), "a column 'BTC'.*XRP/KRW, BTC/KRW, SOL/KRW"),
            (lambda f: f.assign(**{"ADA/KRW": True}), "a column 'ADA/KRW'"),
            (lambda f: f[["BTC/KRW", "BTC/KRW", "SOL/KRW"]], "a column 'BTC/KRW'"),
            (lambda f: f.set_axis([0, 1, 3], axis=1), "repeats labels|has"),
        ],
    )
    def test_labels_that_do_not_fit_are_refused(self, change, told):
        with pytest.raises(UsageError, match=told):
            aligned(enter=change(self.frame()))

    def test_a_series_by_symbol_is_one_value_a_symbol(self):
        shares = pd.Series({"BTC/KRW": 0.5, "SOL/KRW": 0.2, "XRP/KRW": 0.1})
        assert aligned(weight=shares)[0].tolist() == [0.1, 0.5, 0.2]
        with pytest.raises(UsageError, match="no column for SOL/KRW"):
            aligned(weight=shares.drop("SOL/KRW"))

    def test_a_series_by_time_is_one_value_a_bar(self):
        column = pd.Series(UP[:, 0], TIMES)
        assert (aligned(enter=column.iloc[::-1]) == UP[:, :1]).all()
        assert (aligned(ONE, enter=column) == UP[:, :1]).all()
        with pytest.raises(UsageError, match="no row for the bar at"):
            aligned(enter=column.iloc[:5])

    def test_where_candles_are_not_known_labels_are_not_guessed(self):
        for frame in (self.frame(), self.frame().reset_index(drop=True)):
            with pytest.raises(UsageError, match=r"use orders\.aligned\(candles\)"):
                Orders(enter=frame).validate(CANDLES.shape)


FORMS = {
    "array": lambda v: v,
    "list": lambda v: v.tolist(),
    "tuple": lambda v: tuple(map(tuple, v.tolist())),
    "frame": lambda v: pd.DataFrame(v, TIMES, list(CANDLES.symbols)),
    "frame by position": pd.DataFrame,
}


class Fixed(Strategy):
    id = "fixed"

    def __init__(self, make):
        super().__init__()
        self.make = make

    def orders(self, candles):
        return self.make(candles)


class Recorder:
    """An engine that keeps what it was asked."""

    name = "recorder"

    def execute(self, candles, orders, costs):
        from cqs_core.trading.engine import Execution, Fill

        self.enter = orders.array("enter", candles.shape).tolist()
        self.weight = orders.array("weight", candles.shape).tolist()
        return Execution(np.full(len(candles.ts), costs.capital), np.zeros(0, Fill))


@pytest.mark.parametrize("start", [None, int(CANDLES.ts[2])], ids=["whole", "start"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_means_the_same_with_and_without_a_start(form, start):
    weights = np.random.default_rng(2).random(CANDLES.shape)
    rule = Fixed(lambda _: Orders(enter=FORMS[form](UP), weight=FORMS[form](weights)))
    engine = Recorder()
    simulate(rule, CANDLES, engine, Costs(), start=start)
    assert engine.enter == UP[2 if start else 0 :].tolist()
    assert engine.weight == weights[2 if start else 0 :].tolist()


@pytest.mark.parametrize("start", [None, int(ONE.ts[2])], ids=["whole", "start"])
@pytest.mark.parametrize("form", [np.array, list, tuple, lambda v: pd.Series(v, TIMES), pd.Series])
def test_one_symbol_takes_one_dimension(form, start):
    engine = Recorder()
    simulate(Fixed(lambda _: Orders(enter=form(UP[:, 0]))), ONE, engine, Costs(), start=start)
    assert engine.enter == UP[2 if start else 0 :, :1].tolist()


def test_a_buffer_that_is_used_again_does_not_change_earlier_orders():
    buffer = UP.copy()
    orders = Orders(enter=buffer).aligned(CANDLES)
    buffer[:] = False
    assert (orders.array("enter", CANDLES.shape) == UP).all()
    assert not orders.array("enter", CANDLES.shape).flags.writeable
