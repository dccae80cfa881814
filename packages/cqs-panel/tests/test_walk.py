"""Bokeh's walk through a page's models finds the same models as before, and faster."""

from __future__ import annotations

import panel as pn
import panel_material_ui as pmui
import pytest
from bokeh.core.has_props import HasProps
from bokeh.document import Document
from bokeh.model import util
from bokeh.models import Column, ColumnDataSource, CustomJS, HoverTool, Legend, LegendItem
from bokeh.plotting import figure

import cqs_panel.shell  # noqa: F401 - it puts the walk in its place
from cqs_panel.shell import default_values, walk
from cqs_panel.tables import table


def drawn():
    plot = figure(x_axis_type="datetime", tools="pan,wheel_zoom,box_zoom,reset")
    source = ColumnDataSource({"x": [1, 2], "y": [3, 4]})
    line = plot.line("x", "y", source=source)
    plot.add_tools(HoverTool(renderers=[line], tooltips=[("x", "@x")]))
    plot.add_layout(Legend(items=[LegendItem(label="a line", renderers=[line])]))
    plot.x_range.js_on_change("start", CustomJS(args={"source": source}, code=""))
    return plot


def paged():
    import pandas as pd

    shown = table(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), filters=["b"], on_click=lambda _: None)
    button = pmui.Button(label="Go")
    root = pn.Column(shown, pmui.Select(options=["a", "b"]), button, pn.pane.Bokeh(drawn()))
    return root.get_root(Document())


def stock(value, visitor):
    """As Bokeh has it."""
    names = value.properties_with_refs() if isinstance(value, HasProps) else ()
    for one in (getattr(value, name) for name in names):
        util.visit_value_and_its_immediate_references(one, visitor)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # Panel's table uses it
@pytest.mark.parametrize("make", [figure, drawn, paged, lambda: Column(drawn(), drawn())])
def test_it_finds_what_bokeh_finds(make, monkeypatch):
    root = make()
    found = root.references()
    monkeypatch.setattr(util, "visit_immediate_value_references", stock)
    assert found == root.references()
    assert len(found) > 10


def test_bokeh_uses_it():
    assert util.visit_immediate_value_references is walk.visit


def test_it_sees_what_is_set_later_and_what_is_taken_away():
    plot, more = drawn(), ColumnDataSource()
    assert more not in plot.references()
    plot.renderers[0].data_source = more
    assert more in plot.references()
    plot.renderers[0].data_source = ColumnDataSource()
    assert more not in plot.references()


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_defaults_are_those_of_bokeh():
    def unset():
        for model in [*drawn().references(), *paged().references()]:
            for name in set(model.properties()) - set(model._property_values):
                known = model.lookup(name)
                if hasattr(known, "_get_default") and not known.has_unstable_default(model):
                    yield model, known

    def read():
        return {(type(model).__name__, one.name): repr(one._get_default(model)) for model, one in unset()}

    read()  # and once more, of what is known by then
    known = read()
    bokehs = {(type(model).__name__, one.name): repr(one.instance_default(model)) for model, one in unset()}
    assert len(known) > 500
    assert bokehs == known


@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_what_is_sent_is_what_bokeh_sends(monkeypatch):
    def sent():
        models = [*drawn().references(), *paged().references()]
        found = [(type(one).__name__, one.properties_with_values(include_defaults=False)) for one in models]
        return {(name, key) for name, values in found for key in values}, len(found)

    ours = sent()
    monkeypatch.setattr(HasProps, "query_properties_with_values", default_values._query)
    monkeypatch.setattr(HasProps, "__init__", default_values._initialize)
    assert ours == sent()
    assert ours[1] > 100


def test_what_a_model_makes_by_itself_is_its_own():
    one, other = figure(), figure()
    one.tags.append("one")
    one.styles["color"] = "red"
    assert (other.tags, other.styles) == ([], {})
    assert one.properties_with_values(include_defaults=False)["tags"] == ["one"]
    assert one.toolbar is not other.toolbar


def test_a_change_deep_in_a_document_is_found_and_what_is_gone_is_detached():
    document, plot = Document(), drawn()
    document.add_root(Column(plot))
    source, before = ColumnDataSource(), plot.renderers[0].data_source
    plot.renderers[0].data_source = source
    assert source.document is document
    assert (before in plot.references()) == (before.document is document)
    assert document.models.get_by_id(source.id) is source
