"""The log format of the ecosystem's bot: its conventions, and the reader of its torn CSVs."""
