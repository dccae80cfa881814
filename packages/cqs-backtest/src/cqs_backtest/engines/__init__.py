"""The engines: `bt`, the reference, and `fast`. They share types with one another, and no decision."""
