"""Results side by side, in a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE, version_note
from cqs_backtest.metrics.metric_text import figure
from cqs_backtest.result import Result
from cqs_backtest.result.card import COLORS, curves, framed
from cqs_backtest.runs.kept import load
from cqs_backtest.runs.run_comparison import side_by_side
from cqs_core import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cqs_core import Bucket

_CELL = "padding:3px 10px;text-align:right;border-bottom:1px solid #8a94a633"


def compare(*results: Result | str | Sequence[Result | str], bucket: Bucket | str | None = None) -> Comparison:
    """Two results or more side by side.

    Args:
        results: results, ids of kept runs, or a list of both.
        bucket: of the ids; the configured one by default.

    Raises:
        UsageError: fewer than two, or what is neither a result nor an id.
        UnknownName: an id that no kept run has.

    Examples:
        >>> from cqs_backtest import backtest
        >>> from cqs_core.testing.candles import random_candles
        >>> import pandas as pd
        >>> made = random_candles(rows=200)
        >>> index = pd.to_datetime(made.ts, unit="ms", utc=True)
        >>> bars = pd.DataFrame({n: getattr(made, n)[:, 0] for n in ("open", "high", "low", "close", "volume")}, index)
        >>> costs = {"free": 0.0, "dear": 0.01}
        >>> both = compare([backtest("buy_and_hold", "BTC", {"BTC": bars}, fee=costs[n], name=n) for n in costs])
        >>> list(both.results)
        ['free', 'dear']
        >>> bool(both.results["free"].performance.cagr > both.results["dear"].performance.cagr)
        True
    """
    given = [one for each in results for one in _each(each)]
    for one in given:
        if not isinstance(one, Result | str):
            raise UsageError(f"{one!r} is not a result; give results, or ids of kept runs")
    found = [load(one, bucket) if isinstance(one, str) else one for one in given]
    if len(found) < 2:
        raise UsageError("compare needs two results or more, such as compare(r, runs.load('2024…'))")
    return Comparison(dict(zip(_names(found), found, strict=True)))


def _each(given: Any) -> list[Any]:
    """Those in a list, or the one that is given alone."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, Result | str) else [given]


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Results side by side; last in a notebook's cell, it shows their curves and a table.

    Attributes:
        results: by name; names that would be the same are numbered.
    """

    results: Mapping[str, Result]

    @property
    def metrics(self) -> pd.DataFrame:
        """One row a metric, one column a result; units as in `Result.metrics`."""
        import pandas as pd

        return pd.DataFrame({name: result.metrics["value"] for name, result in self.results.items()})

    @property
    def settings(self) -> pd.DataFrame:
        """Settings that differ, one row per setting."""
        import pandas as pd

        rows = {row["setting"]: row["values"] for row in self._found()["settings"]}
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(self.results))

    @property
    def trades(self) -> pd.DataFrame:
        """Trades that differ from the first result's: `entered`, `left` or `changed`; sizes do not count."""
        import pandas as pd

        frame = pd.DataFrame(self._found()["trades"])
        for name in [name for name in frame.columns if "_time" in name]:
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601")
        return frame

    @property
    def equity(self) -> pd.DataFrame:
        """One column a result, quote currency at each bar's close; NaN where one has no bar."""
        import pandas as pd

        return pd.DataFrame({name: result.equity for name, result in self.results.items()})

    def plot(self) -> Any:
        """Growth since the first bar over drawdown, of all results, a HoloViews layout."""
        from cqs_backtest import charts

        return charts.compare(self.results)

    def _found(self) -> dict[str, Any]:
        return side_by_side([(name, result.record) for name, result in self.results.items()])

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(map(repr, self.results))}>"

    def _repr_html_(self) -> str:
        colors = [COLORS[i % len(COLORS)] for i in range(len(self.results))]
        return framed(self._curves(colors) + self._table(colors))

    def _curves(self, colors: Sequence[str]) -> str:
        """Growth of a capital of 1, on one time axis; a result that begins later is level until then."""
        grown = {name: result.equity / result.capital for name, result in self.results.items()}
        import pandas as pd

        frame = pd.DataFrame(grown).ffill().fillna(1.0)
        return curves([frame[name].to_numpy() for name in grown], colors, 1.0)

    def _table(self, colors: Sequence[str]) -> str:
        heads = "".join(
            f'<th style="{_CELL}"><span style="color:{color}">&#9632;</span> {escape(name)}</th>'
            for name, color in zip(self.results, colors, strict=True)
        )
        rows = [_row("Look-ahead", [str(r.record.badges["lookahead"]) for r in self.results.values()])]
        for name in HEADLINE:
            values = (r.performance.get(name, math.nan) for r in self.results.values())
            rows.append(_row(CONVENTIONS[name].label, [figure(value, CONVENTIONS[name].unit) for value in values]))
        deflated = [r.luck.short if r.luck else "" for r in self.results.values()]
        rows += [_row("Deflated Sharpe", deflated)] if any(deflated) else []
        notes = [version_note(r.record.manifest) or "" for r in self.results.values()]
        rows += [_row("Versions", notes)] if any(notes) else []
        for setting, row in self.settings.iterrows():
            rows.append(_row(str(setting), [str(value) for value in row]))
        head = f'<tr><th style="{_CELL}"></th>{heads}</tr>'
        return (
            f'<div style="overflow-x:auto"><table style="border-collapse:collapse">{head}{"".join(rows)}</table></div>'
        )


def _row(label: str, cells: Sequence[str]) -> str:
    text = "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in cells)
    return f'<tr><td style="{_CELL};text-align:left;opacity:.75">{escape(label)}</td>{text}</tr>'


def _names(found: Sequence[Result]) -> list[str]:
    """Each result's name, numbered where another one before has it."""
    made: list[str] = []
    for result in found:
        name, n = result.name, 2
        while name in made:
            name, n = f"{result.name} ({n})", n + 1
        made.append(name)
    return made
