"""What others import from this package."""

from __future__ import annotations

import doctest
import subprocess
import sys
from importlib import import_module

import pytest

import cqs_panel


def test_all_is_sorted_and_whole():
    assert cqs_panel.__all__ == sorted(cqs_panel.__all__)
    assert [name for name in cqs_panel.__all__ if getattr(cqs_panel, name) is None] == []


def test_importing_the_package_and_a_view_loads_nothing_heavy():
    code = "import sys, cqs_panel; cqs_panel.View; print([m for m in ('panel', 'bokeh', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Nothing"):
        _ = cqs_panel.Nothing


@pytest.mark.parametrize("module", ["figures", "charts.buckets", "location"])
def test_examples_are_true(module):
    done = doctest.testmod(import_module(f"cqs_panel.{module}"))
    assert done.attempted > 0
    assert done.failed == 0
