from __future__ import annotations

import pytest

from cqs_core import Bucket, DataError, UsageError
from cqs_core.trading.costs_file import MeasuredCosts, costs_key, read_costs

MEASURED = MeasuredCosts(
    "메인", 4.25, 6.0, 2.5, 12, 6e7, "upbit", "volatility_breakout", "2025-01-01", "2025-02-01", "2025-02-02"
)


@pytest.mark.parametrize("name", ["메인", "../../x", "a b", "<script>", "..", "n" * 300, "가" * 100])
def test_costs_come_back_for_any_name_and_stay_in_their_folder(tmp_path, name):
    bucket = Bucket(str(tmp_path))
    costs = MeasuredCosts(**(vars(MEASURED) | {"account": name}))
    key = costs.write(bucket)
    assert key.count("/") == 1
    assert [entry.key for entry in bucket.list("costs")] == [key]
    assert read_costs(bucket, name) == costs


def test_names_that_differ_late_have_keys_of_their_own():
    assert costs_key("n" * 300 + "a") != costs_key("n" * 300 + "b")


def test_what_was_never_measured_says_how_to_measure(tmp_path):
    with pytest.raises(UsageError, match="--save-costs"):
        read_costs(Bucket(str(tmp_path)), "Main")


def test_a_damaged_file_says_so(tmp_path):
    bucket = Bucket(str(tmp_path))
    bucket.write(costs_key("Main"), b'{"account": "Main"')
    with pytest.raises(DataError, match=r"costs/Main\.json"):
        read_costs(bucket, "Main")


def test_an_account_that_did_better_than_wanted_costs_nothing():
    assert MeasuredCosts(**(vars(MEASURED) | {"slippage_bps": -3.0})).slip == 0
    assert MEASURED.slip == pytest.approx(0.000425)
