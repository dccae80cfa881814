"""`cqs monitor`: the group, whose commands are imported on use."""

from __future__ import annotations

import importlib

import click

_COMMANDS = {
    "alerts": ("alerts:command", "Evaluate alert rules, or try them on the past; nothing is sent."),
    "compare": ("compare:command", "Compare an account's log with a backtest, trade by trade."),
    "pnl": ("figures:pnl", "Realized PnL of every account by day, week or month."),
    "positions": ("positions:command", "Show the current positions of all accounts."),
    "reconcile": ("figures:reconcile", "Check positions against the trades."),
    "watch": ("watch:command", "Evaluate alert rules repeatedly and send alerts."),
    "stats": ("figures:stats", "Win rate, profit factor, streaks, drawdown, by symbol and hour."),
}


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"cqs_monitor.commands.{module}"), name)
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in sorted(_COMMANDS.items())])


@click.group("monitor", cls=_Group)
def monitor() -> None:
    """Positions, PnL and trades of live bots, from their logs; read-only."""
