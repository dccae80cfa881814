"""The trades: filtered, exported, and marked on candles."""

from __future__ import annotations

import datetime as dt
import io
from collections import Counter
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import pyarrow as pa
import pyarrow.compute as pc

from cqs_core import Lake, Series, settings
from cqs_core.files import to_csv
from cqs_core.time.intervals import DAY
from cqs_monitor.logs.days import KST
from cqs_monitor.logs.snapshot import Snapshot
from cqs_monitor.performance.blotter import trades_frame
from cqs_monitor.performance.prices import market_of
from cqs_monitor.performance.report import Choice
from cqs_panel import WIDE, Marks, Spot, SpotChart, bar, choose, columns_button, html, refresh, section, stack, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from cqs_monitor.performance.report import Report
    from cqs_panel import PageState

MOST = 500
"""Rows that the table holds; the filter looks at all, and the export has all."""

_TITLES = {"time": "Time, KST", "account": "Account", "action": "Side", "symbol": "Symbol", "price": "Price"}
_TITLES |= {"quantity": "Quantity", "amount": "Amount", "profit_pct": "Profit %", "profit_krw": "Profit, KRW"}
_INTERVALS = ("1h", "1d", "15m", "4h", "5m", "1m", "1w")
_MARKS = 2000
_SHOWN = 120 * DAY  # before the last trade


