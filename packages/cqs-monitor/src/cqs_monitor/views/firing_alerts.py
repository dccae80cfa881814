"""Alerts that fire, each with a button: someone knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_monitor.alerts.acknowledgements import acknowledge, withdraw
from cqs_monitor.views.alert_text import CSS, alert_html
from cqs_panel import WIDE, html, ignore_double_clicks, operator_only, user_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cqs_monitor.alerts.evaluation import Alert
    from cqs_panel import PageState

MOST = 20
"""Alerts that get a button; `cqs monitor alerts ack` takes any."""


class FiringAlerts(pn.viewable.Viewer):
    """A row for each alert.

    Args:
        page: that shows them.
        changed: called when one was acknowledged, or is not any more.
    """

    def __init__(self, page: PageState, changed: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._changed = page, changed
        self._rows: dict[tuple[str, bool], _Row] = {}
        self._column = pn.Column(visible=False, **WIDE)

    def __panel__(self) -> Any:
        return self._column

    def show(self, alerts: Sequence[Alert]) -> None:
        """Show these; a row that stays keeps its button."""
        wanted = {(alert.key, alert.acknowledged is not None): alert for alert in alerts[:MOST]}
        rows = {key: self._rows.get(key) or _Row(alert, self._toggle) for key, alert in wanted.items()}
        for key, alert in wanted.items():
            rows[key].tell(alert_html(alert, self._page))
        if list(rows) != list(self._rows):
            self._column[:] = [row.root for row in rows.values()]
            self._column.visible = bool(rows)
        self._rows = rows

    def _toggle(self, alert: Alert) -> None:
        bucket, name = self._page.bucket, user_name()

        def work() -> None:
            if alert.acknowledged is None:
                acknowledge(bucket, alert.rule.name, alert.subject, name)
            else:
                withdraw(bucket, alert.rule.name, alert.subject)

        self._page.load(work, lambda _: self._changed())


class _Row:
    def __init__(self, alert: Alert, toggle: Callable[[Alert], None]) -> None:
        self._text = html("", stylesheets=[CSS])
        self._text.styles = {"flex": "1 1 0", "min-width": "0", "width": "auto"}
        label = "Acknowledge" if alert.acknowledged is None else "Take back"
        self._button = pmui.Button(label=label, variant="outlined", size="small", margin=0)
        self._button.on_click(lambda _: toggle(alert))
        ignore_double_clicks(self._button)  # each comes where its opposite, or that of another alert, was
        operator_only(self._button)
        self.root = pn.Row(self._text, self._button, align="center", styles={"gap": "12px"}, **WIDE)

    def tell(self, text: str) -> None:
        if self._text.object != text:
            self._text.object = text
