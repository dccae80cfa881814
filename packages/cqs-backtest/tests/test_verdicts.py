"""What is said of the figures of a search."""

import pytest

from cqs_backtest.search.verdicts import of_deflated_sharpe, of_overfitting, of_sweep, of_trials

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
