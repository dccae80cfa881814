"""The fast engine: the same rules as one compiled loop."""
