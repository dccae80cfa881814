"""The root command: finds subcommands by hook, and turns errors into one line and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from cqs_core.cli.stopping import code_of, leave
from cqs_core.errors import CqsError, UnknownName
from cqs_core.plugins import plugins


class _Commands(click.Group):
    """Commands by hook: names and help without importing anything, the command itself on use."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (BrokenPipeError, KeyboardInterrupt) as error:  # click would end with 1, or print an empty line
            return _failed(error)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(plugins().commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        known = plugins().commands()
        if cmd_name not in known:
            failed = ", ".join(dict.fromkeys(problem.plugin for problem in plugins().problems))
            remedy = f"{failed} failed to load, see `cqs plugins`" if failed else ""
            raise UnknownName("command", cmd_name, known, remedy)
        return _load(cmd_name, known[cmd_name][0])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        rows = [(name, about) for name, (_, about) in sorted(plugins().commands().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _load(name: str, where: str) -> click.Command:
    module, _, attribute = where.partition(":")
    try:
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{where!r} is no click command")  # noqa: TRY301 - one guard for whatever a plugin does
    except (Exception, SystemExit) as error:
        plugins().report(plugins().owner("register_commands", name), f"command {name}", error)
        fact = " ".join(f"{type(error).__name__}: {error}".split())
        raise CqsError(f"command {name!r} cannot be loaded: {fact}; mend or remove its plugin") from error
    return command


@click.group("cqs", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cqs-core", prog_name="cqs", message="%(prog)s %(version)s")
def root() -> None:
    """Crypto Quant System: candles in a bucket, backtests you can check, bots you can watch."""


def run_command(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    try:
        code = root.main(args=None if args is None else list(args), prog_name="cqs", standalone_mode=False)
        if sys.stdout:
            sys.stdout.flush()
    except (CqsError, OSError, click.ClickException, click.Abort, KeyboardInterrupt) as error:
        return _failed(error)
    return code if isinstance(code, int) else 0


def _failed(error: BaseException) -> int:
    """Say in one line what went wrong, and give the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, click.Abort | KeyboardInterrupt):
        if sys.stderr and sys.stderr.isatty():
            click.echo(err=True)  # after the terminal's ^C
        return code_of(error)
    if isinstance(error, OSError) and not isinstance(error, CqsError):  # a fact about this machine: nothing to trace
        _drop_output()
        if isinstance(error, BrokenPipeError):  # `cqs … | head` is no failure
            return 0
    if sys.stderr:
        with contextlib.suppress(OSError):
            print("cqs:", _one_line(error), file=sys.stderr)  # noqa: T201 - this is the command line
    return getattr(error, "exit_code", 1)


def _one_line(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        fact = " ".join(error.format_message().split()).removesuffix(".")
        context = getattr(error, "ctx", None)
        return f"{fact}; see `{context.command_path} --help`" if context else fact
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename!r}" if error.filename else error.strerror
    return " ".join(str(error).split("\n"))


def _drop_output() -> None:
    """What could not be printed shall not be tried again when Python ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Entry point of the `cqs` script."""
    code = run_command()
    leave(code)
    raise SystemExit(code)
