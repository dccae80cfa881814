"""Trust and evaluation of one version: buttons that say what they do, and what they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError, UsageError
from cqs_monitor.models import trust
from cqs_monitor.models.evaluation.evaluate import check_evaluable
from cqs_panel import WIDE, bar, failure, html, operator_only, stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_core.jobs import Job
    from cqs_monitor.models.registry import Model
    from cqs_panel import PageState

_CSS = "p{font-size:13px;margin:2px 0}"
_NEVER = "It is never loaded: not by this page, and trust is refused."
_WARNING = """<p>Loading a pickle runs code that it names. Trust holds for these bytes, on this machine. A trusted
model is loaded in its own process: empty environment and folder, limits on time and memory, no network where
the system allows. <b>This is not a sandbox</b>: its code can read what you can read.</p>"""


class ModelTrust(pn.viewable.Viewer):
    """Trust, distrust, evaluate.

    Args:
        page: that shows it.
        chosen: the version.
        changed: called when trust changed or an evaluation ended.
    """

    def __init__(self, page: PageState, chosen: Model, changed: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._chosen, self._changed = page, chosen, changed
        self._below = pn.Column(**WIDE)
        self._knows = pmui.Checkbox(label="I know who made this model", value=False, margin=0)
        self._unusual = pmui.Checkbox(
            label="I know what its unusual code does", value=False, margin=0, visible=_is_unusual(chosen)
        )
        self._trust = pmui.Button(label="Trust it", variant="outlined", size="small", disabled=True, margin=0)
        for box in (self._knows, self._unusual):
            box.param.watch(lambda _: setattr(self._trust, "disabled", not self._agreed), "value")
        self._trust.on_click(lambda _: self._do(self._trust_it))
        self._revoke = pmui.Button(label="Take trust back", variant="text", size="small", margin=0)
        self._revoke.on_click(lambda _: self._do(lambda: trust.distrust(str(chosen.sha256))))
        self._evaluate = pmui.Button(label="Evaluate", variant="contained", size="small", margin=0)
        self._evaluate.on_click(lambda _: self._start())
        operator_only(self._trust, self._revoke, self._evaluate)

    def __panel__(self) -> Any:
        seen = self._chosen.inspection
        if seen is None or seen.verdict == "dangerous":
            return html(f"<p>{_NEVER if seen else 'There is nothing to trust.'}</p>", stylesheets=[_CSS])
        if self._chosen.sha256 in trust.trusted():
            return stack(html(_WARNING, stylesheets=[_CSS]), bar(self._evaluate, self._revoke), self._below)
        return stack(html(_WARNING, stylesheets=[_CSS]), bar(self._knows, self._unusual, self._trust), self._below)

    @property
    def _agreed(self) -> bool:
        return self._knows.value is True and (self._unusual.value is True or not self._unusual.visible)

    def _do(self, change: Callable[[], Any]) -> None:
        try:
            change()
        except CqsError as error:
            self._below[:] = [failure("It is not trusted", error)]
            return
        self._changed()

    def _trust_it(self) -> None:
        """A client that is not a browser can click a disabled button."""
        if not self._agreed:
            raise UsageError("say first that you know who made this model, and what its code does")
        trust.trust([self._chosen], str(self._chosen.sha256), unusual=self._unusual.value is True)

    def _start(self) -> None:
        try:
            if self._chosen.version.startswith("-"):
                raise UsageError(f"version {self._chosen.version!r} would be read as an option; rename its file")
            check_evaluable(self._chosen)
        except CqsError as error:
            self._below[:] = [failure("It cannot be evaluated", error)]
            return
        self._below.clear()
        self._page.start(f"Evaluate {self._chosen.version}", ["models", "evaluate", self._chosen.version])
        self._evaluate.loading = self._evaluate.disabled = True

    def ended(self, job: Job) -> None:
        """A job is over; where it was this evaluation, its figures are shown."""
        if job.args[:3] == ["models", "evaluate", self._chosen.version]:
            self._evaluate.loading = self._evaluate.disabled = False
            if job.state == "done":
                self._changed()


def _is_unusual(chosen: Model) -> bool:
    return chosen.inspection is not None and chosen.inspection.verdict == "imports unusual code"
