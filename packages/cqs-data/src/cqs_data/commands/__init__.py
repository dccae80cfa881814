"""The commands of cqs-data: each parses, calls one function, prints."""
