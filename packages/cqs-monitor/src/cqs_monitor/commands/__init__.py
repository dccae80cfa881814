"""The commands of cqs-monitor: each parses, calls one function, prints."""
