"""What is worked out once is what Panel and Bokeh work out each time."""

import panel as pn
import panel_material_ui as pmui
import pytest
from bokeh.models import Range1d
from panel.custom import JSComponent
from panel.io.resources import Resources
from panel_material_ui.theme import MaterialDarkTheme, MaterialDefaultTheme, MaterialDesign

from cqs_panel.shell import known_answers


@pytest.fixture
def looked(monkeypatch):
    """How often Panel has looked for style sheets."""
    times = []

    def find(self, resources, kind):
        times.append(kind)
        known_find(self, resources, kind)

    known_find = known_answers._find
    monkeypatch.setattr(known_answers, "_find", find)
    monkeypatch.setattr(known_answers, "_SHEETS", {})
    return times


def test_style_sheets_of_components_are_looked_for_once(looked):
    first, second = Resources(mode="server").css_files, Resources(mode="server").css_files
    assert first == second
    assert [url for url in first if "panel-material-ui.bundle.css" in url]
    assert looked.count("_bundle_css") == 1


def test_a_component_that_is_defined_later_brings_its_style_sheet(looked):
    url = "https://later.test/later.css"
    assert url not in Resources(mode="server").css_files
    later = type("Later", (JSComponent,), {"_bundle_css": [url]})
    try:
        assert url in Resources(mode="server").css_files
    finally:
        later._bundle_css = []  # the class stays


@pytest.mark.parametrize("theme", [MaterialDefaultTheme, MaterialDarkTheme])
@pytest.mark.parametrize("isolated", [True, False, None])
def test_the_design_says_the_same_of_each_component_of_a_class(theme, isolated):
    for shown in (pn.Column(), pn.Row(), pn.pane.HTML(""), pmui.Button(), pmui.Select()):
        told = known_answers._modify(MaterialDesign, shown, theme(), isolated)
        for _ in range(2):
            found = MaterialDesign._get_modifiers(shown, theme(), isolated)
            assert found == told
            found[0]["stylesheets"] = ["changed"]


def test_callbacks_are_checked_but_for_those_of_panel(monkeypatch):
    with pytest.raises(ValueError, match="must have signature"):
        Range1d().on_change("start", lambda: None)
    monkeypatch.setattr(known_answers, "_check", lambda *_: pytest.fail("was checked"))
    slider = pn.widgets.IntSlider(value=1).get_root()
    assert slider._callbacks["value"]
