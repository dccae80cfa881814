"""The root command: finds subcommands by hook, and turns errors into one line and an exit code."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from cqs_core import plugin as core
from cqs_core.cli.logs import own_log
from cqs_core.cli.output import output, routed, taken_output
from cqs_core.cli.stopping import code_of, ending, leave
from cqs_core.cli.unknown_command import unknown_command
from cqs_core.errors import CqsError, UnknownName
from cqs_core.files.plaintext import safe
from cqs_core.host.plugin_registry import plugins
from cqs_core.isolation import fact_of, foreign

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
        if own := core.register_commands().get(cmd_name):  # these work whatever else is installed
            return _load(cmd_name, own[0])
        known = plugins().commands()
        if cmd_name not in known:
            raise unknown_command(cmd_name, known)
        found = _load(cmd_name, known[cmd_name][0])
        owner = plugins().owner("register_commands", cmd_name)
        if not plugins().is_own(owner) and (now := output()):
            now.lend()
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        rows = [(safe(name), safe(about)) for name, (_, about) in sorted(plugins().commands().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _load(name: str, where: str) -> click.Command:
    module, _, attribute = where.partition(":")
    try:
        with foreign():
            command = getattr(importlib.import_module(module), attribute)
            if not isinstance(command, click.Command):
                raise TypeError(f"{where!r} is not a click command")  # noqa: TRY301 - one handler for all that a plugin may do
    except Exception as error:
        owner = plugins().owner("register_commands", name)
        plugins().report(owner, f"command {name}", error)
        fact = f"command {name!r} cannot be loaded: {fact_of(error)}"
        raise CqsError(f"{fact}; fix or remove its plugin {owner!r}") from error
    return command


@click.group("cqs", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="cqs-core", prog_name="cqs", message="%(prog)s %(version)s")
def root() -> None:
    """Crypto Quant System: candles in a bucket, backtests you can check, bots you can watch."""


def run_command(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one line on stderr."""
    return _run(args)


def _run(args: Sequence[str] | None = None, taken: int | None = None) -> int:
    with routed(taken) as now, own_log():
        try:
            code = root.main(args=None if args is None else list(args), prog_name="cqs", standalone_mode=False)
            if now:
                now.real.flush()
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
        if now := output():
            now.drop()
        if isinstance(error, BrokenPipeError):  # `cqs … | head` is not a failure
            return 0
    if sys.stderr:
        with contextlib.suppress(OSError):
            print("cqs:", safe(_one_line(error)), file=sys.stderr)  # noqa: T201 - this is the command line
    return getattr(error, "exit_code", 1)


def _one_line(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        if context is None:
            return _fact(error, (), "")
        group = context.command
        known = group.list_commands(context) if isinstance(group, click.Group) else ()
        fact = _fact(error, known, f" of `{context.command_path}`")
        return f"{fact}{' See' if fact.endswith('?') else '; see'} `{context.command_path} --help`"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename!r}" if error.filename else error.strerror
    return " ".join(str(error).split("\n"))


def _fact(error: click.ClickException, known: Iterable[str], where: str) -> str:
    """What click says, in the words of our own errors."""
    if isinstance(error, click.NoSuchCommand):
        return str(UnknownName("command", error.command_name, known)).replace("; ", f"{where}; ", 1)
    if isinstance(error, click.NoSuchOption):
        near = f"; did you mean {error.possibilities[0]!r}?" if error.possibilities else ""
        return f"unknown option {error.option_name!r}{where}{near}"
    return " ".join(error.format_message().split()).removesuffix(".")


def main() -> None:
    """Entry point of the `cqs` script."""
    with ending(), taken_output() as taken:
        code = _run(taken=taken)
    leave(code)
    raise SystemExit(code)
