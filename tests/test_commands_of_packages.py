"""The commands that core names as those of a package are what the package registers, and in one process no other."""

from __future__ import annotations

from cqs_core import plugins
from cqs_core.cli.unknown_command import COMMANDS, unknown_command


def test_they_are_what_the_packages_register():
    found = {name: tuple(sorted(plugins()._manager.get_plugin(name).register_commands())) for name in COMMANDS}
    assert found == COMMANDS


def test_one_that_is_not_installed_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(plugins(), "describe", list)
    line = str(unknown_command("serve", ["jobs"]))
    fact = "command 'serve' is part of cqs-panel, which is not installed here; install it with"
    assert line == f"{fact} `uv add cqs-panel` or `pip install cqs-panel`"
