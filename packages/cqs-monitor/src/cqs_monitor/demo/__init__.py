"""The monitor's part of `cqs demo`: two bots that never ran, and what they would have written."""
