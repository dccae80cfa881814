"""Pickles read as data: every opcode looked at, nothing imported, nothing called."""
