"""The reference engine, on the PyPI library bt."""
