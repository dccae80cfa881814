"""A problem of a plugin, and a line on stderr about it."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, field

from cqs_core.files.plaintext import masked, safe


@dataclass(frozen=True)
class PluginProblem:
    """Something that a plugin did wrong.

    Attributes:
        plugin: its entry point's name.
        where: the hook, `import`, `version`, `name`, `no hooks`, or the view.
        error: type and message, one line.
        traceback: where it was raised, several lines, with credentials masked; empty where nothing was raised.
    """

    plugin: str
    where: str
    error: str
    traceback: str = field(default="", compare=False, repr=False)


NEEDS_DASHBOARD = "needs cqs-panel for its pages"
"""The state of a plugin whose pages, cards or overlays wait for the dashboard, which is a choice and not a problem."""


_OF_DASHBOARD = {"register_views", "register_cards", "register_overlays", "register_indicators", "register_feeds"}
_LONGEST = 20_000  # characters of a traceback; its end says most


def traceback_of(error: BaseException) -> str:
    """Where an error was raised, as text that is safe to show."""
    import traceback

    lines = "".join(traceback.format_exception(error))[-_LONGEST:].splitlines()
    return "\n".join(safe(masked(line)) for line in lines)


def lacks_dashboard(where: str, error: Exception) -> bool:
    """Whether a hook of the dashboard failed only because cqs-panel is not installed."""
    return where in _OF_DASHBOARD and isinstance(error, ModuleNotFoundError) and error.name == "cqs_panel"


def tell(line: str) -> None:
    if sys.stderr:
        with contextlib.suppress(OSError):
            print("cqs:", safe(line), file=sys.stderr, flush=True)  # noqa: T201 - must appear while the plugin still runs
