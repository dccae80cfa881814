"""Formats that all packages share: bytes for Arrow, CSV for spreadsheets, plain text."""
