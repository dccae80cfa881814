"""Charts as files, and in pages."""

from cqs_panel.charts import embedded, save, save_page

__all__ = ["embedded", "save", "save_page"]
