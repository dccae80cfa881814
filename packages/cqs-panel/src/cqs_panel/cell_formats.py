"""How cells of a table are written: prices, gains, sizes, states, check boxes. The browser fills in the templates."""

from __future__ import annotations

import json
import math
from html import escape
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

    Toggle = Literal["check", "star"]

_DECIMALS = " decimals"
_PRICE = (
    '<%= value == null || isNaN(value) ? "–" : value.toLocaleString("en-US", '
    "{{minimumFractionDigits: obj['{decimals}'], maximumFractionDigits: obj['{decimals}']}}) %>"
)
_SIZE = (
    '<%= value == null ? "–" : value >= 1073741824 ? (value / 1073741824).toFixed(1) + " GB" : value >= 1048576 ? '
    '(value / 1048576).toFixed(1) + " MB" : value >= 1024 ? (value / 1024).toFixed(1) + " kB" : value + " B" %>'
)


def decimals(prices: pd.Series[float]) -> int:
    """With how many decimals prices of one instrument are shown: four figures at least.

    >>> import pandas as pd
    >>> decimals(pd.Series([105_030_000.0])), decimals(pd.Series([426.5])), decimals(pd.Series([0.01873]))
    (0, 2, 5)
    """
    middle = abs(float(prices.median()))
    if not middle or not math.isfinite(middle) or middle >= 1_000:
        return 0
    return 2 if middle >= 1 else min(10, 3 - math.floor(math.log10(middle)))


def with_decimals(frame: pd.DataFrame, prices: Mapping[str, str]) -> pd.DataFrame:
    """The frame with a column of decimals for each column of prices, the same for all rows of an instrument."""
    made: dict[str, Any] = {}
    for name, of in prices.items():
        if not len(frame):
            made[f"{name}{_DECIMALS}"] = []
        elif of:
            made[f"{name}{_DECIMALS}"] = frame.groupby(of)[name].transform(decimals).fillna(0).astype(int)
        else:
            made[f"{name}{_DECIMALS}"] = decimals(frame[name])
    return frame.assign(**made) if made else frame


def decimals_columns(prices: Collection[str]) -> list[str]:
    """The columns that `with_decimals` adds, which are not to be shown."""
    return [f"{name}{_DECIMALS}" for name in prices]


def formatters(
    numbers: Mapping[str, str],
    signed: Mapping[str, int],
    prices: Collection[str],
    sizes: Collection[str],
    bars: Collection[str] = (),
) -> dict[str, Any]:
    """Formatters of columns of numbers; the arguments are those of `tables.table`."""
    from bokeh.models.widgets.tables import HTMLTemplateFormatter, NumberFormatter

    found: dict[str, Any] = {name: NumberFormatter(format=how, nan_format="–") for name, how in numbers.items()}
    found |= {name: _signed(places, bar=name in bars) for name, places in signed.items()}
    found |= {name: HTMLTemplateFormatter(template=_PRICE.format(decimals=f"{name}{_DECIMALS}")) for name in prices}
    return found | {name: HTMLTemplateFormatter(template=_SIZE) for name in sizes}


def toned_texts(toned: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Formatters of columns of words, some of which are colored."""
    from bokeh.models.widgets.tables import HTMLTemplateFormatter

    template = '<span class="<%= ({})[value] || "" %>"><%- value %></span>'
    shown = {name: template.replace("{}", json.dumps(dict(tones))) for name, tones in toned.items()}
    return {name: HTMLTemplateFormatter(template=template) for name, template in shown.items()}


def toggled(toggles: Mapping[str, Toggle], titles: Mapping[str, str]) -> dict[str, Any]:
    """Formatters of booleans as check boxes and stars, each with the name of its column."""
    from bokeh.models.widgets.tables import HTMLTemplateFormatter

    pairs = {"check": ("☑", "☐"), "star": ("★", "☆")}
    shown = {
        name: f'<span class="toggle <%= value ? "on" : "" %>" role="checkbox" aria-checked="<%= !!value %>" '
        f'aria-label="{escape(titles.get(name) or name)}"><%= value ? "{pairs[kind][0]}" : "{pairs[kind][1]}" %></span>'
        for name, kind in toggles.items()
    }
    return {name: HTMLTemplateFormatter(template=template) for name, template in shown.items()}


def _signed(places: int, *, bar: bool) -> Any:
    from bokeh.models.widgets.tables import HTMLTemplateFormatter

    how = f'{{minimumFractionDigits:{places},maximumFractionDigits:{places},signDisplay:"exceptZero"}}'
    shown = f'<%= value == null || isNaN(value) ? "–" : value.toLocaleString("en-US", {how}) %>'
    look = ' style="--share:<%= value ? 100 * (1 - Math.exp(-Math.abs(value) / 5)) : 0 %>%"' if bar else ""
    kinds = f'<%= value > 0 ? "up" : value < 0 ? "down" : "" %>{" bar" if bar else ""}'
    return HTMLTemplateFormatter(template=f'<span class="{kinds}"{look}>{shown}</span>')
