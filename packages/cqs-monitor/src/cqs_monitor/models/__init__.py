"""Regime models in a bucket: listed, inspected without loading, and, once trusted, evaluated in isolation."""
