"""A chart on a page is changed in place: the browser keeps its figure, and the user's zoom."""

import gc
import json
import re

import numpy as np
import pytest
from bokeh.core.serialization import Serializer
from bokeh.models import BoxZoomTool, PanTool, WheelZoomTool

from cqs_panel.charts import ChartPane, category_bars, exact, figures, holoviews, look, tooltip

MOVERS = (PanTool, WheelZoomTool, BoxZoomTool)


class Page:
    """Loads at once, and rests when it is told to."""

    def __init__(self):
        self.resting = []

    def load(self, work, show, *, quiet=False):
        show(work())

    def later(self, call, place=None):
        self.resting.append(call)


@pytest.fixture
def pane():
    return ChartPane(Page(), 200)


def shown(pane):
    return [one.object for one in pane.__panel__()]


def curve(values, name="price", days=None):
    hv = holoviews()
    days = np.arange(len(values)) if days is None else days
    data = {"ts": days.astype("datetime64[D]").astype("datetime64[ms]"), "value": np.asarray(values, float)}
    drawn = hv.Curve(data, "ts", "value", label=name).opts(**tooltip([("", "@value{custom}")]), backend="bokeh")
    span = (0.0, float(days[-1]) * 86_400_000, 86_400_000.0)
    return hv.Overlay([drawn]).opts(**look("page").over_time(200, span, dress=exact("value")), backend="bokeh")


def test_new_data_reach_the_figure_that_the_browser_has(pane):
    pane.draw(lambda: curve([1, 2, 3]))
    [before] = shown(pane)
    pane.draw(lambda: curve([1, 2, 3, 5]))
    assert shown(pane) == [before]
    assert before.renderers[0].data_source.data["value"].tolist() == [1, 2, 3, 5]
    assert before.x_range.bounds[1] > before.x_range.end - 1 > 3 * 86_400_000


def test_an_overlay_over_time_is_moved_and_zoomed_in_time_alone(pane):
    """Zoomed in both directions, its values leave the view, and no reset of the time brings them back."""
    pane.draw(lambda: curve([1, 2, 3]))
    [figure] = shown(pane)
    movers = {type(tool): tool.dimensions for tool in figure.tools if isinstance(tool, MOVERS)}
    assert movers == dict.fromkeys(MOVERS, "width")


def test_a_chart_that_a_thread_has_drawn_is_shown_at_once(pane):
    def draw():
        return curve([1, 2, 3])

    pane._page.load = None
    [drawn] = figures(draw, "a key")
    pane.draw(draw, key="a key", drawn=[drawn])
    assert shown(pane) == [drawn]
    pane.draw(draw, drawn=figures(lambda: curve([1, 2, 7])))
    assert shown(pane) == [drawn]
    assert drawn.renderers[0].data_source.data["value"].tolist() == [1, 2, 7]


def test_the_same_data_are_not_sent_again(pane):
    pane.draw(lambda: curve([1, 2, 3]))
    [figure] = shown(pane)
    changes = []
    figure.renderers[0].data_source.on_change("data", lambda _attr, _old, new: changes.append(new))
    figure.x_range.on_change("end", lambda _attr, _old, new: changes.append(new))
    pane.draw(lambda: curve([1, 2, 3]))
    assert changes == []


def test_a_zoom_stays_where_the_user_put_it(pane):
    pane.draw(lambda: curve([1, 2, 3]))
    [figure] = shown(pane)
    figure.x_range.update(start=1.0, end=2.0)
    pane.draw(lambda: curve([1, 2, 3, 4]))
    assert (figure.x_range.start, figure.x_range.end) == (1.0, 2.0)
    assert figure.x_range.reset_end > 3 * 86_400_000


def test_a_chart_with_other_parts_takes_the_place(pane):
    pane.draw(lambda: curve([1, 2, 3]))
    [before] = shown(pane)
    pane.draw(lambda: curve([1, 2, 3]) * curve([3, 2, 1], "other"))
    [after] = shown(pane)
    assert after is not before
    assert len(after.renderers) == 2
    pane.draw(lambda: holoviews().Layout([curve([1, 2]), curve([2, 1])]).cols(1))
    assert len(shown(pane)) == 2


def test_bars_take_other_names_and_figures(pane):
    pane.draw(lambda: category_bars(look("page"), {"a": 1.0, "b": -2.0}, unit="KRW"))
    [figure] = shown(pane)
    pane.draw(lambda: category_bars(look("page"), {"a": 1.0, "c": -3.0}, unit="KRW"))
    assert shown(pane) == [figure]
    assert list(figure.x_range.factors) == ["a", "c"]
    assert list(figure.renderers[0].data_source.data["told"]) == ["+₩1.00", "-₩3.00"]


