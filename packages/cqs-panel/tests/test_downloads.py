"""Every table is downloaded as CSV, and every chart saved as a picture."""

from __future__ import annotations

import base64
import re

import numpy as np
import pandas as pd
import pytest

from cqs_panel import csv_link, plain_table, table, table_csv

EVIL = '"><script>alert(1)</script>'


def content(link: str) -> list[str]:
    data = re.search(r'href="data:text/csv;base64,([^"]*)"', link)
    return base64.b64decode(data[1]).decode("utf-8-sig").splitlines()


def test_a_small_table_has_a_link_with_all_of_it():
    rows = [("BTC, 메인", "+1,234.5", None), ("=1+1", "-740,305", "–")]
    assert content(csv_link(["Market", "PnL", "Note"], rows, "pnl.csv", numbers={1})) == [
        "Market,PnL,Note",
        '"BTC, 메인",1234.5,',
        "'=1+1,-740305,–",
    ]


def test_names_of_strangers_stay_text():
    shown = plain_table([EVIL], [[EVIL]], filename=EVIL).object
    assert "<script" not in shown
    assert content(shown) == [f'"{EVIL.replace(chr(34), chr(34) * 2)}"'] * 2
    assert "csv" not in plain_table(["Empty"], []).object


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # Panel's own
def test_a_large_table_is_downloaded_with_its_titles_and_with_columns_that_are_not_shown():
    frame = pd.DataFrame({"id": ["x"], "market": ["BTC"], "price": [1234.5], "note": ["=2"]})
    shown = table(frame, titles={"market": "Market", "price": "Price"}, hidden=["id"], more=["note"])
    made = table_csv(shown, "markets.csv").callback().getvalue().decode("utf-8-sig")
    assert made.splitlines() == ["Market,Price,note", "BTC,1234.5,'=2"]


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # Panel's own
def test_a_table_is_downloaded_as_it_is_filtered_and_sorted():
    shown = table(pd.DataFrame({"market": ["BTC/KRW", "ETH/KRW", "ETH/USDT"], "price": [3.0, 1.0, 2.0]}))
    shown.filters = [{"field": "market", "type": "like", "value": "eth"}]  # as the browser tells them
    shown.sorters = [{"field": "price", "dir": "desc"}]
    made = table_csv(shown, "markets.csv").callback().getvalue().decode("utf-8-sig")
    assert made.splitlines() == ["market,price", "ETH/USDT,2.0", "ETH/KRW,1.0"]


@pytest.mark.parametrize("kind", ["bars", "histogram"])
def test_a_chart_without_a_toolbar_still_saves_a_picture_and_takes_no_more_room(kind):
    from bokeh.models import PanTool, SaveTool

    from cqs_panel.charts import category_bars, histogram, look
    from cqs_panel.charts.appearance import rendered

    chart = {
        "bars": lambda: category_bars(look(), {"BTC": 1.0, "ETH": -2.0}, unit="KRW", height=200),
        "histogram": lambda: histogram(look(), np.array([1.0, 2.0, 2.0]), unit="", of="Days", bins=3, height=200),
    }[kind]()
    shown = rendered(chart)
    assert shown.select(SaveTool)
    assert [type(tool) for tool in shown.tools if tool.visible] == [SaveTool]
    assert not shown.select(PanTool)  # a drag would move it, and no button resets it
    assert shown.toolbar_inner
    assert shown.toolbar.autohide
