"""Channels by name, and a test message; their URLs are secrets and never reach a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_monitor.alerts.channels import PREFIX, chosen, deliver
from cqs_panel import WIDE, bar, empty, operator_only, plain_table, stack

if TYPE_CHECKING:
    from cqs_panel import PageState


class Channels(pn.viewable.Viewer):
    """Test messages: what would be sent, and whether it arrives."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._names = sorted(chosen())
        self._send = pmui.Button(label="Send a test message", variant="outlined", size="small", margin=0)
        self._send.on_click(lambda _: self._start())
        operator_only(self._send)
        self._told = pn.Column(**WIDE)

    def __panel__(self) -> Any:
        if not self._names:
            advice = "An Apprise URL each, in the environment or in .env of the folder where the watcher starts."
            return empty("No channel is configured here", advice, f"{PREFIX}TELEGRAM=tgram://TOKEN/CHAT")
        self._told[:] = [plain_table(["Channel", ""], [[name, "configured"] for name in self._names])]
        return stack(self._told, bar(self._send))

    def _start(self) -> None:
        self._send.disabled = True
        self._page.load(
            lambda: deliver(chosen(), "cqs: test", "A test message from the Alerts page of cqs."), self._show
        )

    def _show(self, found: dict[str, str | None]) -> None:
        self._send.disabled = False
        self._told[:] = [plain_table(["Channel", ""], [[name, fault or "sent"] for name, fault in found.items()])]
