"""Every command of every package speaks alike."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click
import pytest

from cqs_core import plugins
from cqs_core.testing.command import cqs


def leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """The commands that do something, below groups."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for sub in command.list_commands(context):
            yield from leaves(f"{name} {sub}", command.get_command(context, sub))
    else:
        yield name, command


def every_command() -> list[tuple[str, click.Command]]:
    found = []
    for name, (where, _) in plugins().commands().items():
        module, attribute = where.split(":")
        found += leaves(name, getattr(importlib.import_module(module), attribute))
    return found


@pytest.mark.parametrize(
    ("name", "command"), every_command(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_command_takes_bucket_and_json_and_has_help(name, command):
    if name in ("help", "completion"):  # they print text for a person, or a shell
        return
    options = {flag for parameter in command.params for flag in parameter.opts}
    assert {"--bucket", "--json"} <= options
    assert command.get_short_help_str(200)
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


def test_the_help_lists_every_command_with_a_sentence():
    text = cqs("--help").stdout
    for name, (_, about) in plugins().commands().items():
        assert name in text
        assert about.endswith(".")
