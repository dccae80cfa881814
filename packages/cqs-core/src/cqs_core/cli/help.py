"""`cqs help`: the help of a command, as `--help` prints it."""

from __future__ import annotations

import click

from cqs_core.errors import UsageError


@click.command("help")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Print the help of a command, such as `cqs help backtest run`."""
    at = ctx.find_root()
    for word in words:
        group = at.command
        found = group.get_command(at, word) if isinstance(group, click.Group) else None
        if found is None:
            raise UsageError(f"{at.command_path!r} has no command {word!r}; `{at.command_path} --help` lists them")
        at = click.Context(found, info_name=word, parent=at)
    click.echo(at.get_help())
