"""The shell: one page a session, its menu and address, and a guarded frame around each view."""

from cqs_panel.shell import default_values, known_answers, walk  # noqa: F401
from cqs_panel.shell.dashboard import dashboard
from cqs_panel.shell.offline import keep_local
from cqs_panel.shell.view_list import installed_views

__all__ = ["dashboard", "installed_views", "keep_local"]
