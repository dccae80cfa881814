"""Variables of the environment, and of `.env`: the one way in which cqs reads them.

`CQS_ENV_FILE` names another file than the `.env` of the working folder. An empty variable counts as absent.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from cqs_core.errors import UsageError

ENV_FILE = "CQS_ENV_FILE"
PREFIX = "CQS_"


def env_file() -> Path | None:
    """The file with variables, if there is one.

    Raises:
        UsageError: `CQS_ENV_FILE` names a file that does not exist.
    """
    named = os.environ.get(ENV_FILE)
    path = Path(named or ".env").expanduser()
    if path.is_file():
        return path
    if named:
        raise UsageError(f"{ENV_FILE} is {named!r}, and there is no such file; create it, or unset {ENV_FILE}")
    return None


def file_variables() -> dict[str, str]:
    """Variables of that file that are not empty.

    Raises:
        UsageError: the file cannot be read.
    """
    path = env_file()
    if path is None:
        return {}
    try:
        state = path.stat()
        return dict(_read(path.absolute(), state.st_mtime_ns, state.st_size))
    except (OSError, UnicodeError) as error:
        fact = getattr(error, "strerror", None) or error
        raise UsageError(f"{str(path.absolute())!r} cannot be read ({fact}); fix or remove it") from None


def variable(name: str) -> str:
    """A variable of the environment, else of the file; empty where it is absent.

    Raises:
        UsageError: the file cannot be read.
    """
    return os.environ.get(name) or file_variables().get(name, "")


def variable_if_readable(name: str) -> str:
    """The same for what is needed at every start; a file that cannot be read counts as empty.

    The command that reads the other settings says what is wrong with the file.
    """
    try:
        return variable(name)
    except UsageError:
        return os.environ.get(name, "")


def variables(prefix: str) -> dict[str, str]:
    """All variables that begin so, the environment's before the file's.

    Raises:
        UsageError: the file cannot be read.
    """
    found = file_variables() | {name: text for name, text in os.environ.items() if text}
    return {name: text for name, text in sorted(found.items()) if name.startswith(prefix)}


@functools.lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> dict[str, str]:
    from dotenv import dotenv_values

    return {name: text for name, text in dotenv_values(path, encoding="utf-8-sig").items() if text}
