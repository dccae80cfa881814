"""What the package offers: whole, documented, and with examples that run."""

import doctest
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import cqs_backtest

MODULES = [
    name
    for name in sorted(m.name for m in pkgutil.walk_packages(cqs_backtest.__path__, "cqs_backtest."))
    if not name.startswith(("cqs_backtest.views", "cqs_backtest.charts"))
]


def test_every_public_name_is_there_and_documented():
    assert list(cqs_backtest.__all__) == sorted(cqs_backtest.__all__)
    for name in cqs_backtest.__all__:
        assert getattr(cqs_backtest, name).__doc__, name


def has_examples(name):
    return ">>> " in Path(import_module(name).__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [name for name in MODULES if has_examples(name)])
def test_examples_of_docstrings_run(name):
    done = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert done.attempted
    assert not done.failed
