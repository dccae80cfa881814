"""The tests of a run or a sweep: verdicts first, then each test by itself."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest import charts
from cqs_backtest.views.titles import candles_of, title_of
from cqs_backtest.views.validation_tests import MONTECARLO, PERMUTE, STRESS, WALK
from cqs_backtest.views.verdicts import verdicts_html
from cqs_panel import (
    UNKNOWN,
    WIDE,
    bar,
    beside,
    empty,
    html,
    label,
    operator_only,
    plain_table,
    ratio,
    section,
    stack,
    table,
    table_csv,
)
from cqs_panel.charts import ChartPane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_backtest.views.validated import Validated
    from cqs_panel import PageState

_METHODS = {
    "days drawn anew": "bootstrap",
    "trades drawn anew": "resample",
    "trades in another order": "shuffle",
    "candles with noise": "noise",
}
_FAN, _BARS, _WALK = 300, 240, 340  # pixels
_ABOUT = {
    MONTECARLO: "what else it might have come to, by chance alone",
    PERMUTE: "its entries against random ones with the same holding times",
    STRESS: "the same run under worse conditions",
    WALK: "parameters chosen on some days and tried on the next ones",
}


class ValidationPage(pn.viewable.Viewer):
    """Everything that tests say of a run or a sweep.

    Args:
        page: the view that shows it.
        found: what is known.
        test: called with the name of a test that is to be made (again).
    """

    method: param.Selector[Any] = param.Selector(
        default="bootstrap", objects=_METHODS, label="Method", doc="How the curves are drawn."
    )

    def __init__(self, page: PageState, found: Validated, test: Callable[[str], Any]) -> None:
        super().__init__()
        self._page, self._found, self._test = page, found, test
        self._fan, self._cagr, self._mdd = (ChartPane(page, height) for height in (_FAN, _BARS, _BARS))
        self.param.watch(lambda _: self._draw(), "method")

    def __panel__(self) -> Any:
        return stack(
            self._about(),
            section("What the tests say", verdicts_html(self._found.verdicts)),
            self._walk(),
            self._montecarlo(),
            self._permutation(),
            self._stress(),
        )

    def _about(self) -> Any:
        made, run, sweep = self._found.manifest, self._found.run, self._found.sweep
        which = f"run {run.id}" if run is not None else "its best set is run and kept before it is tested"
        lines = [f"{candles_of(made)}; {which}", *([f"sweep {sweep.folder.id}"] if sweep is not None else [])]
        notes = "".join(f'<div class="note">{escape(line)}</div>' for line in lines)
        ways = []
        if run is not None:
            ways.append(self._link("Open the run", "backtest", run=run.id))
        if sweep is not None:
            ways.append(self._link("Open the sweep", "optimize", sweep=sweep.folder.id))
        return section(title_of(made), html(notes), bar(*ways))

    def _link(self, text: str, slug: str, **query: str) -> Any:
        button = pmui.Button(label=text, variant="outlined", size="small", margin=0)
        button.on_click(lambda _: self._page.goto(slug, **query))
        return button

    def _again(self, test: str, *, made: bool) -> Any:
        button = pmui.Button(label="Test again" if made else "Test", variant="outlined", size="small", margin=0)
        button.on_click(lambda _: self._test(test))
        operator_only(button)
        return button

    def _section(self, title: str, test: str, *inside: Any) -> Any:
        """One test; an empty state where it was not made."""
        shown = inside or (empty("Not tested yet", "Run all tests at the left, or this one alone."),)
        return section(title, *shown, note=_ABOUT[test], actions=[self._again(test, made=bool(inside))])

    def _walk(self) -> Any:
        walk, walked = self._found.walk, self._found.walked
        if walk is None or walk.result is None:
            return self._section("Walk-forward", WALK)
        windows = walk.result["windows"]
        inside = []
        if walked is not None:
            chart = ChartPane(self._page, _WALK + 100)
            inside.append(chart.draw(lambda: charts.walk_forward(windows, walked, height=_WALK, mode="page")))
        plan = walk.manifest["plan"]
        text = f"{plan['optimize']} days to choose, {plan['test']} to try, {walk.manifest['sets']:,} sets each"
        drift = ", ".join(
            f"{label(name)} {value:.0%}" for name, value in walk.result["drift"].items() if value is not None
        )
        note = f"{text}; {walk.folder.id}" + (f"; the choice moves by a share of the range: {drift}" if drift else "")
        shown = _window_table(windows)
        inside += [html(f'<span class="note">{escape(note)}</span>'), bar(table_csv(shown, "windows.csv")), shown]
        return self._section("Walk-forward", WALK, *inside)

    def _montecarlo(self) -> Any:
        found = self._found.tests.get(MONTECARLO)
        if found is None:
            return self._section("Monte Carlo", MONTECARLO)
        self._draw()
        choice = pmui.Select.from_param(self.param.method, size="small", width=260, margin=(6, 0))
        rows = [_interval_row(name, found[key]) for name, key in _METHODS.items()]
        headers = ["", "CAGR", "Max drawdown", "Sharpe", "Ruin"]
        bars = beside(
            section("CAGR of the samples", self._cagr, note="solid: this run"),
            section("Max drawdown of the samples", self._mdd, note="solid: this run"),
        )
        note = html('<span class="note">Nine of ten samples lie between these figures.</span>')
        table = plain_table(headers, rows, numbers=range(1, 5))
        return self._section("Monte Carlo", MONTECARLO, choice, self._fan, bars, note, table)

    def _draw(self) -> None:
        found = self._found.tests.get(MONTECARLO) or {}
        part, performance = found.get(self.method), self._found.manifest["performance"]
        if part is None:
            text = "Not made: there are too few trades or days."
            for one in (self._fan, self._cagr, self._mdd):
                one.draw(lambda: html(f"<p>{text}</p>"))
            return
        self._fan.draw(lambda: charts.fan(part["bands"], height=_FAN, mode="page"))
        for name, place in (("cagr", self._cagr), ("mdd", self._mdd)):
            place.draw(_bars(part, name, performance.get(name)))

    def _permutation(self) -> Any:
        found = self._found.tests.get(PERMUTE)
        if found is None:
            return self._section("Permutation test", PERMUTE)
        text = (
            f"{found['positions']:,} positions returned {found['mean_return']:.2f} % each; random ones "
            f"{found['random_mean']:.2f} %, the best twentieth of them {found['random_95']:.2f} % or more."
        )
        inside = [html(f'<span class="note">{escape(text)}</span>')]
        if counted := found.get("histogram"):
            marks = {"this run": found["mean_return"], "95 % of chance": found["random_95"]}
            chart = ChartPane(self._page, _BARS)
            inside.append(chart.draw(lambda: charts.outcomes(counted, marks=marks, height=_BARS, mode="page")))
        return self._section("Permutation test", PERMUTE, *inside)

    def _stress(self) -> Any:
        found = self._found.tests.get(STRESS)
        if found is None:
            return self._section("Stress", STRESS)
        base = {"kind": "", "case": "as it was", "error": None, **found["base"]}
        shown = _stress_table([base, *found["rows"]])
        return self._section("Stress", STRESS, bar(table_csv(shown, "stress.csv")), shown)


def _bars(part: Mapping[str, Any], name: str, actual: float | None) -> Callable[[], Any]:
    counted = (part.get("histograms") or {}).get(name)
    if counted is None:
        return lambda: html("<p>Test again to see how the samples are distributed.</p>", **WIDE)
    marks = {} if actual is None else {"this run": actual}
    if part[name]["median"] is not None:
        marks["median"] = part[name]["median"]
    return lambda: charts.outcomes(counted, marks=marks, height=_BARS, mode="page")


def _window_table(windows: Sequence[Mapping[str, Any]]) -> Any:
    names = list(dict.fromkeys(name for row in windows for name in row["parameters"] or {}))
    rows = [
        {
            "tried": f"{row['test_start'][:10]} to {row['test_stop'][:10]}",
            "earned": (row["test"] or {}).get("total_return", 0.0),
            "sharpe": (row["test"] or {}).get("sharpe"),
            "promised": (row["optimize"] or {}).get("sharpe"),
            "trades": (row["test"] or {}).get("num_trades", 0),
            **{name: _text((row["parameters"] or {}).get(name)) for name in names},
        }
        for row in windows
    ]
    titles = {"tried": "Tried", "earned": "Earned %", "sharpe": "Sharpe", "promised": "Sharpe while chosen"}
    titles |= {"trades": "Positions", **{name: label(name) for name in names}}
    return table(
        pd.DataFrame(rows),
        titles=titles,
        signed={"earned": 1},
        numbers={"sharpe": "0.00", "promised": "0.00", "trades": "0,0"},
        phone=("tried", "earned", "sharpe", *names[:1]),
        page_size=10,
    )


def _stress_table(rows: Sequence[Mapping[str, Any]]) -> Any:
    base = rows[0]["sharpe"]
    frame = pd.DataFrame(
        [
            {
                "case": row["case"],
                "sharpe": row["sharpe"],
                "change": None if None in (row["sharpe"], base) else row["sharpe"] - base,
                **{name: row[name] for name in ("cagr", "mdd", "num_trades")},
                "error": row["error"] or "",
            }
            for row in rows
        ]
    )
    numbers = {"sharpe": "0.00", "num_trades": "0,0"}
    titles = {"case": "Case", "sharpe": "Sharpe", "change": "Change of Sharpe", "cagr": "CAGR %"}
    titles |= {"mdd": "Max drawdown %", "num_trades": "Positions", "error": "Could not run"}
    failed = bool(frame["error"].any())
    return table(
        frame,
        titles=titles,
        numbers=numbers,
        signed={"change": 2, "cagr": 1, "mdd": 1},
        more=() if failed else ("error",),
        phone=("case", "sharpe", "change", "cagr"),
        page_size=15,
    )


def _interval_row(name: str, part: Mapping[str, Any] | None) -> list[str]:
    if part is None:
        return [name, *[UNKNOWN] * 4]
    return [
        name,
        _between(part["cagr"], "{:.1f}".format, " %"),
        _between(part["mdd"], "{:.1f}".format, " %"),
        _between(part["sharpe"], ratio),
        f"{part['ruin']:.1%}",
    ]


def _between(interval: Mapping[str, float | None] | None, text: Callable[[float], str], unit: str = "") -> str:
    if interval is None or interval["low"] is None or interval["high"] is None:
        return UNKNOWN
    return f"{text(interval['low'])} to {text(interval['high'])}{unit}"


def _text(value: Any) -> str:
    return UNKNOWN if value is None else f"{value:g}" if isinstance(value, float) else str(value)
