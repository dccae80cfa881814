"""The frame around the views: bar, menu, banner, and the stage that shows one view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_panel.layout import WIDE
from cqs_panel.location import NARROW, THEME_COOKIE, is_compact, search
from cqs_panel.login.session import read_only
from cqs_panel.sections import html
from cqs_panel.shell import style_sheets  # noqa: F401 - it changes what Panel sends
from cqs_panel.shell.connection_watch import ConnectionWatch
from cqs_panel.shell.html_page import template
from cqs_panel.shell.keys import KEYS_CSS
from cqs_panel.shell.late_rows import LateRows
from cqs_panel.shell.stage import Stage, place
from cqs_panel.shell.top_bar import BAR_CSS
from cqs_panel.theme import PAGE_SX, THEME, page_css, tones

if TYPE_CHECKING:
    from cqs_panel.shell.dashboard import Dashboard
    from cqs_panel.shell.page_frame import PageFrame
    from cqs_panel.view import View

_MENU_SX = {
    "py": "8px",
    "& .MuiListItemButton-root.MuiListItemButton-root": {
        "borderRadius": "8px",
        "mx": "8px",
        "px": "12px",
        "minHeight": "38px",
        "color": "var(--cqs-text)",
        "border": "2px solid transparent",
    },
    "& .MuiListItemButton-root.MuiListItemButton-root.Mui-selected": {
        "backgroundColor": "var(--cqs-tint)",
        "borderLeft": "2px solid transparent",
        "ml": "8px",
    },
    "& .MuiListItemButton-root.MuiListItemButton-root.Mui-focusVisible": {"borderColor": "var(--cqs-accent)"},
    "& .MuiListItemButton-root.MuiListItemButton-root:hover .MuiTypography-root": {"textDecoration": "none"},
    "& .MuiListItemIcon-root.MuiListItemIcon-root": {"pr": "12px", "color": "inherit"},
    "& .MuiTypography-root": {"fontSize": "13px"},
}
_BANNER = """
.demo{background:var(--cqs-tint);border:1px solid var(--cqs-line);border-radius:8px;padding:8px 14px;margin-bottom:12px;
  font-size:13px;color:var(--cqs-text)}
"""


class Chrome:
    """The page of `panel_material_ui` and its parts."""

    def __init__(self, views: list[View], shell: Dashboard) -> None:
        self._shell, self._narrow = shell, shell.narrow
        self.slugs = [view.slug for view in views]
        self._menu = _menu(views)
        self._menu.on_click(self._clicked)
        self._places = [place() for _ in [*views, None]]  # the last is for what the address names and is not there
        self._stage = Stage(views=self._places, **WIDE)
        # Only where there is a login: the sheets of a pane in the header would be asked for at Panel's CDN.
        user = [shell.user] if shell.user.__panel__().visible else []
        known = _state_watchers()
        self.page = pmui.Page(
            title="cqs",
            template=template(),
            main=[*_banners(demo=shell.demo), shell.presence, self._stage, shell.dock],
            sidebar=[self._menu],
            header=[shell.bridge, shell.keys, ConnectionWatch(), LateRows(), shell.top_bar, *user],
            sidebar_open=not self._narrow,
            sidebar_width=216,
            sidebar_resizable=False,
            site_url="?",
            theme_config=THEME,
            sx=PAGE_SX,
            raw_css=[
                page_css(tones(), "dark" if pn.config.theme == "dark" else "light", compact=is_compact()),
                KEYS_CSS,
                BAR_CSS,
            ],
            dark_theme=pn.config.theme == "dark",
            meta_description="Candles, backtests and bots, on your own machine",
        )
        self._held_by_state = [one for one in _state_watchers() if one not in known]
        with pn.util.edit_readonly(self.page):
            self.page.busy = False  # else it follows every event, and each time Panel walks through the whole page
        self.page.param.watch(self._toggled, "dark_theme")

    def add(self, frame: PageFrame) -> None:
        self._places[self._at(frame)][:] = [frame]

    def remove(self, frame: PageFrame) -> None:
        place = self._places[self._at(frame)]
        if frame.__panel__() in place:
            place.clear()

    def show(self, frame: PageFrame) -> None:
        self._stage.shown = self._at(frame)
        slug = frame.page.slug
        self._menu.active = self.slugs.index(slug) if slug in self.slugs else None
        if self._narrow:
            self.page.sidebar_open = False

    def fit(self, width: int) -> None:
        """Close the drawer where the window is narrow: there it covers the page.

        A page that was served to a phone has it closed: there the user has opened it since.
        """
        served, self._narrow = self._narrow, width < NARROW
        if self._narrow and not served and self.page.sidebar_open:
            self.page.sidebar_open = False

    def close(self) -> None:
        """Let go of the page: Material's Page watches Panel's global state, which else keeps each one for good."""
        for watcher in self._held_by_state:
            pn.state.param.unwatch(watcher)

    def _at(self, frame: PageFrame) -> int:
        return self.slugs.index(frame.page.slug) if frame.page.slug in self.slugs else len(self.slugs)

    def _clicked(self, item: dict[str, Any]) -> None:
        self._shell.revisit(item["slug"])

    def _toggled(self, event: Any) -> None:
        theme = "dark" if event.new else "light"
        self._shell.bridge.send(theme=theme, cookie=f"{THEME_COOKIE}={theme}")


def _state_watchers() -> list[Any]:
    return [one for watched in pn.state.param.watchers.values() for kind in watched.values() for one in kind]


def _menu(views: list[View]) -> Any:
    items = [
        {"label": v.title, "icon": v.icon, "slug": v.slug, "href": search(v.slug, {}), "disable_link": True}
        for v in views
    ]
    return pmui.MenuList(items=items, sx=_MENU_SX, margin=0, sizing_mode="stretch_width", color="primary")


def _banners(*, demo: bool) -> list[Any]:
    """What holds for all pages."""
    made_up = "<b>Demo.</b> These candles are made up, and so is everything computed from them."
    looking = "<b>Viewer.</b> You see everything. Buttons that change something are disabled: they are for operators."
    said = [*([made_up] if demo else []), *([looking] if read_only() else [])]
    return [html(f'<div class="demo" role="note">{text}</div>', stylesheets=[_BANNER]) for text in said]
