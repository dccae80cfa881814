"""The trades of a run: a table, and the candles around the one that was clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import panel as pn

from cqs_core import Series
from cqs_core.time.intervals import length
from cqs_panel import (
    Marks,
    Spot,
    SpotChart,
    choose,
    columns_button,
    csv_button,
    empty,
    ended,
    refresh,
    section,
    stack,
    table,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.runs import StoredRun
    from cqs_panel import PageState

_TITLES = {
    "symbol": "Symbol",
    "entry": "Entry",
    "exit": "Exit",
    "pnl": "PnL",
    "return_pct": "Return %",
    "reason": "Reason",
    "entry_price": "Bought at",
    "exit_price": "Sold at",
    "bars": "Bars",
    "mae_pct": "MAE %",
    "mfe_pct": "MFE %",
    "fees": "Fees",
}
_PHONE = ("symbol", "exit", "pnl", "return_pct")
_DAY_OR_MORE = ("1d", "1w", "1M")


class RunTrades(pn.viewable.Viewer):
    """Round trips of a run, newest first; a click shows the candles around one, with the marks of all of its symbol."""

    def __init__(self, page: PageState, run: StoredRun) -> None:
        super().__init__()
        self._page, self._run = page, run
        self._trades = run.trades_frame().iloc[::-1].reset_index(drop=True)
        note, day_start = "fills of this run; times in UTC", run.manifest["day_start"]
        self._table: Any = None
        self._stretch: tuple[int, int] | None = None
        self._listed = list(range(len(self._trades)))  # rows of all trades that the table shows
        self._around = SpotChart(page, "cqs-run-chart", note, height=320, day_start=day_start)
        if not self._trades.empty:
            self._draw()

    def __panel__(self) -> Any:
        if self._trades.empty:
            return section(
                "Trades", empty("No trades", "The strategy made no trades: widen the dates or change its parameters.")
            )
        csv = csv_button(lambda: self._trades, f"{self._run.id}-trades.csv")
        table_ = self._table = self._made_table()
        if self._stretch is not None:  # else it has all rows already
            self.within(self._stretch)
        self._mark()
        note = "round trips, first in first out; click one to see its candles"
        rows = section("Trades", table_, note=note, actions=[columns_button(table_), csv])
        return stack(self._around, rows)

    def within(self, stretch: tuple[int, int] | None) -> None:
        """List only trades that were held in a stretch of time, ms UTC; None lists all."""
        self._stretch = stretch
        if self._table is None:
            return
        held = self._held(stretch) if stretch else np.ones(len(self._trades), bool)
        self._listed = np.flatnonzero(held).tolist()
        refresh(self._table, self._rows().iloc[self._listed].reset_index(drop=True))
        self._mark()

    def _held(self, stretch: tuple[int, int]) -> Any:
        first, last = (pd.Timestamp(edge, unit="ms", tz="UTC") for edge in stretch)
        entered, left = self._trades["entry_time"], self._trades["exit_time"]
        return ((entered <= last) & (left.isna() | (left >= first))).to_numpy()

    def _rows(self) -> pd.DataFrame:
        shown = self._trades.assign(entry=self._times("entry_time"), exit=self._times("exit_time"))
        return shown[list(_TITLES)]

    def _made_table(self) -> Any:
        return table(
            self._rows(),
            titles=_TITLES,
            numbers={"fees": "0,0", "bars": "0,0"},
            prices={"entry_price": "symbol", "exit_price": "symbol"},
            phone=_PHONE,
            signed={"pnl": 0, "return_pct": 2, "mae_pct": 1, "mfe_pct": 1},
            bars=("return_pct",),
            filters=("symbol", "reason"),
            page_size=12,
            on_click=self._focus,
        )

    def _times(self, column: str) -> list[str]:
        zone = self._page.settings.timezone
        days = self._run.manifest["interval"] in _DAY_OR_MORE
        known = self._trades[column].notna()
        stamps = [at.value // 1_000_000 if ok else None for at, ok in zip(self._trades[column], known, strict=True)]
        return [when(ts, "UTC" if days else zone)[: 10 if days else None] for ts in stamps]

    def _focus(self, row: int) -> None:
        number = len(self._trades) - self._listed[row]
        self._page.goto(self._page.slug, **self._page.query | {"market": None, "trade": number})

    def follow(self) -> None:
        """Show the trade that the address names now."""
        if not self._trades.empty:
            self._draw()

    def _draw(self) -> None:
        """The trade that the address names, by its number from the first; else the newest one's market."""
        number, symbols = self._asked(), sorted(self._trades["symbol"].unique())
        trade = self._trades.iloc[len(self._trades) - number if number else self._newest_of(symbols)]
        made = self._run.manifest
        mine = self._trades[self._trades["symbol"] == trade["symbol"]].iloc[::-1]
        series = Series(made["exchange"], trade["symbol"], made["interval"])
        past = ended("this run", int(self._run.ts[-1]) + length(made["interval"]), made["interval"])
        self._around.show(series, _marks(mine), self._spot(trade, number) if number else None, past=past)
        self._around.chart.offer(symbols, trade["symbol"], self._choose)
        self._mark()

    def _newest_of(self, symbols: Sequence[str]) -> int:
        """Row of the newest trade of the market that the address names, else of any."""
        asked = self._page.query.get("market", "")
        return int((self._trades["symbol"] == asked).argmax()) if asked in symbols else 0

    def _choose(self, market: str) -> None:
        self._page.remember(market=market, trade=None)
        self._draw()

    def _asked(self) -> int:
        """The number of the trade that the address names; 0 where it names none, or one that is not there."""
        asked = self._page.query.get("trade", "")
        if asked.isdecimal() and 0 < int(asked) <= len(self._trades):
            return int(asked)
        if asked:
            self._page.remember(trade=None)
            self._page.say(f"This run has no trade {asked[:20]!r}; it has {len(self._trades)}.")
        return 0

    def _mark(self) -> None:
        if self._table is not None:
            number = self._page.query.get("trade", "")
            place = len(self._trades) - int(number) if number.isdecimal() else None
            choose(self._table, self._listed.index(place) if place in self._listed else None)

    def _spot(self, trade: Any, number: int) -> Spot:
        start = trade["entry_time"].value // 1_000_000
        is_open = trade["reason"] == "open"
        end = int(self._run.ts[-1]) if is_open else trade["exit_time"].value // 1_000_000
        return Spot(start, end, f"trade {number}, {trade['return_pct']:+.2f} %{', still open' if is_open else ''}")


def _marks(trades: pd.DataFrame) -> list[Marks]:
    closed = trades[trades["reason"] != "open"]
    labels = [f"{why}, {pct:+.2f} %" for why, pct in zip(closed["reason"], closed["return_pct"], strict=True)]
    return [
        Marks("bought", _ms(trades["entry_time"]), trades["entry_price"].to_numpy(), "buy"),
        Marks("sold", _ms(closed["exit_time"]), closed["exit_price"].to_numpy(), "sell", labels),
    ]


def _ms(times: pd.Series[Any]) -> Any:
    return pd.DatetimeIndex(times).as_unit("ms").asi8
