"""Colors. Only gain and loss have their own colors; everything else is gray or the one accent."""

from __future__ import annotations

from dataclasses import dataclass

ACCENT = "#5b8def"
AMBER = "#f5a623"
GREY = "#8b95a7"
OTHERS = (AMBER, "#a78bfa", "#f472b6", "#34d399", "#38bdf8", GREY)
"""For further curves next to the one in the accent color."""
COMPARED = ("#d97706", "#8b5cf6", "#0891b2", "#d6409f", "#7d8f1f", "#a0694b", "#7c8799", "#3b82f6")
"""For lines over candles: each has a contrast of 3 on light and on dark pages, and none says gain or loss."""
TEAL, RED, BLUE = "#26a69a", "#ef5350", "#4f8ff7"

_LIGHT = {
    "line": "rgba(15,23,42,.10)",
    "muted": "#59637a",
    "hover": "rgba(15,23,42,.04)",
    "paper": "#ffffff",
    "ground": "#f3f4f7",
    "text": "#1a1f2b",
    "accent": "#2457c5",
    "tint": "rgba(36,87,197,.08)",
    "warning": "#8a5200",
    "shade": "rgba(15,23,42,.22)",
}
_DARK = {
    "line": "rgba(148,163,184,.16)",
    "muted": "#9aa4b5",
    "hover": "rgba(148,163,184,.07)",
    "paper": "#161a21",
    "ground": "#0e1116",
    "text": "#e6e9ef",
    "accent": "#7aa5f5",
    "tint": "rgba(122,165,245,.14)",
    "warning": "#f5a623",
    "shade": "rgba(0,0,0,.65)",
}
MODES = {"light": _LIGHT, "dark": _DARK}
"""Colors of the page by mode and name; those of gain and loss are in `Tones`."""


@dataclass(frozen=True)
class Tones:
    """Colors of gain and loss.

    Attributes:
        up: for charts, readable on light and dark backgrounds.
        down: for charts, as well.
        text: `{"light" | "dark": (up, down)}` for text, with a contrast of at least 4.5 on that background.
    """

    up: str
    down: str
    text: dict[str, tuple[str, str]]


WESTERN = Tones(TEAL, RED, {"light": ("#00695c", "#c62828"), "dark": ("#2fb8a8", "#ff7a77")})
KOREAN = Tones(RED, BLUE, {"light": ("#c62828", "#1a56c4"), "dark": ("#ff7a77", "#7aa9ff")})


def tones() -> Tones:
    """The colors that `CQS_COLORS` asks for: `western` (green up) or `korean` (red up, blue down)."""
    from cqs_core import settings

    return KOREAN if settings().colors == "korean" else WESTERN
