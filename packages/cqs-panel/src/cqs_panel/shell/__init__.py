"""The shell: one page a session, its menu and address, and a guarded frame around each view."""

from cqs_panel.shell import defaults, walk  # noqa: F401
from cqs_panel.shell.dashboard import dashboard, installed_views
from cqs_panel.shell.offline import keep_local

__all__ = ["dashboard", "installed_views", "keep_local"]
