"""Charts as files."""

from cqs_panel.charts import save

__all__ = ["save"]
