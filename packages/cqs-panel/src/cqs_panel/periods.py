"""Usual stretches of days, to choose from a menu in place of two dates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PERIODS = (
    "Today",
    "Yesterday",
    "This week",
    "Since last week",
    "Last 7 days",
    "This month",
    "Last month",
    "Last 30 days",
    "Last 90 days",
    "This year",
    "Last 365 days",
    "All",
)
Span = tuple[dt.date | None, dt.date | None]


def period_span(name: str, today: dt.date) -> Span:
    """The first and the last day of a period in `PERIODS`; None where it is open.

    Args:
        name: of the period.
        today: in the calendar that is meant.

    >>> day = dt.date(2026, 3, 4)  # a Wednesday
    >>> [str(one) for one in period_span("Since last week", day)], str(period_span("Last month", day)[0])
    (['2026-02-23', 'None'], '2026-02-01')
    """
    day = dt.timedelta(days=1)
    monday, first = today - day * today.weekday(), today.replace(day=1)
    if name.startswith("Last ") and name.endswith(" days"):
        return today - day * (int(name.split(" ")[1]) - 1), None
    spans: dict[str, Span] = {
        "Today": (today, None),
        "Yesterday": (today - day, today - day),
        "This week": (monday, None),
        "Since last week": (monday - 7 * day, None),
        "This month": (first, None),
        "Last month": ((first - day).replace(day=1), first - day),
        "This year": (today.replace(month=1, day=1), None),
        "All": (None, None),
    }
    return spans[name]


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
