"""The trades: filtered, exported, and marked on candles."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn
import panel_material_ui as pmui
import pyarrow as pa
import pyarrow.compute as pc

from cqs_core import Lake, Series, settings
from cqs_core.intervals import DAY
from cqs_monitor.blotter import trades_frame
from cqs_monitor.exports import to_csv
from cqs_monitor.logs.snapshot import Snapshot
from cqs_monitor.prices import market_of
from cqs_monitor.report import Choice
from cqs_monitor.views.layout import PRICE, WHOLE, bar, readable
from cqs_panel import CandleChart, LakeCandles, Marks, empty, refresh, section, table

if TYPE_CHECKING:
    import pandas as pd

    from cqs_monitor.report import Report
    from cqs_panel import PageState

MOST = 500
"""Rows that the table holds; the filter looks at all, and the export has all."""

_TITLES = {"time": "Time, KST", "account": "Account", "action": "", "symbol": "Symbol", "price": "Price"}
_TITLES |= {"quantity": "Quantity", "amount": "Amount", "profit_pct": "%", "profit_krw": "Profit"}
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
            numbers={"price": PRICE, "quantity": "0,0.[00000000]", "amount": "0,0"},
            signed={"profit_pct": 2, "profit_krw": 0},
            page_size=12,
            placeholder="No trades pass this filter",
            widths={"time": 150},
        )
        self._symbol = pmui.Select(label="Symbol", options=[], width=140, size="small", margin=0)
        self._symbol.param.watch(lambda _: self._draw(), "value")
        self._chart = CandleChart(page, height=340)
        self._about = pn.Column(**WHOLE)

    def __panel__(self) -> Any:
        head = bar(self._filter, self._csv, self._told)
        rows = section("Trades", head, self._table, note="newest first; gross of fees, as logged")
        chart = section(
            "On candles", bar(self._symbol), self._about, self._chart, note="buys and sells of the choice above"
        )
        return pn.Column(chart, rows, styles={"gap": "12px"}, **WHOLE)

    def update(self, report: Report) -> None:
        """Show another report's trades; where nothing changed nothing is sent."""
        snapshot, choice = report.reading.snapshot, report.choice
        if snapshot is self._snapshot and choice == self._choice:
            return
        self._snapshot, self._choice = snapshot, choice
        symbols = sorted(str(name) for name in snapshot.table["symbol"].unique().to_pylist())
        if symbols != self._symbol.options:
            wanted = self._page.query.get("symbol")
            self._usual = _most_traded(snapshot)
            value = wanted if wanted in symbols else self._usual
            self._symbol.param.update(options=symbols, value=value)
        self._list()
        self._draw()

    def _filtered(self, event: Any) -> None:
        self._page.remember(filter=event.new)
        self._list()

    def _list(self) -> None:
        snapshot, choice, text = self._snapshot, self._choice, self._filter.value_input or self._filter.value
        self._page.load(lambda: trades_frame(snapshot, choice, text, MOST), self._fill, quiet=True)

    def _fill(self, frame: pd.DataFrame) -> None:
        refresh(self._table, frame.assign(price=readable(frame["price"])))
        shown = f"the newest {MOST} that pass; CSV has all" if len(frame) == MOST else f"{len(frame)} rows"
        self._told.object = f'<span style="color:var(--cqs-muted);font-size:12px">{shown}</span>'

    def _export(self) -> Any:
        frame = trades_frame(self._snapshot, self._choice, self._filter.value)
        return io.BytesIO(to_csv(frame))

    def _draw(self) -> None:
        symbol = self._symbol.value
        if not symbol:
            return
        self._page.remember(symbol=None if symbol == self._usual else symbol)
        snapshot, bucket, account = self._snapshot, self._page.bucket, self._choice.account
        rows = snapshot.only(account) if account in snapshot.places else snapshot.table
        self._page.load(lambda: (symbol, find_series(bucket, symbol), marks_of(rows, symbol)), self._show, quiet=True)

    def _show(self, found: tuple[str, Series | None, list[Marks]]) -> None:
        symbol, series, marks = found
        if series is None:
            fetch = f"cqs fetch --symbols {symbol} --interval 1d"
            self._about[:] = [empty(f"No candles of {symbol}", "Trades are marked on candles of the lake.", fetch)]
            self._chart.visible = False
            return
        self._about.clear()
        self._chart.visible = True
        if self._drawn[:1] != (series,):
            last = int(max((int(mark.ts.max()) for mark in marks if len(mark.ts)), default=0))
            self._chart.show(LakeCandles(self._page.bucket, series), last - _SHOWN if last else None)
        made_of = (series, [(mark.ts.tolist(), mark.side) for mark in marks])
        if self._drawn != made_of:
            self._chart.mark(marks)
        self._drawn = made_of


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
