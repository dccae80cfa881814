"""A notice in place of a chart whose candles cannot be read; the chart tries again after a repair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import panel as pn

from cqs_core import CqsError, DataError
from cqs_core.files import NewerFormat
from cqs_panel.layout import WIDE
from cqs_panel.remedy_buttons import remedies
from cqs_panel.sections import failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core.jobs import Job
    from cqs_panel.state import PageState

_T = TypeVar("_T")


class DamageNotice(pn.viewable.Viewer):
    """An error with buttons to repair it; it stays until the candles can be read.

    Args:
        page: the view that shows it.
        again: called after a job that may have repaired the damage.
    """

    def __init__(self, page: PageState, again: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._again = page, again
        self._text, self._hears_jobs = "", False
        self._root = pn.Column(visible=False, **WIDE)

    def __panel__(self) -> Any:
        return self._root

    def show(self, damage: CqsError) -> None:
        """Show it, once."""
        if self._text == str(damage):
            return
        self._text = str(damage)
        self._root[:] = [failure("These candles cannot be read", damage, actions=remedies(self._page, damage))]
        self._root.visible = True
        if not self._hears_jobs:
            self._hears_jobs = True
            self._page.on_job(self._ended)

    def clear(self) -> None:
        """Take it away."""
        self._text, self._root.visible = "", False

    def _ended(self, job: Job) -> None:
        if self._text and job.args[:2] != ["data", "verify"]:  # which changes nothing
            self._again()


def or_damage(read: Callable[[], _T]) -> _T | CqsError:
    """The result of `read`, or its error: candles that are damaged, or that a newer version wrote."""
    try:
        return read()
    except (DataError, NewerFormat) as error:
        return error
