"""Tests of this package alone: no test reads or writes what belongs to the user who runs it."""

import sys
from pathlib import Path

import pytest

from cqs_core import permission
from cqs_core.testing.fixtures import *  # noqa: F403 - fixtures are found by name

sys.path.insert(0, str(Path(__file__).parent))  # for strangers.py: tests are imported one by one


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """A test runs for the owner of its process, whatever server one before it has made here."""
    permission._refusals.clear()
