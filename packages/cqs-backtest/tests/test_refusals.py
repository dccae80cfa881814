"""What commands of backtests refuse: one line with the fact and the remedy, and nothing is run or kept."""

import click
import pandas as pd
import param
import pytest
from handmade import WAVE

from cqs_backtest import backtest
from cqs_backtest.commands.sweep import confirm
from cqs_backtest.request import make_costs, make_request
from cqs_backtest.runs import listing
from cqs_backtest.search.objective import make_objective
from cqs_backtest.search.space import make_space
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.search.sweep import Sweep
from cqs_backtest.search.sweep_rows import SweepRows
from cqs_core import DataError, Strategy, UsageError

SWEEP = ("backtest", "sweep", "volatility_breakout", "--symbols", "BTC,ETH")
WALK = ("backtest", "walk-forward", "volatility_breakout", "--symbols", "BTC,ETH", "--param", "btc_ma=5,10")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("backtest", "compare", "one"), "compare needs two runs or more; `cqs backtest list` names them"),
        (
            ("backtest", "run", "buy_and_hold", "--symbols", "BTC/KRW,ETH/USDT"),
            "symbols are quoted in KRW and USDT; a backtest has one purse, so name one quote",
        ),
        (
            (*SWEEP, "--param", "btc_ma=5", "--param", "btc_ma=10"),
            "--param btc_ma is given twice; write all its values in one",
        ),
        ((*SWEEP, "--param", "btc_ma="), "--param btc_ma has no values; write btc_ma=lo:hi:step, or btc_ma=a,b,c"),
        ((*SWEEP, "--param", "btc_ma=few:many"), "--param btc_ma=few:many is not a range; write btc_ma=lo:hi:step"),
        (
            (*WALK, "--optimize-days", "0", "--test-days", "50"),
            "optimize and test days must be 1 or more, embargo days 0 or more",
        ),
        ((*SWEEP, "--param", "btc_ma=5:10:0.5"), "--param btc_ma=5:10:0.5 has fractions; 'btc_ma' takes"),
        ((*SWEEP, "--param", "noise_ratio=0.1:0.9:0.0000001"), "give a larger step"),
        (
            (*SWEEP, "--param", "btc_ma=5,10", "--random", "1", "--optimize", "1"),
            "--random and --optimize exclude each other; choose one",
        ),
        (
            (*WALK, "--optimize-days", "100", "--test-days", "50", "--step-days", "20"),
            "a step of 20 days is shorter than the test of 50: days would count twice; give --step-days 50 or more",
        ),
        (
            ("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--feature", "mood=notes.txt"),
            "--feature from 'notes.txt' is not known; write",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(cqs, bucket, command, told):
    code, out, err = cqs(*command)
    assert (code, out) == (2, "")
    assert told in " ".join(err.split())
    assert "Traceback" not in err
    assert listing(bucket) == []
    assert bucket.folders("sweeps") == []


def test_too_few_positions_prove_nothing(cqs, bucket):
    _, made, _ = cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--json")
    code, _, err = cqs("backtest", "permute", made["run"], "--no-keep")
    assert code == 2
    assert "are needed to test its entries" in " ".join(err.split())


def test_json_removes_no_files_unless_it_is_told_so(cqs, bucket):
    _, made, _ = cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--json")
    code, _, err = cqs("backtest", "delete", made["run"], "--for-good", "--json")
    assert code == 2
    assert "--json asks nothing: add --yes to remove files for good" in " ".join(err.split())
    assert [run["id"] for run in listing(bucket)] == [made["run"]]


def test_a_sweep_needs_an_objective_and_the_fast_engine():
    with pytest.raises(UsageError, match="no objective; name a metric, such as --objective sharpe"):
        make_objective([])
    request = make_request("buy_and_hold", ["BTC"], engine="bt", costs=make_costs())
    with pytest.raises(UsageError, match="engine 'bt' cannot run sweeps; make the request with engine 'fast'"):
        Sweep(request, {})


def test_features_and_symbols_without_common_dates_are_refused():
    days = WAVE.index[:3]
    torn = pd.Series([1.0, 2.0, 3.0], days[:2].append(pd.DatetimeIndex([pd.NaT], tz="UTC")))
    with pytest.raises(UsageError, match="feature 'mood' has a row without a time; drop it"):
        backtest("buy_and_hold", ["BTC"], data={"BTC": WAVE}, features={"mood": torn})
    apart = {"BTC": WAVE[:100], "ETH": WAVE[150:]}
    with pytest.raises(UsageError, match="has no bar in common with the other symbols; give symbols with common"):
        backtest("buy_and_hold", ["BTC", "ETH"], data=apart)


class Terminal:
    def isatty(self):
        return True


def test_a_search_that_takes_days_is_not_begun_unasked(monkeypatch):
    asked = []
    confirm("sweep", 10**9, 1e6, yes=True)
    with pytest.raises(UsageError, match=r"the sweep has 1,000,000,000 sets and takes about .*, or add --yes"):
        confirm("sweep", 10**9, 1e6, yes=False)
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(click, "confirm", lambda text, **_: asked.append(text))
    with pytest.raises(UsageError, match="nothing was run; narrow the ranges"):
        confirm("sweep", 10**9, 1e6, yes=False)
    assert "1,000,000,000 sets" in asked[0]


class Loose(Strategy):
    id = "loose"

    length = param.Number(5.0)
    lengths = param.Integer(5)


def test_a_parameter_without_bounds_is_searched_by_named_values():
    with pytest.raises(
        UsageError, match=r"'length' takes .* has no bounds to search; name its values: --param length="
    ):
        make_space(Loose, {"length": None})
    with pytest.raises(UsageError, match="strategy 'loose' has no parameter that can be searched; give one bounds"):
        make_space(Loose, {})
    assert len(make_space(Loose, {"length": "1,2"})) == 2


Wide = type("Wide", (Strategy,), {"id": "wide", **{f"p{n}": param.Integer(1, bounds=(1, 20)) for n in range(16)}})


def test_some_of_more_sets_than_can_be_counted_are_not_drawn():
    with pytest.raises(UsageError, match="more than 1e18 sets; give larger steps, or fewer parameters"):
        make_space(Wide, {}, count=5)


def test_rows_of_a_sweep_that_are_damaged_are_named(bucket):
    folder = SweepFolder(bucket, "20260101T000000-torn-abcdef")
    bucket.write(folder.part_key(0, 10), b"PAR1 torn")
    with pytest.raises(DataError, match=r"is damaged .*; remove that object, then resume the sweep to make its rows"):
        SweepRows(folder).frame()


def test_a_benchmark_has_candles_in_the_time_that_is_traded():
    data = {"BTC": WAVE[:100], "ETH": WAVE[150:]}
    with pytest.raises(UsageError, match=r"benchmark ETH/KRW .*; add them to data, or choose other dates"):
        backtest("buy_and_hold", ["BTC"], data=data, benchmark="ETH")
