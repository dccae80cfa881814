"""`cqs completion`: a script that completes commands and options in a shell."""

from __future__ import annotations

import click

from cqs_core.errors import UsageError

_VARIABLE = "_CQS_COMPLETE"  # click's own name for the program `cqs`


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands and options of cqs.

    \b
    bash: eval "$(cqs completion bash)", in ~/.bashrc
    zsh:  eval "$(cqs completion zsh)", in ~/.zshrc
    fish: cqs completion fish > ~/.config/fish/completions/cqs.fish
    """  # noqa: D301 - click wants the character
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"shell {shell!r} is not supported")
    click.echo(kind(ctx.find_root().command, {}, "cqs", _VARIABLE).source())
