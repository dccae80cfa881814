"""What core offers: whole, sorted, and told."""

from __future__ import annotations

import doctest
import inspect
import pkgutil
from importlib import import_module

import numpy as np
import pytest

import cqs_core
from cqs_core import CqsError, Lake, Series, errors
from cqs_core.host import hookspecs
from cqs_core.host.plugin_items import PluginItems
from cqs_core.host.plugin_registry import Plugins
from cqs_core.lake import candle_table
from cqs_core.time.clock import parse_start
from cqs_core.time.intervals import DAY

MODULES = sorted(m.name for m in pkgutil.walk_packages(cqs_core.__path__, "cqs_core."))
PACKAGES = ["cqs_core", *(name for name in MODULES if hasattr(import_module(name), "__all__"))]
HOOKS = [name for name in vars(hookspecs) if name.startswith("register_")]


@pytest.fixture
def lake(tmp_path):
    """The `lake` of the examples: 14 days of BTC from 2024 on, closes from 100 up, volume 1."""
    found, start = Lake(tmp_path), parse_start("2024-01-01")
    values = np.c_[np.tile(np.arange(100.0, 114.0)[:, None], 4), np.ones(14)]
    table = candle_table(start + DAY * np.arange(14), values)
    found.append(Series("upbit", "BTC/KRW", "1d"), table, start, start + 14 * DAY)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_every_name_in_it_exists(package):
    module = import_module(package)
    names = module.__all__
    by_kind = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))  # as ruff sorts
    assert list(names) in (sorted(names), by_kind)
    assert len(set(names)) == len(names)
    for name in names:
        assert getattr(module, name) is not None


def test_public_names_are_listed_and_others_are_attribute_errors():
    assert set(cqs_core.__all__) <= set(dir(cqs_core))
    with pytest.raises(AttributeError, match="cqs_core attribute nonsense"):
        cqs_core.nonsense  # noqa: B018


def test_every_public_error_is_one_of_ours():
    found = [e for e in vars(errors).values() if inspect.isclass(e) and e.__module__ == "cqs_core.errors"]
    assert all(issubclass(e, CqsError | Warning) for e in found)
    assert {e.__name__ for e in found} <= set(cqs_core.__all__)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module):
    assert (import_module(module).__doc__ or "").strip()


@pytest.mark.parametrize(
    "name", [n for n in cqs_core.__all__ if inspect.isroutine(t := getattr(cqs_core, n)) or inspect.isclass(t)]
)
def test_every_public_thing_says_what_it_is(name):
    told = inspect.getdoc(getattr(cqs_core, name))
    assert told
    assert not told.startswith(f"{name}(")  # what a dataclass says by itself


@pytest.mark.parametrize("module", [name for name in MODULES if ">>>" in inspect.getsource(import_module(name))])
def test_examples_in_docstrings_are_true(module, lake):
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    done = doctest.testmod(import_module(module), optionflags=flags, extraglobs={"lake": lake})
    assert done.attempted
    assert not done.failed


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_when_it_is_called_and_what_it_returns(hook):
    told = inspect.getdoc(getattr(hookspecs, hook))
    assert told.startswith("Called ")
    assert "Returns" in told


def test_every_hook_is_read_by_the_host():
    source = inspect.getsource(Plugins) + inspect.getsource(PluginItems)
    assert all(f'"{hook}"' in source for hook in HOOKS)
