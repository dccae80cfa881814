"""Channels on the Alerts page: where their secrets are, how to add one, and whether a message arrives."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_monitor.alerts.channels import PREFIX, chosen, deliver
from cqs_panel import WIDE, bar, html, notice, operator_only, plain_table, section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_panel import PageState

_ALL = "All channels"
_SERVICES = {
    "Telegram": ("TELEGRAM", "tgram://BOT_TOKEN/CHAT_ID"),
    "Slack": ("SLACK", "slack://TOKEN_A/TOKEN_B/TOKEN_C"),
    "Discord": ("DISCORD", "discord://WEBHOOK_ID/WEBHOOK_TOKEN"),
    "Mail": ("MAIL", "mailtos://USER:PASSWORD@HOST?to=YOU@HOST"),
    "ntfy": ("NTFY", "ntfys://TOPIC"),
    "Webhook (JSON)": ("HOOK", "jsons://HOST/PATH"),
}
_CSS = "p{font-size:13px;margin:4px 0;overflow-wrap:anywhere} code{user-select:all;overflow-wrap:anywhere}"


class ChannelsPanel(pn.viewable.Viewer):
    """The channels as they are now, also after a change of `.env`; a page never shows or takes a secret."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._names: Mapping[str, str] = {}
        self._fault = ""
        self._results: dict[str, str] = {}
        self._listed = pn.Column(**WIDE)
        self._which = pmui.Select(label="Channel", options=[_ALL], value=_ALL, size="small", width=180, margin=0)
        self._send = pmui.Button(label="Send a test message", variant="outlined", size="small", margin=0)
        self._send.on_click(lambda _: self._start())
        operator_only(self._send)
        self._test = bar(self._which, self._send)
        self._service = pmui.Select(
            label="Add a channel", options=[*_SERVICES], value="Telegram", size="small", width=180, margin=0
        )
        self._service.param.watch(lambda _: self._explain(), "value")
        self._advice = html("", stylesheets=[_CSS])
        self._explain()
        self._put({})

    def __panel__(self) -> Any:
        return section("Channels", self._listed, self._test, bar(self._service), self._advice)

    def show(self, names: Mapping[str, str], fault: str = "") -> None:
        """Show the channels: where the secret of each is, by name, and why the keyring cannot be read."""
        if (names, fault) != (self._names, self._fault):
            self._fault = fault
            self._put(names)

    def _put(self, names: Mapping[str, str]) -> None:
        self._names = names
        options = [_ALL, *names]
        self._which.param.update(options=options, value=self._which.value if self._which.value in options else _ALL)
        self._test.visible = bool(names)
        self._list()

    def _list(self) -> None:
        rows = [[name, where, self._results.get(name, "")] for name, where in self._names.items()]
        empty = html("<p>No channel is configured here: alerts are only shown.</p>", stylesheets=[_CSS])
        self._listed[:] = [plain_table(["Channel", "Secret is in", "Test"], rows) if rows else empty]
        if self._fault:
            self._listed.append(notice(f"Keyring: {self._fault}.", "warning"))

    def _explain(self) -> None:
        name, url = _SERVICES.get(self._service.value, _SERVICES["Telegram"])
        line = f"<code>{escape(f'{PREFIX}{name}={url}')}</code>"
        where = "<code>.env</code> of the folder where the server and the watcher start, or into their environment"
        told = f"Write {line} with your own values into {where}. <code>.env</code> is read at once."
        kept = f"<code>cqs monitor alerts channel add {name.lower()}</code> asks for the URL"
        ring = f"Or keep it in the keyring of the server's user: {kept} (needs <code>cqs-monitor[keyring]</code>)."
        self._advice.object = f"<p>{told} Any Apprise URL will do.</p><p>{ring}</p>"

    def _start(self) -> None:
        asked = self._which.value
        names = [] if asked == _ALL else [asked]
        self._send.loading = True
        self._page.load(lambda: _test(names), self._show)

    def _show(self, found: Mapping[str, str | None]) -> None:
        self._send.loading = False
        self._results |= {name: fault or "sent" for name, fault in found.items()}
        self._list()


def _test(names: list[str]) -> Mapping[str, str | None]:
    return deliver(chosen(names), "cqs: test", "A test message from the Alerts page of cqs.")
