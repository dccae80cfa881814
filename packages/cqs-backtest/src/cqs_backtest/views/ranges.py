"""The values of a strategy's parameters that a search tries, as fields of a form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_panel import FIELD, WIDE, label, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cqs_core import Strategy

_FEW = 10  # values of an axis at first: two of them make a hundred sets
_SEARCHED = 2  # parameters that are searched at first


class ParameterRange(pn.viewable.Viewer):
    """One parameter: whether it is searched, and over which values.

    Args:
        name: of the parameter.
        parameter: as the strategy declares it.
        searched: at first.
    """

    searched = param.Boolean(doc="Whether the search tries several values.")
    span = param.Range(doc="First and last value.")
    step = param.Number(allow_None=True, doc="From one value to the next.")
    choices = param.ListSelector(default=[], doc="Values to try.")
    listed = param.String(doc="Values to try, separated by commas.")

    def __init__(self, name: str, parameter: param.Parameter[Any], *, searched: bool) -> None:
        super().__init__(name=name, searched=searched)
        self._parameter = parameter
        if self._options:
            self.param.choices.objects = self._options
            self.choices = [*self._options]
        elif (bounds := self._bounds) is not None:
            self.param.span.bounds = bounds
            self.step = coarse_step(*bounds, self._own_step)
            self.span = bounds

    def __panel__(self) -> Any:
        tick = pmui.Checkbox.from_param(self.param.searched, label=f"Search {_lower(label(self.name))}", margin=0)
        return pn.Column(tick, self.beside(self._fields, searched=True), **WIDE)

    def beside(self, fields: Callable[[], Iterable[Any]], *, searched: bool) -> Any:
        """A column that is shown while the parameter is searched, or while it is not.

        Its fields are made when it is first shown: the browser takes long for each, and a form has one hidden for each
        one seen.
        """
        place = pn.Column(visible=False, **WIDE)

        def follow(*_: Any) -> None:
            shown = self.searched is searched
            if shown and not len(place):
                place[:] = [*fields()]
            place.visible = shown

        follow()
        self.param.watch(follow, "searched")
        return place

    @property
    def text(self) -> str | None:
        """The range as `--param` takes it; None if the parameter is not searched."""
        if not self.searched:
            return None
        if self._options:
            return ",".join(str(one) for one in self.choices)
        if self._bounds is None:
            return self.listed
        low, high = self.span
        return ":".join(to_text(value) for value in (low, high, 1 if self.step is None else self.step))

    def take(self, text: str) -> None:
        """Set the fields to a range as `--param` takes it; an empty text is a parameter that is not searched.

        Raises:
            ValueError: the fields cannot show it.
        """
        self.searched = bool(text)
        if not text:
            return
        if self._options:
            self.choices = [one for one in self._options if str(one) in text.split(",")]
        elif self._bounds is None or ":" not in text:
            self.listed = text
        else:
            low, high, step = (self._number(part) for part in text.split(":"))
            self.param.update(span=(low, high), step=step)

    @property
    def _options(self) -> list[Any]:
        if isinstance(self._parameter, param.Boolean):
            return [False, True]
        return list(self._parameter.objects) if isinstance(self._parameter, param.Selector) else []

    @property
    def _bounds(self) -> tuple[float, float] | None:
        low, high = getattr(self._parameter, "bounds", None) or (None, None)
        return None if low is None or high is None or self._parameter.allow_None else (low, high)

    @property
    def _whole(self) -> bool:
        return isinstance(self._parameter, param.Integer)

    @property
    def _own_step(self) -> float:
        low, high = self._bounds or (0, 1)
        return float(getattr(self._parameter, "step", None) or (1 if self._whole else (high - low) / 100))

    def _number(self, text: str) -> float:
        return int(text) if self._whole else float(text)

    def _fields(self) -> Iterator[Any]:
        name, own = label(self.name), self.param
        if self._options:
            yield pmui.MultiChoice.from_param(own.choices, label=f"{name}: values", **WIDE)
        elif self._bounds is None:
            yield pmui.TextInput.from_param(own.listed, label=f"{name}: values", placeholder="1, 2, 3", **WIDE)
        else:
            kinds = (pmui.IntRangeSlider, pmui.IntInput) if self._whole else (pmui.RangeSlider, pmui.FloatInput)
            slider, number = kinds
            limits = {"start": self._bounds[0], "end": self._bounds[1], "step": self._shown_step}
            yield slider.from_param(own.span, label=f"{name}: from, to", **limits, **FIELD)
            yield number.from_param(own.step, label=f"{name}: step", step=self._shown_step, **FIELD)

    @property
    def _shown_step(self) -> float:
        return int(self._own_step) if self._whole else self._own_step


class ParameterRanges(pn.viewable.Viewer):
    """The ranges of all parameters of a strategy, in order.

    Args:
        strategy: whose parameters they are.
        changed: called when one of them changes.
    """

    def __init__(self, strategy: Strategy, changed: Callable[[], Any]) -> None:
        super().__init__()
        known = type(strategy).parameters()
        first = [name for name, one in known.items() if _is_bounded(one)][:_SEARCHED]
        self.by_name = {
            name: ParameterRange(name, one, searched=name in first) for name, one in known.items() if _can_vary(one)
        }
        for one in self.by_name.values():
            one.param.watch(lambda *_: changed(), ["searched", "span", "step", "choices", "listed"])

    @property
    def texts(self) -> dict[str, str]:
        """The ranges of the parameters that are searched, as `--param` takes them."""
        return {name: text for name, one in self.by_name.items() if (text := one.text) is not None}

    def take(self, texts: Mapping[str, str | None]) -> None:
        """Set all fields; a parameter that is not named is not searched."""
        for name, one in self.by_name.items():
            one.take(texts.get(name) or "")


def coarse_step(low: float, high: float, step: float) -> float:
    """A multiple of a step with which a range has about ten values.

    >>> coarse_step(5, 50, 1), coarse_step(0.1, 0.9, 0.05), coarse_step(1, 4, 1)
    (5, 0.1, 1)
    """
    wanted = ((high - low) / step + 1) / _FEW
    power = 10 ** max(0, math.floor(math.log10(max(wanted, 1))))
    times = next(n * power for n in (1, 2, 5, 10) if n * power >= wanted - 1e-9)
    found = float(f"{times * step:.12g}")
    return int(found) if found.is_integer() and isinstance(low, int) else found


def _is_bounded(parameter: param.Parameter[Any]) -> bool:
    low, high = getattr(parameter, "bounds", None) or (None, None)
    return isinstance(parameter, param.Number) and low is not None and high is not None


def _can_vary(parameter: param.Parameter[Any]) -> bool:
    return isinstance(parameter, param.Number | param.Boolean | param.Selector)


def _lower(text: str) -> str:
    """Without the capital of a word; names such as BTC keep theirs."""
    return text if text[:2].isupper() else f"{text[:1].lower()}{text[1:]}"