def test_what_lies_below_is_drawn_when_the_page_rests(pane):
    pane.draw(lambda: curve([1, 2]), below=True)
    [waiting] = shown(pane)
    assert 'aria-label="Loading"' in waiting
    pane._page.resting.pop()()
    [drawn] = shown(pane)
    assert drawn.renderers


def test_a_chart_that_fails_does_not_go_on_loading(pane):
    with pytest.raises(ZeroDivisionError):
        pane.draw(lambda: 1 / 0)
    assert shown(pane) == []
    pane.draw(lambda: curve([1, 2]))
    assert shown(pane)[0].renderers


def test_what_is_no_chart_is_shown_as_it_is(pane):
    import panel as pn

    pane.draw(lambda: pn.pane.HTML("too short"))
    assert [one.object for one in pane.__panel__()] == ["too short"]
    pane.draw(lambda: curve([1, 2]))
    assert shown(pane)[0].renderers


def test_charts_that_are_gone_leave_no_options_behind(pane):
    hv = holoviews()
    pane.draw(lambda: curve([1, 2, 3]))
    gc.collect()
    before = len(hv.Store.custom_options(backend="bokeh"))
    for i in range(5):
        pane.draw(lambda i=i: curve([1, 2, i]))
    gc.collect()
    assert len(hv.Store.custom_options(backend="bokeh")) <= before


def dots(values):
    hv = holoviews()
    data = {"x": np.arange(len(values)), "y": np.asarray(values, float), "set": np.arange(len(values)) + 10}
    drawn = hv.Points(data, ["x", "y"], "set").opts(**tooltip([("", "@set")]), backend="bokeh")
    return drawn.opts(**look("page").figure(200), backend="bokeh")


def test_glyphs_that_are_selected_are_told_by_a_column(pane):
    told = []
    pane.on_select("set", told.append).draw(lambda: dots([1, 2, 3]))
    [figure] = shown(pane)
    figure.renderers[0].data_source.selected.indices = [0, 2]
    figure.renderers[0].data_source.selected.indices = []
    assert told == [[10, 12], []]
    pane.draw(lambda: dots([5, 4, 3]))  # the figure stays, and so does what listens to it
    assert shown(pane) == [figure]
    pane.select("set", [11, 99])
    assert figure.renderers[0].data_source.selected.indices == [1]
    assert told[-1] == [11]


def test_a_figure_that_is_drawn_anew_tells_too(pane):
    told = []
    pane.on_select("set", told.append).draw(lambda: dots([1]))
    pane.draw(lambda: curve([1, 2]))
    pane.draw(lambda: dots([1, 2]))
    [figure] = shown(pane)
    figure.renderers[0].data_source.selected.indices = [1]
    assert told == [[11]]


def test_a_chart_with_a_key_is_drawn_once_for_all_windows():
    drawn = []

    def make():
        drawn.append(1)
        return curve([1, 2, 3], name="once")

    one, other = ChartPane(Page(), 200).draw(make, key="once"), ChartPane(Page(), 200).draw(make, key="once")
    [first], [second] = shown(one), shown(other)
    assert drawn == [1]
    assert {model.id for model in first.references()}.isdisjoint(model.id for model in second.references())
    assert second.renderers[0].data_source.data["value"].tolist() == [1, 2, 3]
    assert held(first) == held(second)

    ChartPane(Page(), 200).draw(make, key="twice")
    assert drawn == [1, 1]


def held(figure):
    """What each model of a figure holds, without the names of the models."""
    models = figure.references()
    found = []
    for model in models:
        values = Serializer(references=models).encode(model.properties_with_values())
        text = json.dumps(values, default=lambda buffer: buffer.to_base64())
        found.append((type(model).__name__, re.sub(r'"p\d+"', "", text)))
    return sorted(found)


def test_a_copied_chart_changes_in_place_without_the_other(pane):
    ChartPane(Page(), 200).draw(lambda: curve([1, 2, 3]), key="apart")
    other = ChartPane(Page(), 200).draw(lambda: curve([1, 2, 3]), key="apart")
    pane.draw(lambda: curve([1, 2, 3]), key="apart")
    [before], [apart] = shown(pane), shown(other)
    pane.draw(lambda: curve([1, 2, 4]), key="another")
    assert shown(pane) == [before]
    assert before.renderers[0].data_source.data["value"].tolist() == [1, 2, 4]
    assert apart.renderers[0].data_source.data["value"].tolist() == [1, 2, 3]


def test_a_picture_stands_there_until_the_page_rests(pane):
    pane.draw(lambda: curve([1, 2, 3]), still='<div class="cqs-still">picture</div>')
    assert "picture" in shown(pane)[0]
    [rest] = pane._page.resting
    rest()
    [figure] = shown(pane)
    assert figure.renderers[0].data_source.data["value"].tolist() == [1, 2, 3]
