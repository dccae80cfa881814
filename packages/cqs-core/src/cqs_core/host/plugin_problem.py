"""What a plugin did wrong, and the line on stderr that says how to leave it out."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass

from cqs_core.files.plaintext import safe


@dataclass(frozen=True)
class PluginProblem:
    """Something that a plugin did wrong.

    Attributes:
        plugin: its entry point's name.
        where: the hook, `import`, `version`, `name`, or the view.
        error: type and message, one line.
    """

    plugin: str
    where: str
    error: str


def tell_slow(plugin: str, where: str, seconds: float) -> None:
    tell(f"plugin {plugin!r} ({where}) takes longer than {seconds:g} s; {leave_out(plugin)}")


def leave_out(plugin: str) -> str:
    return f"`cqs plugins disable {plugin}`, or CQS_DISABLE={plugin}, leaves it out"


def tell(line: str) -> None:
    if sys.stderr:
        with contextlib.suppress(OSError):
            print("cqs:", safe(line), file=sys.stderr, flush=True)  # noqa: T201 - must appear while the plugin still runs
