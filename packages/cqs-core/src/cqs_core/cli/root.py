"""The root command: finds subcommands by hook, and turns errors into one line and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence

import click

from cqs_core.errors import CqsError, UnknownName
from cqs_core.plugins import plugins


class _Commands(click.Group):
    """Commands by hook: names and help without importing anything, the command itself on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(plugins().commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        where, _ = plugins().commands().get(cmd_name, ("", ""))
        if not where:
            raise UnknownName("command", cmd_name, plugins().commands())
        return _load(cmd_name, where)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, about) for name, (_, about) in sorted(plugins().commands().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _load(name: str, where: str) -> click.Command:
    module, _, attribute = where.partition(":")
    try:
        command = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        plugins().report(plugins().owner("register_commands", name), f"command {name}", error)
        raise CqsError(f"command {name!r} cannot be loaded: {type(error).__name__}: {error}; see `cqs plugins`") from error
    if not isinstance(command, click.Command):
        raise CqsError(f"command {name!r} is {where!r}, which is no click command; see `cqs plugins`")
    return command


@click.group("cqs", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cqs-core", prog_name="cqs", message="%(prog)s %(version)s")
def root() -> None:
    """Crypto Quant System: candles in a bucket, backtests you can check, bots you can watch."""


def run_command(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    try:
        code = root.main(args=None if args is None else list(args), standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except CqsError as error:
        print(f"cqs: {error}", file=sys.stderr)  # noqa: T201 - this is the command line
        return error.exit_code
    except BrokenPipeError:  # `cqs … | head` is no failure
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code if isinstance(code, int) else 0


def main() -> None:
    """Entry point of the `cqs` script."""
    raise SystemExit(run_command())
