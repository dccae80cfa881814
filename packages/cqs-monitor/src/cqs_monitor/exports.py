"""CSV for spreadsheets, as every package writes it."""

from cqs_core.exports import as_text, to_csv

__all__ = ["as_text", "to_csv"]
