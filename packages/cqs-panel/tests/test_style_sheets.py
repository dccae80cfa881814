"""Rows, columns and HTML come without the style sheets of widgets."""

from urllib.parse import urlsplit

import panel as pn
import pytest
from bokeh.models import ImportedStyleSheet

import cqs_panel.shell.style_sheets  # noqa: F401 - it changes what Panel sends

OWN = ".mine{color:red}"
HTML = pn.pane.HTML("<p>Text</p>", stylesheets=[OWN])


def links(component):
    """Names of the files that a component asks for, and its texts of CSS."""
    sheets = component.get_root().stylesheets
    imported = [one for one in sheets if isinstance(one, ImportedStyleSheet)]
    return {urlsplit(one.url).path.rpartition("/")[2] for one in imported}, [
        one for one in sheets if one not in imported
    ]


@pytest.mark.parametrize("component", [HTML, pn.Row(HTML, stylesheets=[OWN]), pn.Column(HTML, stylesheets=[OWN])])
def test_layouts_and_html_ask_for_no_file(component):
    files, texts = links(component)
    assert files == set()
    assert OWN in texts


def test_the_button_of_a_column_takes_no_room():
    assert any(".scroll-button{display:none}" in text for text in links(pn.Column())[1])


def test_a_widget_keeps_all():
    files, texts = links(pn.widgets.Select(options=["a"], stylesheets=[OWN]))
    assert "loading.css" in files
    assert OWN in texts


def test_a_column_that_scrolls_keeps_what_it_scrolls_with():
    files, texts = links(pn.Column(scroll=True))
    assert files == {"listpanel.css"}
    assert not any("display:none" in text for text in texts)


def test_a_column_that_begins_to_scroll_gets_it():
    column = pn.Column()
    root = column.get_root()
    column.scroll = True
    assert any(isinstance(one, ImportedStyleSheet) and "listpanel.css" in one.url for one in root.stylesheets)


def test_html_that_is_loading_gets_the_sheets_for_that():
    pane = pn.pane.HTML("<p>Text</p>", stylesheets=[OWN])
    root = pane.get_root()
    pane.loading = True
    assert any(isinstance(one, ImportedStyleSheet) and "loading.css" in one.url for one in root.stylesheets)
    assert OWN in root.stylesheets
