"""The `cqs` command: a root whose subcommands are named by plugins and imported on use."""

from cqs_core.cli.options import (
    ascii_only,
    bucket_option,
    command_options,
    emit,
    emit_array,
    json_option,
    machine_options,
    open_bucket,
)
from cqs_core.cli.root import main, run_command
from cqs_core.cli.stopping import handles_sigterm, service, stoppable, told_to_end
from cqs_core.cli.table import Table, say, table_lines, width_of
from cqs_core.files.plaintext import safe

__all__ = [
    "Table",
    "ascii_only",
    "bucket_option",
    "command_options",
    "emit",
    "emit_array",
    "handles_sigterm",
    "json_option",
    "machine_options",
    "main",
    "open_bucket",
    "run_command",
    "safe",
    "say",
    "service",
    "stoppable",
    "table_lines",
    "told_to_end",
    "width_of",
]
