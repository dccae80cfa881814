"""A comparison in words: every deviation is one sentence with its numbers, and limits of the log are named."""

from __future__ import annotations

import dataclasses

import pytest

from cqs_monitor.compare.deviations import deviations
from cqs_monitor.compare.pairing import Tolerance, pair_up
from cqs_monitor.compare.position import Traded

DAY = 86_400_000


def position(entry: int, leave: int | None, price=100.0, out=110.0, quantity=10.0, late=0) -> Traded:
    left = None if leave is None else leave * DAY + late
    return Traded("BTC/KRW", entry, leave, entry * DAY, left, price, out, quantity, 0.0)


def said(expected, live, **tolerance):
    return [(one.kind, one.detail) for one in deviations(pair_up(expected, live, Tolerance(**tolerance)))]


CASES = {
    "missed": ([position(1, 5)], [], "the strategy bought, the bot did not"),
    "extra": ([], [position(1, 5)], "the bot bought, the strategy did not"),
    "late to buy": ([position(1, 5)], [position(3, 5)], "bought 2.0 days after the strategy's bar"),
    "late to sell": (
        [position(1, 5)],
        [position(1, 5, late=3 * 3_600_000)],
        "sold 3.0 hours after the strategy",
    ),
    "early": ([position(1, 5)], [position(1, 4)], "sold 24.0 hours before the strategy"),
    "still held": ([position(1, 5)], [position(1, None)], "still held where the strategy sold"),
    "sold alone": ([position(1, None)], [position(1, 4)], "sold where the strategy still holds"),
    "dear": ([position(1, 5)], [position(1, 5, price=101.0)], "bought +100.0 bp dearer, sold +0.0 bp cheaper"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_deviation_is_one_sentence(case):
    expected, live, sentence = CASES[case]
    assert [detail for _, detail in said(expected, live)] == [sentence]


def test_a_size_names_both_amounts():
    expected = [position(n, n + 1) for n in range(0, 9, 2)]
    live = [*expected[:-1], dataclasses.replace(expected[-1], quantity=5.0)]
    assert said(expected, live) == [("size", "paid 500 where the strategy pays 1,000")]


def test_a_tolerance_decides_what_differs():
    pair = [position(1, 5)], [position(1, 5, price=101.0, late=3_600_000)]
    assert [kind for kind, _ in said(*pair)] == ["late", "price"]
    assert said(*pair, price_bps=200.0, late_minutes=90.0) == []


def test_deviations_are_in_the_order_of_time():
    expected = [position(9, 12), position(1, 5)]
    found = deviations(pair_up(expected, [position(20, 22)], Tolerance()))
    assert [one.time[:10] for one in found] == ["1970-01-02", "1970-01-10", "1970-01-21"]
    assert found[0].json() == {
        "kind": "missed",
        "symbol": "BTC/KRW",
        "time": "1970-01-02T00:00:00+00:00",
        "detail": "the strategy bought, the bot did not",
    }


def test_a_position_in_json_has_no_exit_price_while_it_is_held():
    held = position(1, None).json("live_")
    assert (held["live_exit_price"], held["live_exit_time"]) == (None, None)
    assert held["live_pnl"] == pytest.approx(100.0)
    assert position(1, 5).json()["exit_price"] == 110.0


def test_the_first_rows_of_positions_are_text_with_links_and_unknown_figures():
    pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")
    import pandas as pd

    from cqs_monitor.views.comparison_table import NUMBERS, PAGE, SIGNED, first_rows_html

    row = {"opened": "2025-01-02", "symbol": "<b>/KRW", "what": "missed", "at": 1_735_776_000_000}
    figures = dict.fromkeys([*SIGNED, *NUMBERS], float("nan")) | {"rule_pnl": -1234.5, "entry_bps": 1.25}
    told = first_rows_html(pd.DataFrame([row | figures] * 40), lambda key: f"?position={key}")
    assert told.count("<tr") == PAGE + 1
    assert "<b>" not in told
    assert told.count('href="?position=&lt;b&gt;/KRW 2025-01-02T00:00:00"') == PAGE
    assert '<td class="down">-1,234</td><td class="">–</td><td>+1.2</td><td>–</td>' in told
