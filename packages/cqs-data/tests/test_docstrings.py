"""The examples in docstrings are true: each runs on an empty lake, and the sandbox exchange fills it."""

from __future__ import annotations

import doctest
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import cqs_data
from cqs_core import Lake

ROOT = Path(cqs_data.__file__).parent
MODULES = [
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
    for path in sorted(ROOT.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8") and (find_spec("cqs_panel") or "views" not in path.parts)
]
WITH_EXAMPLES = ("Bars", "OHLCVFetcher", "Sandbox", "Synthetic", "download", "fetch", "fetch_async", "load", "select")
WITH_EXAMPLES += ("repair", "sql", "update")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_what_users_call_has_an_example(name):
    assert ">>> " in getattr(cqs_data, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name, sandbox, tmp_path, monkeypatch):
    monkeypatch.setenv("CQS_ENDPOINT", sandbox.url)
    monkeypatch.chdir(tmp_path)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for example in doctest.DocTestFinder(exclude_empty=True).find(import_module(name)):
        folder = tmp_path / example.name
        folder.mkdir()
        monkeypatch.setenv("CQS_BUCKET", str(folder))
        example.globs["lake"] = Lake(folder)
        runner.run(example)
    assert runner.tries
    assert not runner.failures
