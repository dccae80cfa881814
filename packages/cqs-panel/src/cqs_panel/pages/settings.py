"""The Settings page: what is in force and where each value comes from, and what one browser prefers."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core.config import setting_warnings, settings_in_force
from cqs_panel.downloads import csv_button
from cqs_panel.figures import zone_name
from cqs_panel.layout import HALF, PAIRS_WHERE_LARGE, stack
from cqs_panel.location import DENSITY_COOKIE, THEME_COOKIE, ZONE_COOKIE, chosen_theme, chosen_zone, is_compact
from cqs_panel.sections import html, section
from cqs_panel.tables import plain_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core import Settings
    from cqs_core.config import SettingInForce
    from cqs_panel.shell.dashboard import Dashboard
    from cqs_panel.state import PageState

_THEMES = {"As the system": "", "Light": "light", "Dark": "dark"}
_DENSITIES = {"Comfortable": "", "Compact": "compact"}
_ZONES = ("UTC", "Asia/Seoul", "Asia/Tokyo", "Asia/Singapore", "Europe/London", "Europe/Berlin", "America/New_York")
_MINUTE, _HOUR = 60_000, 3_600_000
_ROWS = """
div:has(>b){display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:2px 16px;padding:8px 4px;
  font-size:13px;overflow-wrap:anywhere;  border-bottom:1px solid var(--cqs-line)}
@media(min-width:2000px){div:has(>div>b){display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:0 32px}}
b{font-weight:400} .given b,.given .value{font-weight:600} .about{color:var(--cqs-muted);font-size:12px}
"""
_WRONG = "ul{margin:0;padding-left:18px;font-size:13px} li{color:var(--cqs-warning);overflow-wrap:anywhere}"


def build(shell: Dashboard, page: PageState) -> Any:
    """All settings, and the preferences of this browser."""
    found = settings_in_force()
    rows = html("".join(map(_row, found)), stylesheets=[_ROWS])
    note = "secrets are masked; a change needs a restart of the server; the command cqs config prints the same"
    return stack(
        *_faults(found),
        section("What counts here", plain_table(["Setting", "Value"], _plainly(page.settings)), styles=HALF),
        section("This browser", _preferences(shell), note="kept in this browser, for no one else", styles=HALF),
        section("In force", rows, note=note, actions=[csv_button(lambda: _file(found), "settings.csv")]),
        stylesheets=[PAIRS_WHERE_LARGE],
    )


def _row(one: SettingInForce) -> str:
    """What a variable does, its value, and where that comes from; a value that is set stands out."""
    about = re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(one.about))
    state = "" if one.source == "default" else " class=given"
    return (
        f"<div{state}><b>{escape(one.name)}</b><span class=value>{escape(one.value) or '–'}</span>"
        f"<span class=about>{about}</span><span class=about>{escape(one.source)}</span></div>"
    )


def _file(found: Sequence[SettingInForce]) -> pd.DataFrame:
    """As the page shows them: secrets are masked."""
    import pandas as pd

    rows = [(one.name, one.value, one.source, one.about) for one in found]
    return pd.DataFrame(rows, columns=["Setting", "Value", "Source", "Meaning"])


def _faults(found: Sequence[SettingInForce]) -> list[Any]:
    said = [*(one.problem for one in found if one.problem), *setting_warnings()]
    if not said:
        return []
    lines = "".join(f"<li>{escape(line)}</li>" for line in said)
    return [section("What is wrong", html(f"<ul>{lines}</ul>", stylesheets=[_WRONG]))]


def _plainly(settings: Settings) -> list[list[str]]:
    """What most figures depend on, in words."""
    begins = f"{settings.day_start // _HOUR:02d}:{settings.day_start % _HOUR // _MINUTE:02d} UTC"
    return [
        ["Exchange", f"{settings.exchange}, in {settings.quote}"],
        ["Time zone", zone_name(settings.timezone)],
        ["Day starts", begins],
        ["Fee", f"{100 * settings.fee:g} % a side"],
        ["Slippage", f"{settings.slippage_bps:g} basis points a side"],
        ["Capital", f"{settings.capital:,.0f} {settings.quote}"],
        ["Colors", "gains red, losses blue" if settings.colors == "korean" else "gains green, losses red"],
    ]


def _preferences(shell: Dashboard) -> Any:
    """Each change loads the page again: a half-drawn page cannot change its theme or its times."""
    theme = pmui.Select(label="Theme", options=_THEMES, value=chosen_theme() or "", size="small", width=200, margin=0)
    chosen = chosen_zone() or ""
    known = dict.fromkeys([*_ZONES, chosen] if chosen else _ZONES)
    zones = {f"As the server: {shell.server_timezone or zone_name(None)}": ""} | {zone: zone for zone in known}
    zone = pmui.Select(label="Time zone", options=zones, value=chosen, size="small", width=260, margin=0)
    theme.param.watch(lambda event: shell.prefer(THEME_COOKIE, str(event.new)), "value")
    zone.param.watch(lambda event: shell.prefer(ZONE_COOKIE, str(event.new)), "value")
    density = pmui.Select(
        label="Density", options=_DENSITIES, value="compact" if is_compact() else "", size="small", width=200, margin=0
    )
    density.param.watch(lambda event: shell.prefer(DENSITY_COOKIE, str(event.new)), "value")
    return pn.FlexBox(theme, density, zone, gap="12px 12px", margin=(6, 0, 0, 0))
