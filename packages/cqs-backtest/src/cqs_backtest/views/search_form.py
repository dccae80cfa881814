"""The form of a search: what a backtest asks for, with ranges of parameters, a method, and what is looked for."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest.metrics.conventions import CONVENTIONS, HEADLINE
from cqs_backtest.run_options import OPTIONS
from cqs_backtest.views.argument_text import rounded, set_arguments
from cqs_backtest.views.form import BacktestForm
from cqs_backtest.views.option_fields import SHOWN
from cqs_backtest.views.ranges import ParameterRanges
from cqs_panel import WIDE, offered, pair

if TYPE_CHECKING:
    from collections.abc import Mapping

GRID, RANDOM, OPTUNA = "grid", "random", "optuna"
_UNSEARCHED = "-"  # in the address: an empty value would be the one at first
_SEARCHED = tuple(field for field, name in SHOWN.items() if OPTIONS[name].searched)


def methods() -> dict[str, str]:
    """Ways to choose sets by title; Optuna's where it is installed."""
    proposed = {"Sets that Optuna proposes": OPTUNA} if find_spec("optuna") else {}
    return {"Every set of the grid": GRID, "Sets at random": RANDOM, **proposed}


def metrics_by_label() -> dict[str, str]:
    """Metrics by label, the headline first."""
    return {CONVENTIONS[name].label: name for name in dict.fromkeys([*HEADLINE, *CONVENTIONS])}


class SearchForm(BacktestForm):
    """Inputs of a search, bounded by the candles that the lake has."""

    kept: ClassVar[tuple[str, ...]] = (*BacktestForm.kept, "method", "count", "seed", "objectives", "requirements")

    method: param.Selector[Any] = param.Selector(default=GRID, objects=methods(), doc="Which sets are tried.")
    count = param.Integer(500, bounds=(1, 10**7), label="Sets", doc="How many sets are tried, each once.")
    seed = param.Integer(0, bounds=(0, None), doc="The same seed gives the same sets.")
    objectives = param.ListSelector(
        default=["sharpe"],
        objects=metrics_by_label(),
        doc="The first metric chooses the best set; several give the sets that none beats in all of them.",
    )
    requirements = param.String("", doc="Bounds that a set must keep to be chosen, such as num_trades>=30, mdd>=-40.")
    changes = param.Integer(0, doc="Rises with every change of a field.")

    def follow(self) -> None:
        """Apply the address now and whenever it changes, and count changes."""
        super().follow()
        self.param.watch(lambda *_: self._changed(), [*self.kept, "configured"])

    def __panel__(self) -> Any:
        own, wide = self.param, self.wide
        return pn.Column(
            pmui.Select.from_param(own.strategy, **wide),
            pair(pmui.Select.from_param(own.exchange, **wide), pmui.Select.from_param(own.interval, **wide)),
            pmui.Select.from_param(own.preset, label="Set of symbols", **wide),
            pmui.MultiChoice.from_param(own.symbols, searchable=True, **wide),
            *self.date_widgets(),
            self.fields(),
            *self._search_fields(),
            self._more(),
            **WIDE,
        )

    def _search_fields(self) -> list[Any]:
        own, wide = self.param, self.wide
        numbers = pair(pmui.IntInput.from_param(own.count, **wide), pmui.IntInput.from_param(own.seed, **wide))
        numbers.visible = own.method.rx() != GRID
        requirements = pmui.TextInput.from_param(own.requirements, placeholder="num_trades>=30, mdd>=-40", **wide)
        return [
            pmui.Select.from_param(own.method, **wide),
            numbers,
            pmui.MultiChoice.from_param(own.objectives, searchable=True, **wide),
            requirements,
        ]

    def _more(self) -> Any:
        return self._folded("Costs and more", _SEARCHED, unfolded=False)

    def arguments(self) -> list[str]:
        """The arguments of `cqs` that start this search.

        Raises:
            UsageError: a field holds what the form does not offer.
        """
        return ["backtest", "sweep", *self.search_arguments()]

    def search_arguments(self) -> list[str]:
        """The strategy and the options of every command that searches.

        Raises:
            UsageError: a field holds what the form does not offer.
        """
        offered(self, "method", "objectives")
        made, searched = self.request_arguments(), self.ranges.texts
        fixed = {name: value for name, value in self.configured.values().items() if name not in searched}
        made += set_arguments(rounded(fixed))
        for name, text in searched.items():
            made += ["--param", f"{name}={text}"]
        counted = {RANDOM: "--random", OPTUNA: "--optimize"}.get(self.method)
        made += [counted, str(self.count), "--seed", str(self.seed)] if counted else []
        for metric in self.objectives:
            made += ["--objective", metric]
        for text in filter(None, map(str.strip, self.requirements.split(","))):
            made += ["--require", text]
        return made

    def fill(self, made: dict[str, Any]) -> None:
        """Take the inputs of a search's manifest, or of a run's, as far as the lake and the plugins still know them."""
        super().fill(made)
        if "ranges" not in made:
            return
        self._address.pause()
        self.ranges.take(_typed(made))
        count = made["random"] or made.get("optimize")
        method = OPTUNA if made.get("optimize") else GRID if count is None else RANDOM
        self.param.update(
            method=method if method in self.param.method.objects else RANDOM,
            count=count or self.count,
            seed=made["random_seed"] or 0,
            objectives=[name for name in objectives_of(made) if name in CONVENTIONS] or self.objectives,
            requirements=", ".join(made["requirements"]),
        )
        self._address.settle()
        self._address.follow()

    def _show_parameters(self, *_: Any) -> None:
        self.ranges = ParameterRanges(self.configured, self._changed)
        super()._show_parameters()

    def parameter_fields(self) -> list[Any]:
        """A range for each parameter that is searched, above a field for its value."""
        names = type(self.configured).parameters()
        return [self._row(name, field) for name, field in zip(names, super().parameter_fields(), strict=True)]

    def _row(self, name: str, fixed: Any) -> Any:
        """A parameter: its range where it is searched, else its value."""
        own = self.ranges.by_name.get(name)
        if own is None:
            return fixed
        return pn.Column(own, own.beside(lambda: [fixed], searched=False), **WIDE)

    def _changed(self) -> None:
        self._address.write()
        self.changes += 1

    def _values(self) -> dict[str, Any]:
        ranges = {f"p.{name}.range": one.text or _UNSEARCHED for name, one in self.ranges.by_name.items()}
        return super()._values() | ranges

    def _take(self, name: str, text: str) -> None:
        if name.endswith(".range"):
            one = self.ranges.by_name[name.removeprefix("p.").removesuffix(".range")]
            one.take("" if text == _UNSEARCHED else text)
        else:
            super()._take(name, text)


def objectives_of(made: Mapping[str, Any]) -> list[str]:
    """The metrics that a search looks for, the one that chooses the best set first."""
    return list(made.get("objectives") or [made["objective"]])


def _typed(made: Mapping[str, Any]) -> dict[str, str]:
    """The ranges of a search as they were typed; its values, where a name alone was typed."""
    axes = made["axes"]
    ranges = made["ranges"] or dict.fromkeys(axes)
    return {name: text or ",".join(str(value) for value in axes[name]) for name, text in ranges.items()}
