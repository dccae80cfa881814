"""What commands say of their work: one logger, `cqs`, on standard error, as text or as a JSON object a line.

Results are printed on standard output, and never pass through here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from cqs_core.files.plaintext import safe

_F = TypeVar("_F", bound=Callable[..., Any])
LOGGER = logging.getLogger("cqs")


def log_options(function: _F) -> _F:
    """`--verbose`, `--quiet` and `--log-format`, which need no argument of the command."""
    for option in (
        click.option("--verbose", "-v", is_flag=True, expose_value=False, callback=_heard, help="Log every step."),
        click.option("--quiet", "-q", is_flag=True, expose_value=False, callback=_heard, help="Log only problems."),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            expose_value=False,
            callback=_heard,
            help="Lines of text (default), or a JSON object a line.",
        ),
    ):
        function = option(function)
    return function


def _heard(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    given = ctx.find_root().meta.setdefault("cqs.log", {})
    if value:
        given[parameter.name] = value
        if {"verbose", "quiet"} <= given.keys():
            raise click.UsageError("--verbose and --quiet exclude one another; give one")
        log_to_stderr(**given)


def log_to_stderr(*, verbose: bool = False, quiet: bool = False, log_format: str = "text") -> None:
    """Send the logger's records to standard error, in place of where this sent them before."""
    handler = _Stderr()
    handler.setFormatter(_Json() if log_format == "json" else _Text())
    LOGGER.handlers = [one for one in LOGGER.handlers if not isinstance(one, _Stderr)] + [handler]
    LOGGER.setLevel(logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO)
    LOGGER.propagate = False


def log_to_stderr_by_default() -> None:
    """The same, unless the command's options did it."""
    if not any(isinstance(one, _Stderr) for one in LOGGER.handlers):
        log_to_stderr()


def logs_json() -> bool:
    """Whether the log is JSON lines, among which no other text may stand."""
    return any(isinstance(one.formatter, _Json) for one in LOGGER.handlers if isinstance(one, _Stderr))


@contextlib.contextmanager
def own_log() -> Iterator[None]:
    """Where the block sends the logger's records, others do not send theirs."""
    before = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    try:
        yield
    finally:
        LOGGER.handlers[:], LOGGER.level, LOGGER.propagate = before


class _Stderr(logging.Handler):
    """Standard error as it is at the time; a reader that is gone ends nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        if sys.stderr:
            try:
                sys.stderr.write(self.format(record) + "\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                return


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{_time(record)} {record.levelname.lower():<7} {record.name}: {safe(record.getMessage())}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        return json.dumps(fields | {"message": record.getMessage()} | getattr(record, "fields", {}))


def _time(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
