"""A view is a function, or a text that names one and is imported when it is needed."""

from __future__ import annotations

import sys

import pytest

from cqs_panel.view import loaded


def test_a_function_is_itself():
    assert loaded(len) is len


def test_a_text_is_imported_when_it_is_asked_for(tmp_path, monkeypatch):
    (tmp_path / "late_view.py").write_text("def build(page): return page")
    monkeypatch.syspath_prepend(tmp_path)
    assert "late_view" not in sys.modules
    assert loaded("late_view:build")(3) == 3


@pytest.mark.parametrize(
    ("text", "error"), [("no_such_module:build", ImportError), ("cqs_panel.view:nothing", AttributeError)]
)
def test_a_text_that_names_nothing_is_an_error_of_its_view(text, error):
    with pytest.raises(error):
        loaded(text)
