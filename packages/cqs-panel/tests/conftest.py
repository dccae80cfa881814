"""Tests of this package alone: no test reads or writes what belongs to the user who runs it."""

from cqs_core.testing.fixtures import *  # noqa: F403 - fixtures are found by name
