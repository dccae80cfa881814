"""Colours. Only gain and loss carry colour; everything else is grey or the one accent."""

from __future__ import annotations

from dataclasses import dataclass

ACCENT = "#5b8def"
AMBER = "#f5a623"
GREY = "#8b95a7"
OTHERS = (AMBER, "#a78bfa", "#f472b6", "#34d399", "#38bdf8", GREY)
"""Of further curves beside that in the accent."""
TEAL, RED, BLUE = "#26a69a", "#ef5350", "#4f8ff7"


@dataclass(frozen=True)
class Tones:
    """Colours of gain and loss.

    Attributes:
        up: on charts, readable on light and dark alike.
        down: likewise.
        text: `{"light" | "dark": (up, down)}` for text, with a contrast of 4.5 on that background.
    """

    up: str
    down: str
    text: dict[str, tuple[str, str]]


WESTERN = Tones(TEAL, RED, {"light": ("#00695c", "#c62828"), "dark": ("#2fb8a8", "#ff7a77")})
KOREAN = Tones(RED, BLUE, {"light": ("#c62828", "#1a56c4"), "dark": ("#ff7a77", "#7aa9ff")})


def tones() -> Tones:
    """The colours that `CQS_COLORS` asks for: `western` (green up) or `korean` (red up, blue down)."""
    from cqs_core import settings

    return KOREAN if settings().colors == "korean" else WESTERN
