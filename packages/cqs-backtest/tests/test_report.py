"""The tear sheet: one page that needs nothing else, in which a run's names are data."""

import importlib.util
import json
import zlib
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("cqs_panel", reason="needs the extra: cqs-backtest[panel]")

from test_charts import made

from cqs_backtest import charts
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.report import tear_sheet
from cqs_core import UsageError
from cqs_core.host import needing_panel
from cqs_panel.charts import picture
from cqs_panel.testing.browser import PATIENCE
from cqs_panel.testing.fixtures import chromium  # noqa: F401 - a fixture

HOSTILE = """</script><img src=x onerror="window.hit=1">'&lt;"""


def kept(name="rule", bars=400):
    """A kept run of which every text is the name."""
    run = made(bars)
    manifest = {
        "id": name,
        "created": name,
        "strategy": {"name": name},
        "symbols": [name],
        "exchange": name,
        "interval": "1d",
        "engine": name,
        "first": "2021-03-05",
        "last": "2022-04-08",
        "day_start": 0,
        "costs": {"capital": 1e7, "fee": 0.0005, "slippage_bps": 5, "lot": 0, "min_order": 0},
        "badges": {"lookahead": name, "parity": name, "gaps": 0},
        "performance": dict.fromkeys(CONVENTIONS, 1.0),
    }
    time = np.datetime64("2021-03-05", "ms")
    trade = {"symbol": name, "entry_time": time, "exit_time": time, "entry_price": 1.0, "exit_price": 2.0}
    trade |= {"pnl": 1.0, "return_pct": 1.0, "fees": 0.1, "reason": name}
    trades = pa.Table.from_pylist([trade | {"entry_time": time.item(), "exit_time": time.item()}])
    return SimpleNamespace(**vars(run) | {"manifest": manifest, "held": name, "trades": trades, "id": name})


class Tags(HTMLParser):
    """Tags with their attributes, and the text outside of scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] not in ("script", "style"):
            self.text += data


def test_it_is_one_page_that_asks_for_nothing():
    page = Tags(tear_sheet(kept()))
    assert not [tag for tag, attrs in page.tags if tag in ("link", "img", "iframe") or {"src", "href"} & set(attrs)]
    assert "Max drawdown" in page.text
    assert "rule on rule" in page.text


def test_what_comes_from_outside_is_data():
    plain, hostile = Tags(tear_sheet(kept())), Tags(tear_sheet(kept(HOSTILE)))
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert HOSTILE in hostile.text


@pytest.mark.browser
def test_it_opens_without_a_network_in_both_themes_and_on_a_phone(chromium, tmp_path):  # noqa: F811 - a fixture
    path = tmp_path / "report.html"
    path.write_text(tear_sheet(kept(HOSTILE)), "utf-8")
    for width, theme in ((1400, "light"), (420, "dark")):
        window = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, offline=True)
        window.set_default_timeout(PATIENCE)
        page, faults, asked = window.new_page(), [], []
        page.on("pageerror", lambda error, faults=faults: faults.append(str(error)))
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(path.as_uri())
        ground = "#161a21" if theme == "dark" else "#ffffff"
        figures = "[...Bokeh.documents[0].all_models].filter((m) => m.type == 'Figure')"
        page.wait_for_function(
            f"Bokeh.documents[0]?.is_idle && {figures}.length === 6 &&"
            f" {figures}.every((m) => m.border_fill_color == '{ground}')"
        )
        assert page.evaluate("window.hit") is None
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert (faults, [url for url in asked if not url.startswith("file:")]) == ([], [])
        window.close()


def test_a_short_run_has_a_report_without_what_it_is_too_short_for():
    page = Tags(tear_sheet(kept(bars=20)))
    assert "Sharpe of the last" not in page.text
    assert "Months" in page.text


def test_without_the_extra_the_remedy_is_told(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'cqs-backtest\[panel\]'"):
        needing_panel(lambda name: name, "cqs-backtest")("equity")


def test_a_chart_is_saved_as_html_or_refused(tmp_path, monkeypatch):
    chart = charts.years(made())
    path = charts.save(chart, tmp_path / "years.html")
    assert not [attrs for _, attrs in Tags(path.read_text("utf-8")).tags if {"src", "href"} & set(attrs)]
    with pytest.raises(UsageError, match=r"ends with .html or .png"):
        charts.save(chart, tmp_path / "years.pdf")
    with pytest.raises(UsageError, match="no folder"):
        charts.save(chart, tmp_path / "no" / "years.png")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("cqs_panel.charts.export._APPLICATIONS", ())
    with pytest.raises(UsageError, match="needs Chromium or Chrome, and none is installed"):
        charts.save(chart, tmp_path / "years.png")
    assert [one.name for one in tmp_path.iterdir()] == ["years.html"]


@pytest.mark.once
@pytest.mark.browser
def test_a_page_is_saved_as_a_picture_of_all_of_it(tmp_path):
    for height in (60, 1234):
        page = f"<!doctype html><body style='margin:0'><div style='height:{height}px;background:#00f'></div></body>"
        try:
            drawn = picture(page, 500)
        except UsageError as error:
            pytest.skip(str(error))
        assert drawn[:8] == b"\x89PNG\r\n\x1a\n"
        assert (int.from_bytes(drawn[16:20]), int.from_bytes(drawn[20:24])) == (500, height)
        assert pixels(drawn) == {b"\x00\x00\xff"}


def pixels(png):
    """Colors in a picture whose rows are all alike: the first one is coded whole."""
    size = int.from_bytes(png[33:37])
    data = zlib.decompress(png[41 : 41 + size])
    row = len(data) // int.from_bytes(png[20:24])
    depth = (row - 1) // int.from_bytes(png[16:20])
    rows = {data[i : i + row] for i in range(row, len(data), row)}
    assert all(set(one[1:]) == {0} for one in rows)  # as the row above
    return {bytes(data[i : i + 3]) for i in range(1, row, depth)} if data[0] == 0 else {bytes(data[1:4])}


def test_the_command_writes_it(cqs, tmp_path):
    code, made_run, _ = cqs("backtest", "run", "buy_and_hold", "--symbols", "BTC", "--json")
    assert code == 0
    path = tmp_path / "report.html"
    told = cqs("backtest", "report", made_run["run"], "--output", str(path), "--json")[1]
    assert told == {"run": made_run["run"], "output": str(path)}
    assert json.dumps(made_run["run"]) in Tags(path.read_text("utf-8")).text
