"""Plugins that are not to be loaded: those that `CQS_DISABLE` names, and those of `cqs plugins disable`.

Also how long the others may take to answer.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from cqs_core.errors import UnknownName, UsageError
from cqs_core.files.env_file import variable_if_readable
from cqs_core.files.folders import state_folder
from cqs_core.permission import require_operator

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "CQS_DISABLE"
_CORE = "core"  # without it there is no `cqs plugins enable`


def disabled() -> dict[str, str]:
    """Why each is disabled, by the plugin's name."""
    kept = {name: f"disabled; `cqs plugins enable {name}` loads it again" for name in _kept()}
    return {name: why for name, why in (kept | _by_variable()).items() if name != _CORE}


def installed() -> dict[str, str]:
    """Distributions by the names of their plugins; nothing of them is imported."""
    return {entry.name: entry.dist.name for entry in entry_points(group="cqs") if entry.dist}


def plugin_limit() -> float:
    """Seconds after which a plugin that does not answer is left out.

    Raises:
        UsageError: `CQS_PLUGIN_LIMIT` is not a number of seconds.
    """
    text = variable_if_readable("CQS_PLUGIN_LIMIT") or "20"
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"CQS_PLUGIN_LIMIT is {text!r}; write seconds, such as 20")
    return seconds


def disable(name: str) -> None:
    """Do not load this plugin from the next command on.

    Raises:
        UnknownName: none is called that.
        UsageError: it is core, or the state folder cannot be written.
    """
    if name == _CORE:
        raise UsageError("plugin 'core' cannot be disabled: nothing works without it")
    require_operator(f"disable plugin {name!r}")
    path = _path(_known(name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be made ({error.strerror}); set {VARIABLE} instead") from None


def enable(name: str) -> None:
    """Load this plugin again from the next command on.

    Raises:
        UnknownName: none is called that.
        UsageError: the variable disables it, or the state folder cannot be written.
    """
    require_operator(f"enable plugin {name!r}")
    path = _path(_known(name))
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be removed ({error.strerror}); remove it yourself") from None
    if name in _by_variable():
        raise UsageError(f"plugin {name!r} is disabled by {VARIABLE}; take it out there")


def _known(name: str) -> str:
    if name not in installed() and name not in _kept():
        raise UnknownName("plugin", name, installed())
    return name


def _by_variable() -> dict[str, str]:
    return {
        name.strip(): f"disabled by {VARIABLE}" for name in variable_if_readable(VARIABLE).split(",") if name.strip()
    }


def _folder() -> Path:
    return state_folder() / "disabled-plugins"


def _path(name: str) -> Path:
    """An empty file for each: two commands at once do not undo one another."""
    return _folder() / quote(name, safe="")


def _kept() -> list[str]:
    try:
        return [unquote(path.name) for path in _folder().iterdir()]
    except OSError:
        return []
