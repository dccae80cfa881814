"""`cqs config`: the settings in force, where each comes from, and what is wrong with them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from cqs_core.cli.options import emit, machine_options
from cqs_core.cli.table import print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.config.in_force import SettingInForce


@click.command("config")
@machine_options
def command(as_json: bool) -> int:
    """List each setting with its value and where it comes from; exit code 1 where a value is wrong.

    A setting comes from the command's option, else from the environment, else from .env (or the file that CQS_ENV_FILE
    names), else it has its default. Secrets are masked.
    """
    from cqs_core.config.in_force import setting_warnings, settings_in_force

    found, doubts = settings_in_force(), setting_warnings()
    emit(
        {"settings": [dataclasses.asdict(one) for one in found], "warnings": doubts},
        as_json,
        lambda: _print(found, doubts),
    )
    return 1 if any(one.problem for one in found) else 0


def _print(found: Sequence[SettingInForce], doubts: Sequence[str]) -> None:
    rows = [[one.name, one.value, one.source] for one in found]
    print_table(["Variable", "Value", "From"], [False] * 3, rows, lambda row, column: _style(found[row], column))
    wrong = [one.problem for one in found if one.problem]
    if lines := [*wrong, *(f"warning: {doubt}" for doubt in doubts)]:
        say(["", *lines])


def _style(one: SettingInForce, column: int) -> str:
    if one.problem:
        return "red"
    return "dim" if one.source == "default" and column else ""
