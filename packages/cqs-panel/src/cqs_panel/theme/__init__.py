"""How the dashboard looks: colours, the Material theme, and the CSS that Material does not reach."""

from cqs_panel.theme.css import TABLE_CSS, page_css
from cqs_panel.theme.material import PAGE_SX, THEME
from cqs_panel.theme.palette import ACCENT, AMBER, GREY, OTHERS, Tones, tones

__all__ = ["ACCENT", "AMBER", "GREY", "OTHERS", "PAGE_SX", "TABLE_CSS", "THEME", "Tones", "page_css", "tones"]
