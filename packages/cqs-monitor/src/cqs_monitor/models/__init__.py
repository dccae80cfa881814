"""Regime models in a bucket: listed, inspected without being loaded, and, once trusted, evaluated apart."""
