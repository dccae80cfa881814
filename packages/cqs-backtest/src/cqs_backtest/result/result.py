"""`Result`: one backtest, fresh or kept, as people and programs use it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

from cqs_backtest.luck import Luck, lucks
from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.result.card import card
from cqs_backtest.result.notes import notes
from cqs_backtest.result.performance import Performance
from cqs_backtest.result.tear_sheet import TearSheet
from cqs_core.trading.metrics import YEAR_DAYS, daily_of, drawdowns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from holoviews import Curve, Layout, Overlay

    from cqs_backtest.record import Record
    from cqs_core import Bucket, Frame, RunResult

KEYS = ("performance", "equity", "trades", "badges", "run", "result")
"""The keys of `result["…"]`, as older code uses them."""


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """One backtest. Last in a notebook's cell, it shows a card.

    `result["performance"]`, `["equity"]`, `["trades"]`, `["badges"]`, `["run"]` and `["result"]` work as well.

    Attributes:
        record: the plain data that everything here is made of.
        id: of the run in the bucket; None where it is not kept.
        bucket: from which candles can be read; None for a run on frames.
        simulated: arrays of the run: candles, orders, fills; None for a run that was read back.

    Examples:
        >>> from cqs_backtest import backtest
        >>> from cqs_core.testing.candles import random_candles
        >>> import pandas as pd
        >>> made = random_candles(rows=200)
        >>> index = pd.to_datetime(made.ts, unit="ms", utc=True)
        >>> bars = pd.DataFrame({n: getattr(made, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}, index)
        >>> r = backtest("buy_and_hold", "BTC", {"BTC": bars}, name="all in")
        >>> r.name, r.strategy, r.symbols, r.interval, len(r.returns)
        ('all in', 'buy_and_hold', ('BTC/KRW',), '1d', 200)
        >>> r["performance"]["max_drawdown"] == r.performance.mdd
        True
        >>> r.badges["lookahead"], r.notes[0]
        ('ok', 'Look-ahead: none found')
    """

    record: Record
    id: str | None = None
    bucket: Bucket | None = None
    simulated: RunResult | None = None

    @property
    def name(self) -> str:
        """As it was named, or else its strategy and markets."""
        made = self.record.manifest
        return str(made.get("name") or f"{made['strategy']['name']} on {', '.join(made['symbols'])}")

    @property
    def strategy(self) -> str:
        """Name of the strategy."""
        return str(self.record.manifest["strategy"]["name"])

    @property
    def parameters(self) -> dict[str, object]:
        """Parameters of the strategy, by name."""
        return dict(self.record.manifest["strategy"]["parameters"])

    @property
    def symbols(self) -> tuple[str, ...]:
        """Traded markets, `BTC/KRW`."""
        return tuple(self.record.manifest["symbols"])

    @property
    def interval(self) -> str:
        """Interval of the candles, `1d`."""
        return str(self.record.manifest["interval"])

    @property
    def ts(self) -> npt.NDArray[np.int64]:
        """(T,): opens of the bars, ms UTC."""
        return self.record.ts

    @property
    def capital(self) -> float:
        """Cash at the start, quote currency."""
        return float(self.record.capital)

    @property
    def held(self) -> str:
        """The benchmark's name, for people."""
        return self.record.held

    @property
    def day_start(self) -> int:
        """Milliseconds after 00:00 UTC at which a day of the daily figures begins."""
        return self.record.day_start

    @cached_property
    def performance(self) -> Performance:
        """Every metric by name or attribute: `r.performance.sharpe`, `r.performance.max_drawdown`."""
        return Performance(self.record.performance)

    @cached_property
    def luck(self) -> Luck | None:
        """What the Sharpe is worth: `dsr` and `trials`, and a `sentence`; None for a run on frames that is not kept."""
        return None if self.bucket is None else lucks(self.bucket, [self.record.manifest])[0]

    @cached_property
    def metrics(self) -> Frame:
        """One row a metric: its name (index), label, value, unit and definition; a year has 365 days."""
        from cqs_core import Frame

        rows = [
            {"metric": name, "label": c.label, "value": self.performance[name], "unit": c.unit, "definition": c.text}
            for name, c in CONVENTIONS.items()
            if name in self.performance
        ]
        return Frame(rows).set_index("metric")

    @cached_property
    def equity(self) -> pd.Series[float]:
        """Quote currency at each bar's close; the index is the bars' opens, UTC."""
        return _series(self.record.ts, self.record.equity, "equity")

    @cached_property
    def benchmark(self) -> pd.Series[float]:
        """The same for the benchmark."""
        return _series(self.record.ts, self.record.benchmark, "benchmark")

    @cached_property
    def drawdown(self) -> pd.Series[float]:
        """Fraction (0 or less) by which each bar's close lies below the highest equity so far, capital included."""
        return _series(self.record.ts, drawdowns(self.record.equity, self.capital), "drawdown")

    @cached_property
    def returns(self) -> pd.Series[float]:
        """Return of each day as a fraction; the index is the days' starts, UTC. The first counts from capital.

        Crypto trades every day: a year has 365 of them. Libraries that assume 252 must be told, such as
        `quantstats.stats.sharpe(r.returns, periods=365)`; `attrs["periods_per_year"]` says so too.
        """
        daily = daily_of(self.record.ts, self.record.equity, self.capital, self.day_start)
        found = _series(daily.days, daily.returns, "returns")
        found.attrs["periods_per_year"] = YEAR_DAYS
        return found

    @cached_property
    def trades(self) -> Frame:
        """Round trips, one a row, first in, first out; open positions have no exit and the reason `open`.

        Prices, pnl and fees are in quote currency; return_pct, mae_pct and mfe_pct are percent; times are UTC.
        """
        from cqs_core import Frame

        times = dict.fromkeys(("entry_time", "exit_time"), "datetime64[us, UTC]")
        return Frame(self.record.trades.to_pandas().astype(times))

    def by_regime(self, regimes: pd.Series[str]) -> Frame:
        """The run in each regime, one a row (index), the one with most days first.

        Columns: days, share (percent of all days), total_return and benchmark_return (percent), sharpe, mdd (percent),
        num_trades, win_rate (percent), pnl (quote currency). A day counts in the regime that was known when it began,
        a position in the one that was known at its entry; `not known` where there is none.

        Args:
            regimes: a name for each day, indexed by the days' opens, as `cqs_monitor.regimes` gives them.
        """
        from cqs_backtest.metrics.by_regime import RegimeDays, by_regime
        from cqs_core import Frame

        rows = [found._asdict() for found in by_regime(self.record, RegimeDays.of(regimes))]
        return Frame(rows).set_index("regime")

    @property
    def badges(self) -> dict[str, object]:
        """The results of the checks: `lookahead`, `parity`, `gaps`, `stale` and their details."""
        return copy.deepcopy(dict(self.record.badges))

    @property
    def notes(self) -> tuple[str, ...]:
        """The badges in sentences, problems first."""
        return tuple(note.text for note in notes(self.record.badges))

    def plot(self, *, benchmark: bool = True) -> Layout:
        """Equity over drawdown, a HoloViews layout; `benchmark` adds the benchmark."""
        from cqs_backtest import charts

        return charts.equity(self, benchmark=benchmark)

    def plot_rolling(self, metric: str = "sharpe", window: int = 90) -> Curve:
        """A metric of the last `window` days, day by day; it must be one of daily returns."""
        from cqs_backtest import charts

        return charts.rolling(self, metric=metric, window=window)

    def plot_by_regime(self, regimes: pd.Series[str]) -> Overlay:
        """What the run earned in each regime over time, in percent; `regimes` as for `by_regime`."""
        from cqs_backtest import charts

        return charts.by_regime(self, regimes)

    def plot_months(self) -> Overlay:
        """The return of each month in percent, a heatmap."""
        from cqs_backtest import charts

        return charts.months(self)

    def plot_years(self) -> Overlay:
        """The return of each year in percent, bars."""
        from cqs_backtest import charts

        return charts.years(self)

    def plot_candles(
        self, symbol: str | None = None, start: object = None, end: object = None, bars: int = 300
    ) -> Overlay | Layout:
        """Candles of one traded symbol with its entries and exits, a HoloViews overlay.

        Args:
            symbol: `BTC` or `BTC/KRW`; the first one by default.
            start: of the chart; by default `bars` before `end`.
            end: exclusive; by default the end of the run.
            bars: the most that are shown; the title says which they are.
        """
        from cqs_backtest.result.candles import candle_chart

        return candle_chart(self, symbol, start, end, bars)

    def tear_sheet(self) -> TearSheet:
        """A page with everything about the run; it displays in its own frame, and `.save("run.html")` writes it."""
        from cqs_backtest.report import tear_sheet

        return TearSheet(tear_sheet(self.record, self.luck))

    @overload
    def __getitem__(self, key: Literal["performance"]) -> Performance: ...

    @overload
    def __getitem__(self, key: str) -> Any: ...

    def __getitem__(self, key: str) -> Any:
        if key not in KEYS:
            raise KeyError(f"{key!r}; a result has {', '.join(KEYS)}")
        return getattr(self, {"run": "id", "result": "simulated"}.get(key, key))

    def __iter__(self) -> Iterator[str]:
        return iter(KEYS)

    def keys(self) -> tuple[str, ...]:
        """The keys of `result["…"]`."""
        return KEYS

    def _about(self) -> str:
        made: Mapping[str, Any] = self.record.manifest
        strategy = f"{made['strategy']['name']} on {', '.join(made['symbols'])}"
        dates = f"{made['first'][:10]} to {made['last'][:10]}"
        kept = f"run {self.id}" if self.id else "not kept"
        return f"{strategy}, {made['exchange']} {made['interval']}, {dates}; {self.held}; {kept}"

    def __repr__(self) -> str:
        made, shown = self.record.manifest, ("cagr", "mdd", "sharpe", "num_trades")
        figures = ", ".join(
            f"{CONVENTIONS[name].label} {figure(self.performance[name], CONVENTIONS[name].unit)}" for name in shown
        )
        dates = f"{made['first'][:10]} to {made['last'][:10]}"
        figures += f", deflated {self.luck.short}" if self.luck and self.luck.short else ""
        return f"<Result {self.name!r}, {dates}: {figures}; look-ahead {self.record.badges['lookahead']}>"

    def _repr_html_(self) -> str:
        return card(self.record, self.name, self._about(), self.luck)


def _series(ts: npt.NDArray[np.int64], values: npt.NDArray[np.float64], name: str) -> pd.Series[float]:
    import pandas as pd

    times = ts.astype("datetime64[ms]").astype("datetime64[us]")  # the unit of every frame
    index = pd.DatetimeIndex(times, name="timestamp").tz_localize("UTC")
    return pd.Series(values, index=index, name=name)
