"""Usual stretches of days, to choose from a menu in place of two dates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Span = tuple[dt.date | None, dt.date | None]
_DAY = dt.timedelta(days=1)


def _last_days(count: int) -> Callable[[dt.date], Span]:
    return lambda today: (today - (count - 1) * _DAY, None)


def _monday(today: dt.date) -> dt.date:
    return today - today.weekday() * _DAY


def _last_month(today: dt.date) -> Span:
    end = today.replace(day=1) - _DAY
    return end.replace(day=1), end


_SPANS: dict[str, Callable[[dt.date], Span]] = {
    "Today": lambda today: (today, None),
    "Yesterday": lambda today: (today - _DAY, today - _DAY),
    "This week": lambda today: (_monday(today), None),
    "Since last week": lambda today: (_monday(today) - 7 * _DAY, None),
    "Last 7 days": _last_days(7),
    "This month": lambda today: (today.replace(day=1), None),
    "Last month": _last_month,
    "Last 30 days": _last_days(30),
    "Last 90 days": _last_days(90),
    "This year": lambda today: (today.replace(month=1, day=1), None),
    "Last 365 days": _last_days(365),
    "All": lambda _: (None, None),
}
PERIODS = tuple(_SPANS)
"""Their names, as a menu lists them."""


def period_span(name: str, today: dt.date) -> Span:
    """The first and the last day of a period in `PERIODS`; None where it is open.

    Args:
        name: of the period.
        today: in the calendar that is meant.

    >>> day = dt.date(2026, 3, 4)  # a Wednesday
    >>> [str(one) for one in period_span("Since last week", day)], str(period_span("Last month", day)[0])
    (['2026-02-23', 'None'], '2026-02-01')
    """
    return _SPANS[name](today)


def period_menu(choose: Callable[[Span], Any], today: Callable[[], dt.date] | None = None) -> Any:
    """A button with a menu of `PERIODS`, which the keyboard reaches too.

    Args:
        choose: called with the first and the last day; None where it is open.
        today: the day that it is; in UTC where it is not given.
    """
    import panel_material_ui as pmui

    menu = pmui.MenuButton(
        label="Period",
        icon="date_range",
        items=[{"label": name} for name in PERIODS],
        variant="outlined",
        size="small",
        margin=0,
        sx={"minHeight": "34px"},  # as other buttons; the library's menus are lower
    )

    def clicked(item: Any) -> None:
        choose(period_span(item["label"], today() if today is not None else dt.datetime.now(dt.UTC).date()))

    menu.on_click(clicked)
    return menu
