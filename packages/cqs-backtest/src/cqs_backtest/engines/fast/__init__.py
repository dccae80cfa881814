"""The fast engine: the rules of execution as one compiled loop."""
