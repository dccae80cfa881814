"""The form of the Validate page: what is tested, by which tests, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest.views.validation_tests import TESTS, TestOptions
from cqs_panel import FIELD, WIDE, AddressForm, from_text, pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_panel import PageState

_KEPT = (
    *("tests", "samples", "noise", "ruin_pct", "shifts"),
    *("optimize_days", "test_days", "embargo_days", "anchored"),
)
_DAYS = 1_825  # of a run of which nothing is known yet


class ValidateForm(pn.viewable.Viewer):
    """Inputs of the tests.

    Args:
        page: its address keeps the changed fields.
        subjects: what can be tested, by title: `run:ID` or `sweep:ID`.
    """

    kept: ClassVar[tuple[str, ...]] = _KEPT

    subject: param.Selector[Any] = param.Selector(label="Run or sweep", doc="What is tested.")
    tests = param.ListSelector(default=list(TESTS.values()), objects=TESTS, doc="What is tested by the button.")
    samples = param.Integer(
        1_000, bounds=(10, 100_000), label="Samples", doc="Curves of Monte Carlo, and random entries."
    )
    noise = param.Number(0.1, bounds=(0, 1), step=0.05, doc="On candles, as a fraction of each bar's true range.")
    ruin_pct = param.Number(
        50, bounds=(1, 99), step=5, label="Ruin below, % of capital", doc="A curve that falls below it is ruined."
    )
    shifts = param.Integer(5, bounds=(0, 100), label="Start shifted by up to, bars", doc="By stress.")
    optimize_days = param.Integer(
        round(0.4 * _DAYS), bounds=(1, None), label="Days to choose", doc="On which parameters are chosen."
    )
    test_days = param.Integer(
        round(0.12 * _DAYS), bounds=(1, None), label="Days to try", doc="On which the choice is tried, after them."
    )
    embargo_days = param.Integer(0, bounds=(0, None), label="Days between", doc="Left out between the two.")
    anchored = param.Boolean(False, label="Choose from the first bar on", doc="Else the days to choose move along.")

    def __init__(self, page: PageState, subjects: Mapping[str, str]) -> None:
        super().__init__()
        self.offer(subjects)
        self.subject = ""
        self._address = AddressForm(page, lambda: {name: getattr(self, name) for name in _KEPT}, self._take)
        self._address.follow()
        self.param.watch(lambda *_: self._address.write(), list(_KEPT))
        page.param.watch(lambda _: self._address.follow(), "query")

    def __panel__(self) -> Any:
        own = self.param
        days = pair(
            pmui.IntInput.from_param(own.optimize_days, **FIELD), pmui.IntInput.from_param(own.test_days, **FIELD)
        )
        random = pn.Column(
            pmui.IntInput.from_param(own.samples, **FIELD),
            pair(pmui.FloatInput.from_param(own.noise, **FIELD), pmui.FloatInput.from_param(own.ruin_pct, **FIELD)),
            pmui.IntInput.from_param(own.shifts, **FIELD),
            pmui.IntInput.from_param(own.embargo_days, **FIELD),
            pmui.Checkbox.from_param(own.anchored, **FIELD),
            **WIDE,
        )
        return pn.Column(
            pmui.Select.from_param(own.subject, searchable=True, **FIELD),
            pmui.CheckBoxGroup.from_param(own.tests, label="Tests", **FIELD),
            days,
            pmui.Accordion(("More", random), active=[], title_variant="subtitle2", **FIELD),
            **WIDE,
        )

    @property
    def settings(self) -> TestOptions:
        """How the tests are made."""
        return TestOptions(
            self.samples,
            self.noise,
            self.ruin_pct / 100,
            self.shifts,
            self.optimize_days,
            self.test_days,
            self.embargo_days,
            self.anchored,
        )

    def offer(self, subjects: Mapping[str, str]) -> None:
        """What can be tested now, by title."""
        self.param.subject.objects = {"": "", **subjects}

    def fit(self, days: int) -> None:
        """Take windows that suit so many days, unless the address names others."""
        self._address.pause()
        self.optimize_days, self.test_days = max(1, round(0.4 * days)), max(1, round(0.12 * days))
        self._address.settle()
        self._address.follow()

    def show(self, query: Mapping[str, str]) -> None:
        """Choose what the address names."""
        named = (f"{kind}:{query[kind]}" for kind in ("sweep", "run") if kind in query)
        known = self.param.subject.objects.values()
        self.subject = next((name for name in named if name in known), "")

    def _take(self, name: str, text: str) -> None:
        setattr(self, name, from_text(self.param[name], text))
