"""Every window gets the definition of a component that was imported after the window was opened."""

from __future__ import annotations

import param
from bokeh.document import Document
from panel.custom import JSComponent

from cqs_panel import drawing
from cqs_panel.shell.definitions import note_known


def opened():
    document = Document()
    note_known(document)
    return document


def component():
    class Later(JSComponent):
        level = param.Integer(default=0)
        _esm = "export function render() {}"

    return Later


def definitions(of, document):
    """That go out with a new instance."""
    return list(of().get_root(document)._defs)


def test_each_window_gets_it_once():
    one, other = opened(), opened()
    later = component()
    assert definitions(later, one) == [later._data_model]
    assert definitions(later, one) == []
    assert definitions(later, other) == [later._data_model]


def test_a_page_that_no_one_has_read_brings_it_by_itself():
    document = Document()
    drawing.begin(document)
    later = component()
    assert definitions(later, document) == []
    drawing.read(document)
    note_known(document)
    assert definitions(later, document) == []


def test_a_page_that_was_made_afterwards_has_it_already():
    later = component()
    assert definitions(later, opened()) == []
