"""Buttons for what an error says to do: a message that names one of these commands can be answered on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_panel.state import PageState

_COMMANDS = {
    "`cqs data verify`": ("Verify all series", "data", "verify"),
    "`cqs data repair`": ("Repair the lake", "data", "repair"),
}


def remedies(page: PageState, error: BaseException) -> Sequence[Any]:
    """A button for each command that the message names; a job does it, and the dock shows how it goes."""
    from cqs_core import CqsError

    if not isinstance(error, CqsError):
        return []
    return [_button(page, *made) for command, made in _COMMANDS.items() if command in str(error)]


def _button(page: PageState, title: str, *arguments: str) -> Any:
    import panel_material_ui as pmui

    from cqs_panel.login.session import operator_only

    endpoint = page.settings.endpoint if arguments[1] == "repair" else None
    asked = [*arguments, *(["--endpoint", endpoint] if endpoint else [])]
    button = pmui.Button(label=title, variant="outlined", size="small", margin=0)

    def start(_: Any) -> None:
        button.disabled = True
        page.start(title, asked)

    button.on_click(start)
    operator_only(button)
    return button
