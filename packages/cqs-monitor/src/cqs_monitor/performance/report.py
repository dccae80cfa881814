"""Everything that the Monitor page shows of one choice of accounts, computed away from the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cqs_monitor.logs.days import date_of, day_of, today
from cqs_monitor.logs.snapshot import TRADING, Rows, start_of_day
from cqs_monitor.performance.convention import AccountConvention
from cqs_monitor.performance.holdings import Holding, holdings, known_sum
from cqs_monitor.performance.statistics import Statistics, statistics

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import pandas as pd

    from cqs_core import LogFormat
    from cqs_monitor.logs.snapshot import Snapshot
    from cqs_monitor.performance.reader import Figures, Reading
    from cqs_monitor.performance.reconciliation import Finding

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_CURVES = 6  # accounts that the chart can tell apart
_YEAR = 52 * 7 + 6  # days before the last of a calendar of 53 weeks
_PERIODS = ("today", "week", "month", "yesterday", "last_week", "last_month")
_NEVER = np.iinfo(np.int64).max
TREND = 90
"""Days of PnL that an account's sparkline shows."""


@dataclass(frozen=True)
class Choice:
    """The choice of the user.

    Attributes:
        account: empty for all that have one currency: sums of two currencies mean nothing.
        net: less estimated fees.
        trading_days: the bots' trading days instead of the dates that they wrote.
        currency: of all accounts; empty for that of most accounts.
    """

    account: str = ""
    net: bool = False
    trading_days: bool = False
    currency: str = ""

    @property
    def day_start(self) -> str | None:
        """As `Rows` has it."""
        return TRADING if self.trading_days else None

    def accounts(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Names of the chosen accounts."""
        if self.account in snapshot.accounts:
            return (self.account,)
        first = next(iter(snapshot.currencies), "")
        return snapshot.currencies.get(self.currency, snapshot.currencies.get(first, ()))


@dataclass(frozen=True, eq=False)
class Realised:
    """Figures that change only with the rows.

    Attributes:
        days: int64 (N,), days since 1970-01-01 on which something was realised, ascending.
        pnl: float64 (N,) on each.
        curves: cumulative PnL on `days` of each account, where all are chosen and there are two to six.
        statistics: of the chosen rows, gross or net as chosen.
    """

    days: npt.NDArray[np.int64]
    pnl: Floats
    curves: Mapping[str, Floats]
    statistics: Statistics

    @property
    def cumulative(self) -> Floats:
        return np.asarray(np.cumsum(self.pnl))


@dataclass(frozen=True, eq=False)
class Report(Realised):
    """The figures.

    Attributes:
        reading: from which they were computed.
        choice: of whose and how.
        names: the chosen accounts.
        convention: what they are in.
        today: of this day; `week` and `month` of the current ones, which begin on Monday and on the first.
        yesterday: of the whole day before this one; `last_week` and `last_month` of the whole ones before these.
        accounts: one row an account, of any currency: account, total, today, week, month, yesterday, last_week,
            last_month, trend (cumulative PnL at the end of each of the last `TREND` days, from their start),
            unrealised, value (of what it holds, at the last prices; NaN where none is known), sells, win_rate, held,
            state, and the currency where there are several.
        holdings: of the chosen accounts.
        findings: of their reconciliation.
    """

    reading: Reading
    choice: Choice
    names: tuple[str, ...]
    convention: AccountConvention
    today: float
    week: float
    month: float
    yesterday: float
    last_week: float
    last_month: float
    accounts: pd.DataFrame
    holdings: list[Holding]
    findings: list[Finding]

    @property
    def unrealised(self) -> float | None:
        """Unrealized PnL of all holdings with a price, gross or net as chosen; None without any price."""
        return known_sum(holding.gain(net=self.choice.net) for holding in self.holdings)

    @property
    def unreadable(self) -> list[str]:
        """Accounts whose holdings are unknown."""
        return [name for name in self.names if self.reading.snapshot.held(name).state == "unreadable"]


def make_report(reading: Reading, choice: Choice, now: int) -> Report:
    """The report of a reading at a time, ms UTC."""
    snapshot, figures = reading.snapshot, reading.figures
    names = choice.accounts(snapshot)
    known = figures.once(choice, lambda: _realised(figures, choice, names))
    held = {name: holdings(snapshot, name, reading.prices, now) for name in snapshot.accounts}
    accounts = _with_values(_accounts_at(figures, choice, now), held, net=choice.net)
    chosen = accounts[accounts["account"].isin(names)]
    sums = {name: float(chosen[name].sum()) for name in _PERIODS}
    found: dict[str, Any] = vars(known) | sums
    return Report(
        **found,
        reading=reading,
        choice=choice,
        names=names,
        convention=AccountConvention.of(snapshot.formats[name] for name in names),
        accounts=accounts,
        holdings=[one for name in names for one in held[name]],
        findings=[one for name in names for one in figures.findings(name)],
    )


def _realised(figures: Figures, choice: Choice, names: tuple[str, ...]) -> Realised:
    rows = figures.rows(choice.day_start).of(names)
    found = statistics(rows, net=choice.net)
    if not choice.net:
        rows = rows.where(rows.sell)
    (days, at), value = np.unique(rows.day, return_inverse=True), rows.value(net=choice.net)

    def on_days(some: Any = slice(None)) -> Floats:
        return np.bincount(at[some], weights=value[some], minlength=len(days)).astype(np.float64)

    drawn = names if not choice.account and 1 < len(names) <= _CURVES else ()
    curves = {name: np.cumsum(on_days(rows.account == rows.places[name])) for name in drawn}
    return Realised(days, on_days(), curves, found)


def _accounts_at(figures: Figures, choice: Choice, now: int) -> pd.DataFrame:
    """The table of accounts, which changes with the rows and with the day."""
    rows = figures.rows(choice.day_start)
    starts = {form: _starts(form, choice, now) for form in dict.fromkeys(rows.formats)}
    key = ("accounts", choice.net, choice.trading_days, tuple(starts.items()))
    return figures.once(key, lambda: _accounts(figures.snapshot, rows, choice, starts))


def _with_values(accounts: pd.DataFrame, held: Mapping[str, list[Holding]], *, net: bool) -> pd.DataFrame:
    """The table of accounts with what each holds, which changes with the prices."""
    mine = [held[name] for name in accounts["account"]]
    gains = [known_sum(one.gain(net=net) for one in own) for own in mine]
    values = [known_sum(one.value for one in own) for own in mine]
    frame = accounts.copy()
    place = list(frame.columns).index("trend") + 1
    frame.insert(place, "unrealised", np.array(gains, np.float64))
    frame.insert(place + 1, "value", np.array(values, np.float64))
    return frame


def _starts(form: LogFormat, choice: Choice, now: int) -> tuple[int, int, int, int]:
    """Today, and the first days of its ISO week, its month and the month before, by the format's calendar."""
    day = today(now, form.zone, start_of_day(form, choice.day_start))
    date = date_of(day)
    month = day_of(date.replace(day=1))
    return day, day - date.weekday(), month, day_of(date_of(month - 1).replace(day=1))


def _accounts(
    snapshot: Snapshot, rows: Rows, choice: Choice, starts: Mapping[LogFormat, tuple[int, int, int, int]]
) -> pd.DataFrame:
    import pandas as pd

    value, size = rows.value(net=choice.net), len(snapshot.accounts)
    first = np.array([starts[form] for form in rows.formats], np.int64).reshape(size, 4)
    sells = np.bincount(rows.account[rows.sell], minlength=size)
    wins = np.bincount(rows.account[rows.won(net=choice.net)], minlength=size)
    held = [snapshot.held(name) for name in snapshot.accounts]
    several = {"currency": [form.currency for form in rows.formats]} if len(snapshot.currencies) > 1 else {}
    return pd.DataFrame(
        {
            "account": list(snapshot.accounts),
            "total": np.bincount(rows.account, weights=value, minlength=size).astype(np.float64),
            **_periods(rows, value, first),
            "trend": _trends(rows, value, first[:, 0]),
            "sells": sells,
            "win_rate": np.where(sells > 0, 100 * wins / np.maximum(sells, 1), np.nan),
            "held": [np.nan if p.state == "unreadable" else float(len(p.held)) for p in held],  # unknown is not 0
            "state": ["flat" if p.state == "ok" and not p.held else p.state for p in held],
            **several,
        }
    )


def _periods(rows: Rows, value: Floats, starts: Ints) -> dict[str, Floats]:
    """PnL of each account in `_PERIODS`; `starts` (accounts, 4) as `_starts` has them."""
    day, week, month, earlier = starts.T
    some = np.flatnonzero(rows.day >= starts.min(initial=_NEVER))
    account, at, earned = rows.account[some], rows.day[some], value[some]

    def between(start: Ints, stop: Ints | None = None) -> Floats:
        mask = (at >= start[account]) & (True if stop is None else at < stop[account])
        return np.bincount(account[mask], weights=earned[mask], minlength=len(starts)).astype(np.float64)

    spans = ((day,), (week,), (month,), (day - 1, day), (week - 7, week), (earlier, month))
    return {name: between(*span) for name, span in zip(_PERIODS, spans, strict=True)}


def _trends(rows: Rows, value: Floats, today: Ints) -> list[Floats]:
    """The trend of each account; where all logs are older, it ends with the day of the last row."""
    end, size = int(today.max(initial=0)), len(today)
    if len(rows.day) and (last := int(rows.day.max())) <= end - TREND:
        end = last
    place = rows.day - (end - TREND + 1)
    some = np.flatnonzero((place >= 0) & (place < TREND))
    sums = np.bincount(rows.account[some] * TREND + place[some], weights=value[some], minlength=size * TREND)
    return list(np.cumsum(sums.reshape(size, TREND), axis=1))


def last_year(report: Report, now: int) -> tuple[dt.date, dict[dt.date, float]]:
    """Today, or the day of the last sale where that is older than a year; and PnL by date of the year before it."""
    forms = [report.reading.snapshot.formats[name] for name in report.names]
    end = max((_starts(form, report.choice, now)[0] for form in forms), default=now // 86_400_000)
    if len(report.days) and report.days[-1] < end - _YEAR:
        end = int(report.days[-1])
    found = zip(report.days.tolist(), report.pnl.tolist(), strict=True)
    return date_of(end), {date_of(day): value for day, value in found if end - _YEAR <= day <= end}
