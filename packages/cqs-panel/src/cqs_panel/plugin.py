"""The plugin of cqs-panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core import hookimpl

if TYPE_CHECKING:
    from cqs_core import Demo, DemoStep, Variable
    from cqs_panel.view import View


@hookimpl
def register_commands() -> dict[str, tuple[str, str]]:
    return {
        "serve": ("cqs_panel.commands:serve", "Serve the dashboard on this machine."),
        "users": ("cqs_panel.user_commands:users", "Users of the dashboard: add, list, remove, password, role."),
        "app": ("cqs_panel.commands:app", "Print the path of the app, for `panel serve $(cqs app)`."),
    }


@hookimpl
def register_views() -> list[View]:
    from cqs_panel.pages import VIEWS

    return VIEWS


@hookimpl
def register_variables() -> list[Variable]:
    from cqs_core import Variable

    return [
        Variable(
            "CQS_INSECURE", "`1` lets the dashboard serve other machines even if there are no users, without a login"
        )
    ]


@hookimpl
def register_demo() -> list[DemoStep]:
    from cqs_core import DemoStep

    return [DemoStep(name="dashboard", title="Dashboard", order=90, run=_show, once=False)]


def _show(demo: Demo) -> None:
    from cqs_panel.serve import serve

    def ready(url: str) -> None:
        demo.console.print(f"  [link={url}]{url}[/link]  Ctrl-C ends the demo.")

    serve(port=demo.port or None, open_browser=demo.open_browser, ready=ready)
