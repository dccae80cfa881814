"""Pictures of curves, in HTML."""

import re

import numpy as np
import pytest

from cqs_panel.charts import StillCurve, still_html

DAY = 86_400_000


def picture(values, days, **fields):
    curve = {"low": 0.0, "high": 10.0, "height": 100, "color": "#5b8def", "label": "{:g}".format}
    ts = np.array(days, np.int64) * DAY
    return still_html("A & B", ts, [StillCurve(np.array(values, float), **(curve | fields))])


def points(text):
    return [
        tuple(map(int, pair.split())) for pair in re.findall(r"\d+ \d+", re.search(r'd="M([^"V]*)" stroke', text)[1])
    ]


def test_values_are_drawn_between_the_edges_of_the_axis():
    drawn = points(picture([0, 5, 10], [0, 1, 2]))
    assert [y for _, y in drawn] == [1000, 500, 0]
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)


def test_holes_are_left_out():
    assert len(points(picture([0, np.nan, 10], [0, 1, 2]))) == 2


def test_long_curves_are_drawn_by_their_extremes():
    values = np.full(50_000, 5.0)
    values[30_000] = 9.0
    drawn = points(picture(values, range(50_000)))
    assert len(drawn) <= 1_000
    assert min(y for _, y in drawn) == 100


@pytest.mark.parametrize(
    ("days", "texts"),
    [
        (range(0, 1500, 10), ["1970", "1971", "1972", "1973", "1974"]),
        (range(1, 130), ["Feb 1970", "Mar 1970", "Apr 1970", "May 1970"]),
        (range(151, 1000), ["Jul 1970", "Jan 1971", "Jul 1971", "Jan 1972", "Jul 1972"]),
        (range(0, 20_000, 10), ["1970", "1980", "1990", "2000", "2010", "2020"]),
        (range(3), ["02 Jan", "03 Jan"]),
    ],
)
def test_dates_are_starts_of_years_months_or_days(days, texts):
    shown = re.findall(r"<span[^>]*>([^<]*)</span>", picture([1] * len(days), days).partition('class="dates"')[2])
    assert shown[-len(texts) :] == texts


def test_names_and_labels_are_text():
    shown = picture([1, 2], [0, 1], label=lambda value: f"<{value:g}>")
    assert 'aria-label="A &amp; B"' in shown
    assert "&lt;5&gt;" in shown
    assert "<5>" not in shown


def test_one_point_and_a_flat_axis_are_drawn():
    assert points(picture([3], [0], low=3.0, high=3.0))


def test_curves_of_one_axis_stand_behind_the_thick_one():
    shown = picture([0, 10], [0, 1], beside=[(np.array([10.0, 0.0]), "#aa0000")])
    lines = re.findall(r'd="M([^"]*)" stroke="([^"]*)" stroke-width="([^"]*)"', shown)
    assert [(color, width) for _, color, width in lines] == [("#aa0000", "1.2"), ("#5b8def", "2.2")]
    assert [[pair.split()[1] for pair in re.findall(r"\d+ \d+", at)] for at, *_ in lines] == [
        ["0", "1000"],
        ["1000", "0"],
    ]


@pytest.mark.parametrize(("height", "most"), [(60, 3), (108, 4), (250, 7)])
def test_a_low_axis_has_few_labels(height, most):
    labels = re.findall(r'<span style="top:[^"]*">([^<]*)</span>', picture([0, 10], [0, 1], height=height))
    assert 2 <= len(labels) <= most
