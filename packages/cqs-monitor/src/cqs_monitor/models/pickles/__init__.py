"""Reads pickles as data: every opcode is checked, nothing is imported, nothing is called."""
