"""Candles out of other people's files: recognized first, then read whole or refused; and taken back."""

from cqs_data.importing.column_mapping import parse_columns
from cqs_data.importing.import_options import Options
from cqs_data.importing.imports import Imported, import_files
from cqs_data.importing.recognize import Recognized, recognize
from cqs_data.importing.records import ImportRecord, imports, undo

__all__ = [
    "ImportRecord",
    "Imported",
    "Options",
    "Recognized",
    "import_files",
    "imports",
    "parse_columns",
    "recognize",
    "undo",
]
