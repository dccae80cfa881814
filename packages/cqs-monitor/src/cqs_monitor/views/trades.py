"""The trades: filtered, exported, and marked on candles."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import panel_material_ui as pmui

from cqs_core.time.clock import now
from cqs_core.time.intervals import DAY
from cqs_monitor.logs.days import date_of, today
from cqs_monitor.logs.snapshot import start_of_day
from cqs_monitor.performance.blotter import TradeFilter, chosen_trades, trades_frame
from cqs_monitor.performance.convention import AccountConvention
from cqs_monitor.performance.reader import Figures
from cqs_monitor.performance.report import Choice
from cqs_monitor.performance.trade_groups import TradeTotals, trade_groups, trade_totals
from cqs_monitor.views.trade_groups import DayRange, TradeGroups, totals_text
from cqs_monitor.views.trades_on_candles import find_series, marks_of, wanted
from cqs_panel import (
    WIDE,
    SpotChart,
    bar,
    choose,
    columns_button,
    csv_button,
    html,
    refresh,
    section,
    stack,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import pyarrow as pa

    from cqs_core import Series
    from cqs_monitor.performance.report import Report
    from cqs_monitor.performance.trade_groups import Group
    from cqs_panel import Marks, PageState, Spot

    _Listed = tuple[TradeTotals, pd.DataFrame | None, tuple[Group, pd.DataFrame] | None]
    _Drawn = tuple[str | None, str, Series | None, list[Marks], Spot | None]

MOST = 500
"""Rows that the table holds; the filter looks at all, and the export has all."""

_TITLES = {"time": "Time", "account": "Account", "action": "Side", "symbol": "Symbol", "price": "Price"}
_TITLES |= {"quantity": "Quantity", "amount": "Amount", "profit_pct": "Profit %", "profit": "Profit"}
_SHOWN = 120 * DAY  # before the last trade


class TradesSection(pn.viewable.Viewer):
    """A filter, a table of the newest rows that pass it, and a chart of one symbol with its trades."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._figures, self._choice, self._convention = Figures(), Choice(), AccountConvention()
        self._drawn: tuple[Any, ...] = ()
        self._usual: str | None = None
        self._offering = False
        text = page.query.get("filter", "")
        self._filter = pmui.TextInput(label="Filter: sell btc 2025-11", value=text, width=260, size="small", margin=0)
        self._filter.param.watch(self._filtered, "value")
        self._csv = csv_button(self._export, "trades.csv")
        self._days = DayRange(page, self._list, lambda: date_of(today(now(), self._convention.zone)))
        self._told = html("")
        self._table = _table(trades_frame(Figures().rows()), self._pick)
        self._groups = TradeGroups(page, self._list, self._narrow)
        self._symbol = pmui.Select(label="Symbol", options=[], width=140, size="small", margin=0)
        self._symbol.param.watch(lambda _: self._chosen_symbol(), "value")
        note = "buys and sells of the choice above; times in UTC"
        self._chart = SpotChart(
            page, "cqs-trades-chart", note, height=340, actions=[self._symbol], own=["monitor.trades"]
        )
        self._about = pn.Column(**WIDE)
        self._missing = section("On candles", self._about, visible=False)
        page.param.watch(self._followed, "query")

    def __panel__(self) -> Any:
        head = bar(
            self._groups.choice, self._filter, self._days, self._days.menu, columns_button(self._table), self._csv
        )
        note = "newest first; times on the bot's clock; click one to see it on candles, or a group to see its trades"
        rows = section("Trades", head, self._told, self._table, self._groups, note=note)
        return stack(self._missing, self._chart, rows)

    def _pick(self, row: int) -> None:
        chosen = self._table.value.iloc[row]
        asked = {"trade": f"{chosen['time']} {chosen['symbol']}", "day": None, "symbol": None}
        self._page.goto(self._page.slug, **self._page.query | asked)

    def _followed(self, event: Any) -> None:
        """The back button, and links of other parts of the page."""
        if event.new.get("filter", "") != self._filter.value:
            self._filter.value = event.new.get("filter", "")
        asked = event.new.get("symbol", self._usual)
        if other := asked != self._symbol.value and asked in self._symbol.options:  # a click on a position
            self._quietly(lambda: self._symbol.param.update(value=asked))
        self._days.follow(event.new)
        self._groups.follow(event.new)
        moved = any(event.old.get(name) != event.new.get(name) for name in ("trade", "day"))
        if other or moved:
            self._draw()
        if other:
            self._page.reveal("cqs-trades-chart")
        if moved:
            self._mark()

    def update(self, report: Report) -> None:
        """Show another report's trades; where nothing changed nothing is sent."""
        figures, choice = report.reading.figures, report.choice
        if figures is self._figures and choice == self._choice:
            return
        self._figures, self._choice, self._convention = figures, choice, report.convention
        rows = self._rows()
        symbols = sorted(str(name) for name in rows["symbol"].unique().to_pylist())
        if symbols != self._symbol.options:
            asked = self._page.query.get("symbol")
            self._usual = _most_traded(rows)
            if asked and asked not in symbols:
                self._page.remember(symbol=None)
                self._page.say(f"No trade of {asked[:40]!r} is logged; {self._usual} is shown.")
            value = asked if asked in symbols else self._usual
            self._quietly(lambda: self._symbol.param.update(options=symbols, value=value))
        self._list()
        self._draw()

    def _filtered(self, event: Any) -> None:
        self._page.remember(filter=event.new)
        self._list()

    def _list(self) -> None:
        figures, choice, asked, by = self._figures, self._choice, self._asked, self._groups.by

        def work() -> _Listed:
            rows = chosen_trades(figures, choice, asked)
            totals = trade_totals(rows, net=choice.net)
            if by is not None:
                return totals, None, (by, trade_groups(rows, by, net=choice.net))
            return totals, trades_frame(rows.where(np.arange(min(MOST, totals.trades))), net=choice.net), None

        self._page.load(work, self._fill, quiet=True)

    @property
    def _asked(self) -> TradeFilter:
        return TradeFilter(self._filter.value_input or self._filter.value, *self._days.value)

    def _narrow(self, group: str) -> None:
        """The trades of a group."""
        self._groups.leave()
        if self._groups.was == "day":
            self._days.choose(group)
        elif self._groups.was == "account":
            self._page.goto(self._page.slug, **self._page.query | {"account": group, "group": None})
        else:
            self._filter.value = f"{self._filter.value} {group}".strip()

    def _rows(self) -> pa.Table:
        """Trades of all accounts in the chosen currency, or of the chosen one."""
        return self._figures.rows().of(self._choice.accounts(self._figures.snapshot)).table

    def _fill(self, found: _Listed) -> None:
        totals, frame, groups = found
        self._table.visible = frame is not None
        if frame is not None:
            refresh(self._table, frame)
            self._mark()
        self._groups.show(groups)
        kind = "net of estimated fees; the CSV is gross, as logged" if self._choice.net else "gross of fees, as logged"
        limit = f"; the newest {MOST} are listed, the CSV has all" if frame is not None and totals.trades > MOST else ""
        shown = f"{kind}{limit}; times in {self._convention.zone}; quantities rounded"
        self._told.object = (
            f'<div style="font-size:13px"><b>{escape(totals_text(totals, self._convention.currency))}</b> '
            f'<span style="color:var(--cqs-muted);font-size:12px">{escape(shown)}</span></div>'
        )

    def _mark(self) -> None:
        """Mark the trade that the address names."""
        rows, wanted = self._table.value, self._page.query.get("trade", "")
        keys = [f"{time} {symbol}" for time, symbol in zip(rows["time"], rows["symbol"], strict=True)]
        choose(self._table, keys.index(wanted) if wanted in keys else None)

    def _export(self) -> pd.DataFrame:
        """The groups, where they are shown; else all trades that pass the filter."""
        if (groups := self._groups.file()) is not None:
            return groups
        return trades_frame(chosen_trades(self._figures, self._choice, self._asked))

    def _draw(self) -> None:
        bucket, choice, asked, usual = self._page.bucket, self._choice, dict(self._page.query), self._symbol.value
        snapshot, rows = self._figures.snapshot, self._rows()
        form = next((snapshot.formats[name] for name in choice.accounts(snapshot)), None)

        def work() -> _Drawn:
            assert form is not None
            symbol, spot = wanted(rows, asked, usual, form, start_of_day(form, choice.day_start))
            series, marks = find_series(bucket, symbol, form), marks_of(rows, symbol, form.currency)
            return asked.get("trade"), symbol, series, marks, spot

        if usual and form is not None:
            self._page.load(work, self._show, quiet=True)

    def _quietly(self, change: Callable[[], Any]) -> None:
        """Change the choice of symbols as the user did not."""
        self._offering = True
        try:
            change()
        finally:
            self._offering = False

    def _chosen_symbol(self) -> None:
        if self._offering:
            return
        symbol = self._symbol.value
        self._page.remember(symbol=None if symbol == self._usual else symbol, trade=None, day=None)
        self._draw()

    def _show(self, found: _Drawn) -> None:
        asked, symbol, series, marks, spot = found
        if asked != self._page.query.get("trade"):  # another one was clicked meanwhile, and is being drawn
            return
        if spot is None and asked:
            self._page.remember(trade=None)
            self._page.say(f"No trade {asked[:60]!r} is logged.")
        self._chart.visible = series is not None
        self._missing.visible = series is None
        self._about[:] = [] if series else [_no_candles(self._page, symbol)]
        made_of = (series, spot, [(mark.ts.tolist(), mark.side) for mark in marks])
        if series is not None and self._drawn != made_of:
            last = int(max((int(mark.ts.max()) for mark in marks if len(mark.ts)), default=0))
            self._chart.show(series, marks, spot, last - _SHOWN if last else None)
        self._drawn = made_of


def _table(frame: pd.DataFrame, on_click: Callable[[int], None]) -> Any:
    return table(
        frame,
        titles=_TITLES,
        numbers={"amount": "0,0"},
        prices={"price": "symbol", "quantity": "symbol"},
        phone=("time", "action", "symbol", "profit"),
        signed={"profit_pct": 2, "profit": 0},
        bars=("profit_pct",),
        page_size=12,
        placeholder="No trades pass this filter",
        widths={"time": 146, "action": 64, "price": 110, "quantity": 120, "amount": 96, "account": 96},
        on_click=on_click,
    )


def _no_candles(page: PageState, symbol: str) -> Any:
    """The missing candles, and a link to the form that fetches them."""
    fetch = page.link("data", fetch=1, symbols=symbol)
    text = f'<div class="blank" role="status"><b>No candles of {escape(symbol)}</b>'
    advice = f'Trades are shown on candles of the lake. <a href="{escape(fetch)}">Fetch {escape(symbol)}</a>'
    return html(f"{text}<span>{advice}</span></div>")


def _most_traded(rows: pa.Table) -> str | None:
    counts = Counter(rows["symbol"].to_pylist())
    return str(counts.most_common(1)[0][0]) if counts else None
