"""An answer that comes when the user has gone on changes nothing: neither the page nor its address."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from cqs_backtest.views.backtest import BacktestView
from cqs_backtest.views.optimize import OptimizeView
from cqs_backtest.views.validate import ValidateView
from cqs_core import Bucket, Lake, Series
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY
from cqs_data.views.files import FilesPanel
from cqs_data.views.series import SeriesPanel
from cqs_monitor import Logs
from cqs_monitor.performance.reader import Figures, Reading
from cqs_monitor.performance.report import Choice, make_report
from cqs_monitor.views.trade_groups import TradeGroups
from cqs_monitor.views.trades import TradesSection
from cqs_panel import PageState

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # Panel's table uses it
COLUMNS = ["group", "pnl", "sales", "won", "trades", "amount"]
HEAD = "timestamp,date,action,symbol,price,quantity,amount,profit_pct,profit_krw\r\n"


class Shell:
    """What is asked for is done at once, and arrives when the test says so; `said` is what the user was told."""

    demo = False

    def __init__(self, folder):
        folder.mkdir()
        self.bucket = Bucket(folder)
        self.settings = SimpleNamespace(timezone="UTC", day_start=0, exchange="upbit", quote="KRW", endpoint=None)
        self.said, self._under_way, self._waiting = [], {}, {}

    def spawn(self, page, work, show, *, quiet):
        if show in self._under_way:
            self._waiting[show] = work
        else:
            self._under_way[show] = work()

    def arrive(self):
        """What is under way; what waited for it is under way then."""
        for show, found in [*self._under_way.items()]:
            del self._under_way[show]
            show(found)
            if (work := self._waiting.pop(show, None)) is not None:
                self._under_way[show] = work()

    def settle(self):
        while self._under_way:
            self.arrive()

    def say(self, text):
        self.said.append(text)

    def later(self, page, call, place):
        call()

    def address(self, page):
        """It is written."""

    every = on_job = at_end = fail = lambda self, *about: None


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path / "bucket")


@pytest.mark.parametrize(
    ("build", "name"),
    [(BacktestView, "run"), (OptimizeView, "run"), (OptimizeView, "sweep"), (ValidateView, "run")],
    ids=["backtest", "optimize-run", "optimize-sweep", "validate"],
)
def test_a_run_that_is_not_there_is_told_only_while_it_is_asked_for(shell, build, name):
    page = PageState(shell, "page")
    build(page)
    shell.settle()
    page.query = {name: "gone"}
    page.query = {name: "other"}
    shell.arrive()
    assert (shell.said, page.query) == ([], {name: "other"})
    shell.settle()
    assert ("other" in "".join(shell.said), "gone" in "".join(shell.said), page.query) == (True, False, {})
    page.query = {name: "gone"}
    page.query = {}
    shell.said.clear()
    shell.settle()
    assert shell.said == []


def test_a_trade_that_is_clicked_while_another_chart_is_under_way_stays_chosen(shell):
    row = "2025-10-20T10:00:00+09:00,2025-10-20,BUY,BTC,1000.0,5.0,5000.0,,\r\n"
    shell.bucket.write("logs/Main/trades_2025-10-20.csv", (HEAD + row).encode())
    page = PageState(shell, "monitor")
    section = TradesSection(page)
    section.update(make_report(Reading(Figures(Logs(shell.bucket).refresh()), {}, 0), Choice(), 0))
    page.query = {"trade": "2025-10-20 10:00:00 BTC"}
    shell.settle()
    assert (shell.said, page.query) == ([], {"trade": "2025-10-20 10:00:00 BTC"})
    page.query = {"trade": "2025-10-20 10:00:00 ETH"}
    shell.settle()
    assert page.query == {}
    assert "ETH" in shell.said[0]


def test_a_group_that_is_clicked_is_of_the_kind_that_is_shown(shell):
    groups = TradeGroups(PageState(shell, "monitor"), lambda: None, print)
    groups.choice.value = "account"
    groups.choice.value = "day"
    groups.show(("account", pd.DataFrame([["Main", 1.0, 1, 100.0, 1, 5.0]], columns=COLUMNS)))
    assert (groups.was, groups.by) == ("account", "day")


def test_candles_of_a_series_are_not_shown_below_another_one(shell):
    lake = Lake(shell.bucket)
    for market in ("BTC/KRW", "ETH/KRW"):
        lake.append(Series("upbit", market, "1d"), flat_table(10, interval="1d"), 0, 10 * DAY)
    panel = SeriesPanel(PageState(shell, "data"), print, print)
    (one, other), holes = lake.status(), next(iter(lake.holes()))
    panel.show(one, holes)
    panel.blank("The lake has no such series", "Choose one.")
    shell.settle()
    assert not panel.details.visible
    panel.show(one, holes)
    panel.show(other, holes)
    shell.arrive()
    assert not panel.details.visible
    shell.settle()
    assert panel.details.visible


def test_a_verdict_on_other_files_does_not_let_them_be_stored(shell):
    panel = FilesPanel(PageState(shell, "data"), print)
    for name, high in (("ETHUSDT-1d.csv", 3), ("BTCUSDT-1d.csv", 4)):
        rows = "".join(f"2024-01-0{day},1,{high},0.5,2,7\n" for day in (1, 2, 3))
        panel._files.param.update(filename=[name], value=[f"date,open,high,low,close,volume\n{rows}".encode()])
    shell.arrive()
    assert panel._store.disabled
    shell.settle()
    assert not panel._store.disabled
