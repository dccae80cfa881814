"""The accounts of the Monitor page: chosen and sorted by links, and names of strangers are text."""

from __future__ import annotations

import base64
import csv
import io
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-monitor[panel]")

from cqs_monitor.views.accounts_table import accounts_html

EVIL = '<img src=x onerror="alert(1)">'
ACCOUNTS = pd.DataFrame(
    {
        "account": ["Main", "Second", EVIL],
        "total": [10.0, 1_500_000.0, -3.0],
        "today": [0.0, -20.0, 7.0],
        "week": [0.0, 0.0, 0.0],
        "month": [1.0, 2.0, 3.0],
        "sells": [0, 12_345, 2],
        "win_rate": [float("nan"), 38.94, 50.0],
        "held": [1.0, float("nan"), 0.0],
        "state": ["ok", "unreadable", "flat"],
    }
)


class _Read(HTMLParser):
    """Rows of cells as text, and the address of each link by its text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: dict[str, str] = {}
        self.tags: set[str] = set()
        self.current: list[str] = []
        self._link = ""

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "a":
            self._link = named["href"]
            self.current += ["x"] * ("aria-current" in named)

    def handle_data(self, data):
        if self.rows:
            self.rows[-1][-1] += data
        if self._link:
            self.links[data], self._link = self._link, ""


def read(chosen="", order="", accounts=ACCOUNTS):
    found = _Read()
    found.feed(accounts_html(accounts, chosen, order, lambda **values: f"?{values}"))
    return found


def test_unknown_figures_are_dashes_and_names_are_text():
    found = read()
    assert found.rows[1] == ["Main", "+10.00", "0", "0", "+1.00", "0", "–", "1", "ok"]
    assert found.rows[2] == ["Second", "+1,500,000", "-20.00", "0", "+2.00", "12,345", "38.9", "–", "unreadable"]
    assert found.rows[3][0] == EVIL
    assert "img" not in found.tags


def test_a_name_chooses_its_account_and_the_chosen_one_all():
    assert read().links["Second"] == "?{'account': 'Second'}"
    found = read(chosen="Second")
    assert found.links["Second"] == "?{'account': None}"
    assert found.current == ["x"]


def test_a_title_sorts_by_its_column_and_the_first_one_by_name():
    assert [row[0] for row in read().rows[1:]] == ["Main", "Second", EVIL]
    found = read(order="today")
    assert [row[0] for row in found.rows[1:]] == [EVIL, "Main", "Second"]
    assert found.links["Week"] == "?{'order': 'week'}"
    assert found.links["Account"] == "?{'order': None}"
    for unknown in ("state", "nothing", "<b>"):
        assert [row[0] for row in read(order=unknown).rows[1:]] == ["Main", "Second", EVIL]


def test_many_accounts_are_listed_to_a_limit_and_their_currency_is_shown_where_there_are_several():
    many = pd.DataFrame({**ACCOUNTS.iloc[[0] * 250].to_dict("list"), "account": [f"a{i:03d}" for i in range(250)]})
    text = accounts_html(many.assign(currency="KRW"), "", "", lambda **_: "?")
    assert text.count("<tr") == 201
    assert "50 more; choose one under Account." in text
    assert text.count(">KRW<") == 200


def test_what_accounts_hold_has_a_share_among_those_of_its_currency():
    held = ACCOUNTS.assign(unrealised=[5.0, float("nan"), 0.0], value=[300.0, float("nan"), 100.0])
    rows = read(accounts=held).rows
    assert rows[0][5:8] == ["Unrealized", "Value held", "Share %"]
    assert [row[5:8] for row in rows[1:]] == [["+5.00", "300.00", "75.0"], ["–", "–", "–"], ["0", "100.00", "25.0"]]
    several = read(accounts=held.assign(currency=["KRW", "KRW", "USDT"])).rows
    assert [row[7] for row in several[1:]] == ["100.0", "–", "100.0"]


def test_an_account_has_a_sparkline_of_its_last_days_and_the_csv_only_figures():
    lines = [np.linspace(1.0, 90.0, 90), -np.ones(90), np.zeros(90)]
    told = accounts_html(ACCOUNTS.assign(trend=lines), "", "trend", lambda **values: f"?{values}")
    assert told.count("<svg") == 2
    assert '<td title="+90.00 in 90 days"><svg class="up"' in told
    assert '<td title="-1.00 in 90 days"><svg class="down"' in told
    found = read(order="trend", accounts=ACCOUNTS.assign(trend=lines))
    assert [row[5] for row in found.rows] == ["90 days", "", "", "–"]
    assert "90 days" not in found.links  # a line is nothing to sort by
    assert "trend" not in base64.b64decode(re.search(r"base64,([^\"]+)", told)[1]).decode("utf-8-sig")


def test_the_accounts_are_a_csv_with_exact_figures():
    told = accounts_html(ACCOUNTS, "", "today", lambda **_: "?")
    data = base64.b64decode(re.search(r"base64,([^\"]+)", told)[1]).decode("utf-8-sig")
    head, first, second, *_ = csv.reader(io.StringIO(data))
    assert head[:3] == ["Account", "All time", "Today"]
    assert first[:3] == [EVIL, "-3.0", "7.0"]
    assert second == ["Main", "10.0", "0.0", "0.0", "1.0", "0", "", "1.0", "ok"]
