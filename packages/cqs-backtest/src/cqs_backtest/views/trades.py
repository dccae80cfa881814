"""The trades of a run: a table, and the candles around the one that was clicked."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import Series
from cqs_core.exports import to_csv
from cqs_panel import Marks
from cqs_panel.charts.candles import CandleChart
from cqs_panel.charts.sources import LakeCandles
from cqs_panel.figures import when
from cqs_panel.sections import empty, section
from cqs_panel.tables import table

if TYPE_CHECKING:
    import pandas as pd

    from cqs_backtest.runs import StoredRun
    from cqs_panel import PageState

_TITLES = {
    "symbol": "Symbol",
    "entry": "Entry",
    "exit": "Exit",
    "entry_price": "Bought at",
    "exit_price": "Sold at",
    "pnl": "PnL",
    "return_pct": "Return %",
    "reason": "Reason",
    "bars": "Bars",
    "mae_pct": "MAE %",
    "mfe_pct": "MFE %",
    "fees": "Fees",
}
_PRICE = "0,0.[0000]"
_DAY_OR_MORE = ("1d", "1w", "1M")


class RunTrades(pn.viewable.Viewer):
    """Round trips of a run, newest first; a click shows the candles around one, with the marks of all of its symbol."""

    def __init__(self, page: PageState, run: StoredRun) -> None:
        super().__init__()
        self._page, self._run = page, run
        self._trades = run.trades_frame().iloc[::-1].reset_index(drop=True)
        self._chart = CandleChart(page, height=380)
        self._shown_symbol = ""
        self._around = pn.Column(sizing_mode="stretch_width", margin=0)

    def __panel__(self) -> Any:
        if self._trades.empty:
            return section(
                "Trades", empty("No trades", "The rule found nothing to do: widen the dates or its parameters.")
            )
        csv = pmui.FileDownload(
            callback=self._csv,
            filename=f"{self._run.id}-trades.csv",
            label="CSV",
            size="small",
            variant="text",
            width=90,
        )
        note = "round trips, first in first out; click one to see its candles"
        return pn.Column(
            section("Trades", self._table(), note=note, actions=[csv]),
            self._around,
            sizing_mode="stretch_width",
            margin=0,
            styles={"gap": "12px"},
        )

    def _table(self) -> Any:
        shown = self._trades.assign(entry=self._times("entry_time"), exit=self._times("exit_time"))
        return table(
            shown[list(_TITLES)],
            titles=_TITLES,
            numbers={"entry_price": _PRICE, "exit_price": _PRICE, "fees": "0,0", "bars": "0,0"},
            signed={"pnl": 0, "return_pct": 2, "mae_pct": 1, "mfe_pct": 1},
            filters=("symbol", "reason"),
            page_size=12,
            widths={"symbol": 110, "entry": 130, "exit": 130},
            on_click=self._focus,
        )

    def _times(self, column: str) -> list[str]:
        zone = self._page.settings.timezone
        days = self._run.manifest["interval"] in _DAY_OR_MORE
        known = self._trades[column].notna()
        stamps = [at.value // 1_000_000 if ok else None for at, ok in zip(self._trades[column], known, strict=True)]
        return [when(ts, "UTC" if days else zone)[: 10 if days else None] for ts in stamps]

    def _csv(self) -> io.BytesIO:
        return io.BytesIO(to_csv(self._trades))

    def _focus(self, row: int) -> None:
        trade = self._trades.iloc[row]
        start = trade["entry_time"].value // 1_000_000
        last = trade["exit_time"].value // 1_000_000 if trade["reason"] != "open" else int(self._run.ts[-1])
        if self._shown_symbol != trade["symbol"]:
            self._show_symbol(trade["symbol"], start, last)
        else:
            self._chart.focus(start, last)

    def _show_symbol(self, symbol: str, start: int, end: int) -> None:
        made = self._run.manifest
        self._shown_symbol = symbol
        series = Series(made["exchange"], symbol, made["interval"])
        self._around[:] = [section(str(series), self._chart, note="fills of this run; times in UTC")]
        margin = max(end - start, 40 * int(self._run.ts[1] - self._run.ts[0]) if len(self._run.ts) > 1 else 0)
        self._chart.show(LakeCandles(self._page.bucket, series), start - margin, end + margin)
        self._chart.mark(_marks(self._trades[self._trades["symbol"] == symbol].iloc[::-1]))


def _marks(trades: pd.DataFrame) -> list[Marks]:
    closed = trades[trades["reason"] != "open"]
    told = [f"{why}, {pct:+.2f} %" for why, pct in zip(closed["reason"], closed["return_pct"], strict=True)]
    return [
        Marks("bought", _ms(trades["entry_time"]), trades["entry_price"].to_numpy(), "buy"),
        Marks("sold", _ms(closed["exit_time"]), closed["exit_price"].to_numpy(), "sell", told),
    ]


def _ms(times: pd.Series[Any]) -> Any:
    import pandas as pd

    return pd.DatetimeIndex(times).as_unit("ms").asi8
