"""What is said of the figures of a search."""

import numpy as np
import pytest

from cqs_backtest.search.histogram import histogram
from cqs_backtest.search.verdicts import (
    of_deflated_sharpe,
    of_montecarlo,
    of_overfitting,
    of_permutation,
    of_stress,
    of_sweep,
    of_trials,
    of_walk_forward,
)

RESULT = {"best": {"sharpe": 1.2}, "trials": 90, "luck_sharpe": 0.4, "dsr": 0.97, "pbo": 0.1}
RESULT |= {"badges": {"lookahead": "ok", "lookahead_where": None}}


def test_a_good_sweep_is_called_good():
    assert [one.judgment for one in of_sweep(RESULT)] == ["good", "good", "good"]


@pytest.mark.parametrize(("dsr", "judgment", "text"), [(0.95, "good", "more than luck"), (0.949, "bad", "below 95%")])
def test_a_deflated_sharpe_of_less_than_95_percent_is_not_enough(dsr, judgment, text):
    told = of_deflated_sharpe(dsr, 12)
    assert told.judgment == judgment
    assert text in told.text


@pytest.mark.parametrize(("pbo", "judgment"), [(0.25, "good"), (0.3, "care"), (0.5, "bad"), (None, "")])
def test_overfitting_is_judged_by_a_coin_toss(pbo, judgment):
    assert of_overfitting(pbo).judgment == judgment


def test_what_is_unknown_is_said_and_not_judged():
    unknown = RESULT | {"dsr": None, "pbo": None, "luck_sharpe": None}
    assert {one.judgment for one in of_sweep(unknown)} == {""}
    assert of_deflated_sharpe(float("nan"), 5).figure == "unknown"
    assert of_trials(5, float("nan"), 1.0).judgment == ""


def test_no_set_and_a_peek_are_said():
    assert [one.figure for one in of_sweep(RESULT | {"best": None})] == ["none"]
    peeks = RESULT | {"badges": {"lookahead": "peeks", "lookahead_where": "bar 5, enter of BTC/KRW"}}
    assert [one.text for one in of_sweep(peeks)][-1] == "The best set may use the future: bar 5, enter of BTC/KRW."


WALK = {"efficiency": 0.6, "consistency": 0.75, "windows": [{}] * 8, "dsr": 0.97, "trials": 50}
PART = {"cagr": {"low": 2.0, "median": 10.0, "high": 30.0}, "ruin": 0.004}
STRESSED = {"base": {"total_return": 50.0}, "weakest": "with fee x 5 Sharpe falls from 1.00 to 0.10"}


@pytest.mark.parametrize(
    ("efficiency", "consistency", "judgments"),
    [(0.6, 0.75, ["good", "good"]), (0.2, 0.5, ["care", "care"]), (-0.1, 0.25, ["bad", "bad"])],
)
def test_a_walk_forward_is_judged_by_what_carries_over(efficiency, consistency, judgments):
    told = list(of_walk_forward(WALK | {"efficiency": efficiency, "consistency": consistency}))
    assert [one.judgment for one in told] == [*judgments, "good"]
    assert told[1].figure == f"{round(8 * consistency)} of 8"


@pytest.mark.parametrize(
    ("low", "median", "judgment"), [(2.0, 10.0, "good"), (-2.0, 10.0, "care"), (-9.0, -1.0, "bad")]
)
def test_monte_carlo_is_judged_by_its_poor_draws(low, median, judgment):
    part = PART | {"cagr": {"low": low, "median": median, "high": 30.0}}
    growth, ruin = of_montecarlo({"bootstrap": part, "options": {"ruin": 0.4}})
    assert growth.judgment == judgment
    assert (ruin.judgment, ruin.figure) == ("good", "0.4%")
    assert "below 40% of the capital" in ruin.text


def test_too_few_days_are_no_verdict():
    assert [one.figure for one in of_montecarlo({"bootstrap": None, "resample": None})] == ["unknown"]


@pytest.mark.parametrize(("value", "judgment"), [(0.05, "good"), (0.051, "bad")])
def test_entries_are_judged_by_their_p_value(value, judgment):
    assert of_permutation({"p_value": value}).judgment == judgment


@pytest.mark.parametrize(
    ("returns", "base", "judgment", "figure"),
    [
        ([40.0, 10.0], 50.0, "good", "0 of 2 break it"),
        ([40.0, -1.0, None], 50.0, "care", "1 of 2 break it"),
        ([-40.0], -5.0, "bad", "0 of 1 break it"),
    ],
)
def test_stress_counts_the_cases_that_turn_a_gain_into_a_loss(returns, base, judgment, figure):
    rows = [{"total_return": value} for value in returns]
    told = of_stress(STRESSED | {"base": {"total_return": base}, "rows": rows})
    assert (told.judgment, told.figure) == (judgment, figure)
    assert told.text == "With fee x 5 Sharpe falls from 1.00 to 0.10."


def test_samples_are_counted_each_once_and_what_is_unknown_is_left_out():
    found = histogram(np.array([1.0, 2.0, 2.0, np.nan, np.inf, 41.0]))
    assert (sum(found["counts"]), len(found["edges"])) == (4, 41)
    assert histogram(np.array([np.nan])) is None


@pytest.mark.parametrize("value", [0.0, 18.4, -1e9])
def test_samples_that_differ_by_rounding_alone_lie_side_by_side(value):
    found = histogram(value * (1 + np.arange(50) * 1e-16))
    assert sum(found["counts"]) == 50
    assert sum(count > 0 for count in found["counts"]) <= 2  # the value may be an edge
    assert found["edges"][0] < value < found["edges"][-1]
