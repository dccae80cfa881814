"""`cqs data`: what the lake has, whether it is whole, and what goes into it and out of it as files."""

from __future__ import annotations

import click

from cqs_data.commands.files import export_command, publish_command
from cqs_data.commands.importing import delete_command, import_command, imports_command, undo_command
from cqs_data.commands.maintenance import compact, gaps, repair, verify
from cqs_data.commands.renaming import rename_command
from cqs_data.commands.status import status


@click.group("data")
def command() -> None:
    """Inspect and repair the lake, import into it, export from it."""


_MAINTENANCE = (status, gaps, repair, verify, compact, rename_command, delete_command)
_FILES = (import_command, imports_command, undo_command, export_command, publish_command)

for part in (*_MAINTENANCE, *_FILES):
    command.add_command(part)
