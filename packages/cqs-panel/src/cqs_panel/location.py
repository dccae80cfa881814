"""What a browser reports: the address of a view, and cookies about its theme and window."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

import panel as pn

THEME_COOKIE = "cqs_theme"
ZONE_COOKIE = "cqs_zone"
DENSITY_COOKIE = "cqs_density"
WINDOW_COOKIE = "cqs_window"
STEPS_COOKIE = "cqs_steps"
NARROW = 600  # pixels below which the page is a phone's; Material's own limit


def chosen_theme() -> str | None:
    """`light` or `dark`, where the user chose one in this browser."""
    return found if (found := _cookie(THEME_COOKIE)) in ("light", "dark") else None


def chosen_zone() -> str | None:
    """The IANA name of the time zone that the user chose in this browser."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name).key if (name := _cookie(ZONE_COOKIE)) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # written by hand, or unknown here
        return None


def is_compact() -> bool:
    """Whether the user chose less space between and in cards and rows in this browser."""
    return _cookie(DENSITY_COOKIE) == "compact"


def hides_steps() -> bool:
    """Whether the user hid the first steps in this browser."""
    return _cookie(STEPS_COOKIE) == "hidden"


def last_window() -> tuple[str, int]:
    """The theme, `light` or `dark`, and the window's width in pixels at the browser's last visit."""
    found = re.fullmatch(r"(light|dark)-([0-9]{1,5})", _cookie(WINDOW_COOKIE) or "")
    phone = "Mobi" in str((pn.state.headers or {}).get("User-Agent", ""))
    return (found[1], int(found[2])) if found else ("light", NARROW - 1 if phone else NARROW)


def _cookie(name: str) -> str | None:
    return (pn.state.cookies or {}).get(name)


def search(slug: str, query: dict[str, str]) -> str:
    """The address of a view.

    >>> search("data", {"market": "BTC/KRW"})
    '?view=data&market=BTC%2FKRW'
    """
    return "?" + urlencode({"view": slug, **query})


def parse(search: str) -> tuple[str | None, dict[str, str]]:
    """View and query of an address; the view is None where the address names none.

    >>> parse("?view=data&market=BTC%2FKRW")
    ('data', {'market': 'BTC/KRW'})
    """
    query = dict(parse_qsl(search.removeprefix("?")))
    return query.pop("view", None), query
