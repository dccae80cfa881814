"""Which settings are in force, where each value comes from, and what is wrong with them."""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cqs_core.config.variables import default_jobs, gcs_url, setting_faults, settings, variable_of
from cqs_core.errors import UsageError
from cqs_core.files.env_file import ENV_FILE, PREFIX, env_file, file_variables
from cqs_core.files.folders import cache_folder, data_folder, state_folder
from cqs_core.files.plaintext import masked
from cqs_core.host.plugin_registry import plugins
from cqs_core.host.variable import SECTIONS, Variable
from cqs_core.isolation import fact_of, foreign

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_GOOGLE_READS = ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST")
HIDDEN = "***"


@dataclass(frozen=True)
class SettingInForce:
    """One setting as it is now.

    Attributes:
        name: of the variable.
        value: as text, with secrets masked; empty where nothing is set and there is no default.
        source: `environment`, the path of the file, or `default`.
        about: what it does.
        problem: what is wrong with the value; empty where nothing is.
    """

    name: str
    value: str
    source: str
    about: str
    problem: str = ""


def variables_in_order() -> list[Variable]:
    """All variables that cqs and its plugins read, by section."""
    return sorted(plugins().variables().values(), key=lambda one: SECTIONS.index(one.section))


def settings_in_force() -> list[SettingInForce]:
    """All settings now; a variable that stands for many gives one for each that is set."""
    found = _given()
    faults = _faults()
    return [
        _setting(one, name, found.get(name), faults.get(name, ""))
        for one in variables_in_order()
        for name in _names(one, found)
    ]


def setting_warnings() -> list[str]:
    """Probable mistakes: unknown names, files with secrets that others can read."""
    return [*_unknown_names(), *_open_secrets(), *_not_read_by_google()]


def _faults() -> dict[str, str]:
    """Errors by variable; nothing else is known if the file cannot be read."""
    try:
        file_variables()
    except UsageError as error:
        return {ENV_FILE: str(error)}
    return {variable_of(field): fault for field, fault in setting_faults().items()}


def _given() -> dict[str, tuple[str, str]]:
    """Text and source of each variable that is set; GCS_BUCKET stands in for CQS_BUCKET, as in the settings."""
    found: dict[str, tuple[str, str]] = {}
    for source, values in ((_path(), _of_file()), ("environment", os.environ)):
        found |= {name: (text, source) for name, text in values.items() if text}
        if (bare := values.get("GCS_BUCKET")) and not values.get("CQS_BUCKET"):
            found["CQS_BUCKET"] = (gcs_url(bare), f"GCS_BUCKET, {source}")
    return found


def _path() -> str:
    """The file with variables; empty where there is none."""
    try:
        path = env_file()
    except UsageError:
        return ""
    return str(path.absolute()) if path else ""


def _of_file() -> dict[str, str]:
    try:
        return file_variables()
    except UsageError:  # `settings_in_force` says so
        return {}


def _names(one: Variable, found: Collection[str]) -> list[str]:
    """Variables for many, and those that only cqs sets, are listed where they are set."""
    if one.many:
        return [name for name in sorted(found) if one.covers(name)]
    return [one.name] if one.section != SECTIONS[-1] or one.name in found else []


def _setting(one: Variable, name: str, given: tuple[str, str] | None, fault: str) -> SettingInForce:
    if given is None:
        return SettingInForce(name, _without(one), "default", one.about, fault)
    text, source = given
    value = HIDDEN if one.secret else masked(text)
    return SettingInForce(name, value, source, one.about, fault or _problem(one))


def _without(one: Variable) -> str:
    """The value on this machine if the variable is not set."""
    now: dict[str, Callable[[], object]] = {
        "CQS_BUCKET": lambda: data_folder() / "bucket",
        "CQS_QUOTE": lambda: settings().quote,
        "CQS_TIMEZONE": lambda: f"{dt.datetime.now().astimezone().tzname()}, the machine's",
        "CQS_JOBS": default_jobs,
        "CQS_DATA_DIR": data_folder,
        "CQS_STATE_DIR": state_folder,
        "CQS_CACHE_DIR": cache_folder,
    }
    try:
        return str(now[one.name]()) if one.name in now else one.default.replace("`", "")
    except UsageError:
        return one.default.replace("`", "")


def _problem(one: Variable) -> str:
    if one.check is None:
        return ""
    try:
        with foreign():
            one.check()
    except Exception as error:  # noqa: BLE001 - a plugin's check may fail in any way
        return f"{one.name} is not valid" if one.secret else fact_of(error)
    return ""


def _unknown_names() -> Iterator[str]:
    known = variables_in_order()
    for name in sorted(_given()):
        if name.startswith(PREFIX) and not any(one.covers(name) for one in known):
            near = difflib.get_close_matches(name, [one.name for one in known], n=1, cutoff=0.8)
            advice = f"did you mean {near[0]}?" if near else "no installed package reads it; remove it"
            yield f"{name} is not a setting; {advice}"


def _open_secrets() -> Iterator[str]:
    if os.name == "nt":
        return
    if any(_is_secret(name, text) for name, text in _of_file().items()):
        yield from _open_file(Path(_path()), "holds secrets")
    if key := os.environ.get(_GOOGLE_READS[0]):
        yield from _open_file(Path(key), "is a secret")


def _is_secret(name: str, text: str) -> bool:
    return masked(text) != text or any(one.secret and one.covers(name) for one in variables_in_order())


def _open_file(path: Path, fact: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            yield f"{str(path)!r} {fact}, and others on this machine can read it (mode {mode:o}); run `chmod 600` on it"


def _not_read_by_google() -> Iterator[str]:
    for name in _GOOGLE_READS:
        if name in _of_file() and not os.environ.get(name):
            yield f"{name} stands in {_path()!r}, where Google's library does not look; export it in the environment"
