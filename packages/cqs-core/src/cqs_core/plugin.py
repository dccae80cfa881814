"""The plugin of core itself: its commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cqs_core.host.hookspecs import hookimpl

if TYPE_CHECKING:
    from cqs_core.host.variable import Variable


@hookimpl
def register_commands() -> dict[str, tuple[str, str]]:
    return {
        "help": ("cqs_core.cli.help:command", "Print the help of a command."),
        "completion": (
            "cqs_core.cli.completion:command",
            "Print a script that completes commands in bash, zsh or fish.",
        ),
        "backup": ("cqs_core.cli.backup:backup", "Copy the bucket to a folder or URL while writers run."),
        "restore": ("cqs_core.cli.backup:restore", "Copy a backup into an empty bucket."),
        "config": ("cqs_core.cli.config:command", "List the settings in force, and what is wrong with them."),
        "plugins": ("cqs_core.cli.plugins:command", "List installed plugins with version, hooks and state."),
        "health": ("cqs_core.cli.health:command", "Check bucket, disk, services, candles and bots."),
        "services": ("cqs_core.cli.unit_files:command", "Print systemd units, a compose file, cron lines or nginx."),
        "jobs": ("cqs_core.cli.jobs:command", "List, show and cancel long work."),
        "demo": ("cqs_core.cli.demo:command", "Show all of cqs on synthetic candles: no account, no network."),
    }


@hookimpl
def register_variables() -> list[Variable]:
    from cqs_core.bucket.bucket_variables import bucket_variables
    from cqs_core.config.own_variables import own_variables

    return [*own_variables(), *bucket_variables()]