class Trades(pn.viewable.Viewer):
    """A filter, a table of the newest rows that pass it, and a chart of one symbol with its trades."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._snapshot, self._choice = Snapshot(), Choice()
        self._drawn: tuple[Any, ...] = ()
        self._usual: str | None = None
        self._offering = False
        text = page.query.get("filter", "")
        self._filter = pmui.TextInput(label="Filter: sell btc 2025-11", value=text, width=260, size="small", margin=0)
        self._filter.param.watch(self._filtered, "value")
        self._csv = pmui.FileDownload(
            callback=self._export,
            filename="trades.csv",
            label="CSV",
            variant="outlined",
            size="small",
            margin=0,
            embed=False,
        )
        self._told = pn.pane.HTML("", margin=0, align="center")
        self._table = table(
            trades_frame(Snapshot(), Choice()),
            titles=_TITLES,
            numbers={"amount": "0,0"},
            prices={"price": "symbol", "quantity": "symbol"},
            phone=("time", "action", "symbol", "profit_krw"),
            signed={"profit_pct": 2, "profit_krw": 0},
            page_size=12,
            placeholder="No trades pass this filter",
            widths={"time": 146, "action": 64, "price": 110, "quantity": 120, "amount": 96, "account": 96},
            on_click=self._pick,
        )
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
        head = bar(self._filter, columns_button(self._table), self._csv, self._told)
        note = "newest first; times in KST; click one to see it on candles"
        rows = section("Trades", head, self._table, note=note)
        return stack(self._missing, self._chart, rows)

    def _pick(self, row: int) -> None:
        chosen = self._table.value.iloc[row]
        asked = {"trade": f"{chosen['time']} {chosen['symbol']}", "day": None, "symbol": None}
        self._page.goto(self._page.slug, **self._page.query | asked)

    def _followed(self, event: Any) -> None:
        """The back button, and links of other parts of the page."""
        if event.new.get("filter", "") != self._filter.value:
            self._filter.value = event.new.get("filter", "")
        if any(event.old.get(name) != event.new.get(name) for name in ("trade", "day")):
            self._draw()
            self._mark()

    def update(self, report: Report) -> None:
        """Show another report's trades; where nothing changed nothing is sent."""
        snapshot, choice = report.reading.snapshot, report.choice
        if snapshot is self._snapshot and choice == self._choice:
            return
        self._snapshot, self._choice = snapshot, choice
        symbols = sorted(str(name) for name in snapshot.table["symbol"].unique().to_pylist())
        if symbols != self._symbol.options:
            asked = self._page.query.get("symbol")
            self._usual = _most_traded(snapshot)
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
        snapshot, choice, text = self._snapshot, self._choice, self._filter.value_input or self._filter.value
        self._page.load(lambda: trades_frame(snapshot, choice, text, MOST), self._fill, quiet=True)

    def _fill(self, frame: pd.DataFrame) -> None:
        refresh(self._table, frame)
        self._mark()
        shown = f"the newest {MOST} that pass; CSV has all" if len(frame) == MOST else f"{len(frame)} rows"
        kind = "net of estimated fees; the CSV is gross, as logged" if self._choice.net else "gross of fees, as logged"
        shown += f"; {kind}; quantities rounded"
        self._told.object = f'<span style="color:var(--cqs-muted);font-size:12px">{shown}</span>'

    def _mark(self) -> None:
        """Mark the trade that the address names."""
        rows, wanted = self._table.value, self._page.query.get("trade", "")
        keys = [f"{time} {symbol}" for time, symbol in zip(rows["time"], rows["symbol"], strict=True)]
        choose(self._table, keys.index(wanted) if wanted in keys else None)

    def _export(self) -> Any:
        frame = trades_frame(self._snapshot, replace(self._choice, net=False), self._filter.value)
        return io.BytesIO(to_csv(frame))

    def _draw(self) -> None:
        snapshot, bucket, choice, asked = self._snapshot, self._page.bucket, self._choice, dict(self._page.query)
        usual = self._symbol.value
        rows = snapshot.only(choice.account) if choice.account in snapshot.places else snapshot.table

        def work() -> tuple[str, Series | None, list[Marks], Spot | None]:
            symbol, spot = wanted(rows, asked, usual, (choice.day_start or 0) // 1000)
            return symbol, find_series(bucket, symbol), marks_of(rows, symbol), spot

        if usual:
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

    def _show(self, found: tuple[str, Series | None, list[Marks], Spot | None]) -> None:
        symbol, series, marks, spot = found
        if spot is None and (asked := self._page.query.get("trade")):
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


def _no_candles(page: PageState, symbol: str) -> Any:
    """What is missing, and the form that fetches it."""
    fetch = page.link("data", fetch=1, symbols=symbol)
    text = f'<div class="blank" role="status"><b>No candles of {escape(symbol)}</b>'
    advice = f'Trades are shown on candles of the lake. <a href="{escape(fetch)}">Fetch {escape(symbol)}</a>'
    return html(f"{text}<span>{advice}</span></div>")


def wanted(rows: pa.Table, asked: Mapping[str, str], usual: str, day_start: int) -> tuple[str, Spot | None]:
    """Which symbol to draw and where: that of the trade or day which the address names, else the usual one.

    Args:
        rows: trades.
        asked: `trade` as `2025-11-20 09:03:32 BTC`, KST; or `day`.
        usual: the symbol where nothing is asked for.
        day_start: ms after midnight KST at which a day begins.
    """
    at, symbol = asked.get("trade", "")[:19], asked.get("trade", "")[20:]
    if symbol and (moment := _korean_ms(at)) is not None and _is_logged(rows, symbol, moment):
        return symbol, Spot(moment, moment, f"trade of {at[:16]} KST")
    start = _korean_ms(asked.get("day", ""))
    if start is None:
        return usual, None
    start += day_start
    ts = rows["timestamp"].cast(pa.int64()).to_numpy() // 1000
    profits = np.nan_to_num(np.asarray(rows["profit_krw"].to_numpy(zero_copy_only=False), np.float64))
    inside = np.flatnonzero((ts >= start) & (ts < start + DAY))
    spot = Spot(start, start + DAY, f"{asked['day']} KST")
    if not len(inside):
        return usual, spot
    return str(rows["symbol"][int(inside[np.argmax(np.abs(profits[inside]))])].as_py()), spot


def _is_logged(rows: pa.Table, symbol: str, second: int) -> bool:
    """Whether a symbol was traded in that second, ms UTC."""
    at = rows.filter(pc.equal(rows["symbol"], pa.scalar(symbol)))["timestamp"].cast(pa.int64()).to_numpy() // 1_000_000
    return bool((at == second // 1000).any())


def _korean_ms(text: str) -> int | None:
    try:
        return int(dt.datetime.fromisoformat(text).replace(tzinfo=KST).timestamp() * 1000)
    except ValueError:
        return None


def _most_traded(snapshot: Snapshot) -> str | None:
    counts = Counter(snapshot.table["symbol"].to_pylist())
    return str(counts.most_common(1)[0][0]) if counts else None


def find_series(bucket: Any, symbol: str) -> Series | None:
    """The series of the home exchange on which a symbol's trades are drawn: the finest that reaches far."""
    market, lake, exchange = market_of(symbol), Lake(bucket), settings().exchange
    if market is None:
        return None
    candidates = (Series(exchange, market, interval) for interval in _INTERVALS)
    return next((series for series in candidates if lake.objects(series)), None)


def marks_of(table: pa.Table, symbol: str) -> list[Marks]:
    """The newest buys and sells of a symbol in some rows, at most 2000 of each."""
    table = table.filter(pc.equal(table["symbol"], pa.scalar(symbol)))
    sell = table["sell"].to_numpy()
    return [_marks(table.filter(pa.array(sell == side)), "sell" if side else "buy") for side in (False, True)]


def _marks(table: pa.Table, side: Any) -> Marks:
    table = table.slice(max(0, table.num_rows - _MARKS))
    price = table["price"].to_numpy()
    ts = table["timestamp"].cast(pa.int64()).to_numpy() // 1000
    profits = table["profit_krw"].to_pylist()
    verb = "Bought" if side == "buy" else "Sold"
    text = [
        f"{verb} at {p:,.10g}" + ("" if profit is None else f", {profit:+,.0f} KRW")
        for p, profit in zip(price.tolist(), profits, strict=True)
    ]
    return Marks(verb, ts, np.asarray(price, np.float64), side, text)
