"""Which BUY a SELL sold, and what does not add up with positions.json."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logfiles import buy, day, sell

from cqs_monitor import Logs
from cqs_monitor.logs.bot.lines import table_of
from cqs_monitor.logs.bot.row import Row
from cqs_monitor.logs.table import SCHEMA
from cqs_monitor.performance.lots import match
from cqs_monitor.performance.reconciliation import reconcile as check


def reconcile(bucket):
    """All findings, by account."""
    snapshot = Logs(bucket).refresh()
    return [f for name in snapshot.accounts for f in check(name, snapshot.only(name), snapshot.held(name))]


def positions(**held: float) -> bytes:
    entries = {s: {"symbol": s, "quantity": q, "entry_price": 100.0, "entry_time": None} for s, q in held.items()}
    return json.dumps(entries).encode()


@pytest.fixture
def kinds(bucket, put):
    """What is found with these rows and positions: (kind, symbol, logged, held)."""

    def find(rows: list[bytes], held: bytes | None) -> list[tuple[object, ...]]:
        put("logs/Main/trades_2025-10-20.csv", day(*rows))
        if held is not None:
            put("logs/Main/positions.json", held)
        return [(f.kind, f.symbol, f.logged, f.held) for f in reconcile(bucket)]

    return find


BOUGHT = buy("2025-10-20T10:00:00", "BTC", 100.0, 2.0)
SOLD = sell("2025-10-20T11:00:00", "BTC", 110.0, 2.0, 100.0)


def test_what_is_bought_and_held_or_bought_and_sold_adds_up(kinds):
    assert kinds([BOUGHT], positions(BTC=2.0)) == []
    assert kinds([BOUGHT, SOLD], positions()) == []


def test_partial_fills_add_up(kinds):
    parts = [sell(f"2025-10-20T11:00:0{i}", "BTC", 110.0, 0.5, 100.0) for i in range(4)]
    assert kinds([BOUGHT, *parts], positions()) == []


def test_a_purchase_neither_sold_nor_held_is_an_orphan(kinds):
    assert kinds([BOUGHT], positions()) == [("orphan_buy", "BTC", 2.0, 0.0)]


def test_an_orphan_does_not_shift_later_sales(kinds):
    later = [buy("2025-10-20T12:00:00", "BTC", 120.0, 2.0), sell("2025-10-20T13:00:00", "BTC", 130.0, 2.0, 120.0)]
    assert kinds([BOUGHT, *later], positions()) == [("orphan_buy", "BTC", 2.0, 0.0)]


def test_a_purchase_sold_in_part_lacks_a_sale(kinds):
    part = sell("2025-10-20T11:00:00", "BTC", 110.0, 0.5, 100.0)
    assert kinds([BOUGHT, part], positions()) == [("missing_sell", "BTC", 1.5, 0.0)]


def test_what_is_held_or_sold_and_was_never_bought_lacks_a_purchase(kinds):
    assert kinds([BOUGHT, SOLD], positions(ETH=1.0)) == [("missing_buy", "ETH", 0.0, 1.0)]
    assert kinds([SOLD], positions()) == [("missing_buy", "BTC", -2.0, None)]


def test_another_quantity_than_the_trades_leave_is_told(kinds):
    assert kinds([BOUGHT], positions(BTC=1.4)) == [("quantity", "BTC", 2.0, 1.4)]


def test_dust_and_rounding_are_no_finding(kinds):
    assert kinds([BOUGHT, SOLD], positions(BTC=1e-8)) == []
    assert kinds([BOUGHT], positions(BTC=2.0 + 1e-9)) == []


def test_unreadable_positions_are_unknown_rather_than_flat(kinds):
    assert kinds([BOUGHT], b"{") == [("unknown", None, None, None)]


def test_an_account_without_positions_that_has_bought_has_orphans(kinds):
    assert kinds([BOUGHT], None) == [("orphan_buy", "BTC", 2.0, 0.0)]


def test_rows_whose_price_times_quantity_is_not_their_amount_are_told(kinds):
    wrong = BOUGHT.replace(b",200.0,", b",300.0,")
    assert kinds([wrong, SOLD], positions())[0][:2] == ("amount", "BTC")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("AB"), st.integers(1, 50)), max_size=40))
def test_no_quantity_is_lost_or_made_whatever_the_order(rows):
    made = [
        Row(i, 0, sell_, symbol, 100.0, float(q), 100.0 * q, 0.0 if sell_ else None, 0.0 if sell_ else None)
        for i, (sell_, symbol, q) in enumerate(rows)
    ]
    table = table_of(made, list(range(len(made))), [0] * len(made)).select(SCHEMA.names)
    lots, strays = match(table)
    for symbol in "AB":
        bought = sum(r.quantity for r in made if not r.sell and r.symbol == symbol)
        sold = sum(r.quantity for r in made if r.sell and r.symbol == symbol)
        left = sum(lot.left for lot in lots if lot.symbol == symbol)
        stray = sum(one.quantity for one in strays if one.symbol == symbol)
        assert bought - left == pytest.approx(sold - stray)
        assert all(lot.left >= -1e-9 for lot in lots)


def test_real_logs_leave_two_purchases_that_were_sold_by_hand_or_after_the_log_ends(real):
    found = reconcile(real)
    assert [(f.kind, f.symbol) for f in found] == [("orphan_buy", "XRP"), ("orphan_buy", "BTC")]
