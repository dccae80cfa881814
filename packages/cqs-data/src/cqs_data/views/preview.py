"""Candles of a series as a table: the newest, or those up to a day; a click shows one on the chart."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import pyarrow as pa

from cqs_core import FIELDS, Lake
from cqs_core.lake import stamps
from cqs_core.time import intervals
from cqs_core.time.clock import iso, midnight
from cqs_panel import columns_button, count, csv_button, refresh, section, table, when, zone_name

if TYPE_CHECKING:
    import pandas as pd

    from cqs_core import Series
    from cqs_panel import PageState

ROWS = 200
_FILE_ROWS = 10_000
_COLUMNS = ("time", *FIELDS)


class CandlePreview(pn.viewable.Viewer):
    """The candles of one series.

    Args:
        page: the Data page.
        series: whose candles.
        rows: of `newest`.
    """

    def __init__(self, page: PageState, series: Series, rows: pd.DataFrame) -> None:
        super().__init__()
        self._page, self._series, self._rows = page, series, rows
        zone = page.settings.timezone
        self._table = table(
            _shown(rows, zone),
            titles={name: name.capitalize() for name in _COLUMNS},
            prices=dict.fromkeys(FIELDS, ""),
            page_size=10,
            phone=("time", "close", "volume"),
            placeholder="No candles up to this day",
            on_click=self._clicked,
        )
        self._day = pmui.DatePicker(label="Up to", value=None, size="small", width=170, margin=0)
        self._day.param.watch(lambda _: self._ask(), "value")
        name = f"{series.exchange}-{series.market.replace('/', '-')}-{series.interval}.csv"
        self._csv = csv_button(self._file, name)

    def __panel__(self) -> Any:
        zone = zone_name(self._page.settings.timezone)
        note = f"{ROWS} by their open, CSV has {count(_FILE_ROWS)}; times in {zone}; click one to see it on the chart"
        actions = [self._day, columns_button(self._table), self._csv]
        return section("Candles", self._table, note=note, actions=actions)

    def _ask(self) -> None:
        bucket, series, until = self._page.bucket, self._series, self._until()
        self._page.load(lambda: newest(bucket, series, until), self._have)

    def _until(self) -> int | None:
        day = self._day.value
        return None if day is None else midnight(day + dt.timedelta(days=1), self._page.settings.timezone)

    def _have(self, rows: pd.DataFrame) -> None:
        self._rows = rows
        refresh(self._table, _shown(rows, self._page.settings.timezone))

    def _clicked(self, row: int) -> None:
        at = iso(int(self._rows["ts"].iloc[row]))
        self._page.goto(self._page.slug, **self._page.query | {"series": str(self._series), "at": at})

    def _file(self) -> pd.DataFrame:
        rows = newest(self._page.bucket, self._series, self._until(), _FILE_ROWS).iloc[::-1]
        return rows.assign(time=[iso(ts) for ts in rows["ts"]])[[*_COLUMNS]]


def newest(bucket: Any, series: Series, until: int | None = None, rows: int = ROWS) -> pd.DataFrame:
    """The newest candles that open before a moment, newest first.

    Args:
        bucket: whose lake is read.
        series: of it.
        until: ms UTC, exclusive; None is after the last one.
        rows: how many at most.

    Returns:
        ts (ms UTC), open, high, low, close, volume.
    """
    lake, bars = Lake(bucket), 2 * rows
    stored = [one for one in lake.objects(series) if one.rows]
    first, last = min((one.first for one in stored), default=0), max((one.last for one in stored), default=0)
    end = last + 1 if until is None else min(until, last + 1)
    while True:  # a hole may be longer than what is read at first
        start = intervals.next_open(series.interval, intervals.floor(series.interval, end), -bars)
        found = lake.read(series, start, end, missing_ok=True)
        if len(found) >= rows or start <= first:
            break
        bars *= 8
    frame: pd.DataFrame = found.set_column(0, "ts", pa.array(stamps(found))).to_pandas()
    return frame.tail(rows).iloc[::-1].reset_index(drop=True)


def _shown(rows: pd.DataFrame, zone: str | None) -> pd.DataFrame:
    return rows.assign(time=[when(ts, zone) for ts in rows["ts"]])[[*_COLUMNS]]
