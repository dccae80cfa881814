"""The `cqs` command: a root whose subcommands are named by plugins and imported on use."""

from cqs_core.cli.options import bucket_option, command_options, emit, json_option, machine_options, open_bucket
from cqs_core.cli.root import main, run_command

__all__ = [
    "bucket_option",
    "command_options",
    "emit",
    "json_option",
    "machine_options",
    "main",
    "open_bucket",
    "run_command",
]
