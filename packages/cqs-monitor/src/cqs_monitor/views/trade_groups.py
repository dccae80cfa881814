"""What narrows the list of trades, and what sums it up: a range of days, groups, totals."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core.trading.metrics import WIN_RATE
from cqs_monitor.performance.trade_groups import GROUPS, Group, TradeTotals
from cqs_panel import ONE_LINE, amount, count, percent, period_menu, refresh, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from cqs_panel import PageState

_EACH = "Each"
_TITLES = {"group": "Group", "pnl": "PnL", "sales": "Sales", "won": f"{WIN_RATE.label} %"}
_TITLES |= {"trades": "Trades", "amount": "Amount"}


class DayRange(pn.viewable.Viewer):
    """The first and the last day, kept in the address as `from` and `to`.

    Args:
        page: whose address it is.
        changed: called when the user chose others.
        today: the day that it is for the bots.

    Attributes:
        menu: a button that sets both to a usual period.
    """

    def __init__(self, page: PageState, changed: Callable[[], None], today: Callable[[], dt.date]) -> None:
        super().__init__()
        self._page, self._changed = page, changed
        self.menu = period_menu(self._take, today)
        self._first, self._last = _day_field("From"), _day_field("To")
        self._quiet = False
        self._put(page.query.get("from", ""), page.query.get("to", ""))
        for field in (self._first, self._last):
            field.param.watch(lambda _: self._chosen(), "value")

    def __panel__(self) -> Any:
        return pn.Row(self._first, self._last, margin=0, styles={"gap": "8px"})

    @property
    def value(self) -> tuple[dt.date | None, dt.date | None]:
        """The first and the last day, both included; None where it is open."""
        return _date(self._first.value), _date(self._last.value)

    def _take(self, span: tuple[dt.date | None, dt.date | None]) -> None:
        if self._put(*("" if day is None else day.isoformat() for day in span)):
            self._chosen()

    def choose(self, day: str) -> None:
        """One day alone."""
        if self._put(day, day):
            self._chosen()

    def follow(self, query: Mapping[str, str]) -> None:
        """Take over what the address says."""
        if self._put(query.get("from", ""), query.get("to", "")):
            self._changed()

    def _put(self, first: str, last: str) -> bool:
        """Write both into the fields without hearing of it; whether they are others."""
        wanted = _parsed(first), _parsed(last)
        if wanted == self.value:
            return False
        self._quiet = True
        self._first.value, self._last.value = wanted
        self._quiet = False
        return True

    def _chosen(self) -> None:
        if not self._quiet:
            first, last = self.value
            self._page.remember(**{"from": first, "to": last})
            self._changed()


class TradeGroups(pn.viewable.Viewer):
    """Each trade, or one row a symbol, day or account; kept in the address as `group`.

    Args:
        page: whose address it is.
        changed: called when the user chose others.
        opened: called with the group that was clicked.
    """

    def __init__(self, page: PageState, changed: Callable[[], None], opened: Callable[[str], None]) -> None:
        super().__init__()
        self._page, self._changed, self._opened = page, changed, opened
        self.was: Group | None = None  # of the shown table
        options = {_EACH: "", **{f"By {one}": one for one in GROUPS}}
        asked = page.query.get("group", "")
        value = asked if asked in GROUPS else ""
        self.choice = pmui.RadioButtonGroup(options=options, value=value, size="small", margin=0, sx=ONE_LINE)
        self.choice.param.watch(self._chosen, "value")
        self._table: Any = None
        self._root = pn.Column(visible=False, sizing_mode="stretch_width", margin=0)

    def __panel__(self) -> Any:
        return self._root

    @property
    def by(self) -> Group | None:
        return next((one for one in GROUPS if one == self.choice.value), None)

    def leave(self) -> None:
        """Show each trade again."""
        self.choice.value = ""

    def follow(self, query: Mapping[str, str]) -> None:
        """Take over what the address says."""
        asked = query.get("group", "")
        if asked in ("", *GROUPS) and asked != self.choice.value:
            self.choice.value = asked

    def show(self, groups: tuple[Group, pd.DataFrame] | None) -> None:
        """Show groups of a kind; None shows nothing."""
        self._root.visible = groups is not None
        if groups is None:
            return
        self.was, frame = groups
        if self._table is None:
            self._table = _table(frame, lambda row: self._opened(str(self._table.value["group"].iloc[row])))
            self._root[:] = [self._table]
        else:
            refresh(self._table, frame)

    def file(self) -> pd.DataFrame | None:
        """The groups that are shown, for a download; None where each trade is."""
        if not self._root.visible:
            return None
        rows: pd.DataFrame = self._table.value[[*_TITLES]]
        return rows.set_axis([*_TITLES.values()], axis="columns")

    def _chosen(self, event: Any) -> None:
        self._page.remember(group=event.new)
        self._changed()


def totals_text(totals: TradeTotals, currency: str) -> str:
    """What some trades are together."""
    won = "" if totals.won is None else f" ({WIN_RATE.label.lower()} {percent(totals.won)})"
    sales = f"{count(totals.sales)} sale{'' if totals.sales == 1 else 's'}{won}"
    trades = f"{count(totals.trades)} trade{'' if totals.trades == 1 else 's'}"
    return f"{trades}, {sales}: {amount(totals.pnl, currency, signed=True)}"


def _table(frame: pd.DataFrame, on_click: Callable[[int], None]) -> Any:
    return table(
        frame,
        titles=_TITLES,
        numbers={"sales": "0,0", "won": "0.0", "trades": "0,0", "amount": "0,0"},
        signed={"pnl": 0},
        phone=("group", "pnl", "sales", "won"),
        page_size=12,
        placeholder="No trades pass this filter",
        widths={"group": 110, "pnl": 110, "amount": 110},
        on_click=on_click,
    )


def _day_field(label: str) -> Any:
    return pmui.DatePicker(label=label, size="small", width=190, margin=0, clearable=True, disable_future=True)


def _date(value: Any) -> dt.date | None:
    return value.date() if isinstance(value, dt.datetime) else value


def _parsed(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
