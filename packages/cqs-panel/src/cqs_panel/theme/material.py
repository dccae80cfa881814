"""The Material theme: palette, type, and what MUI's own components look like."""

from __future__ import annotations

from typing import Any

from cqs_panel.theme.palette import MODES, WESTERN

FONT = '"Roboto","Noto Sans KR","Noto Sans CJK KR","Apple SD Gothic Neo","Malgun Gothic",system-ui,sans-serif'
_TYPE = {
    "fontFamily": FONT,
    "fontSize": 13,
    "button": {"textTransform": "none", "fontWeight": 500},
    "h6": {"fontSize": "0.95rem", "fontWeight": 600},
}


def _palette(mode: str, of: dict[str, str]) -> dict[str, Any]:
    success, error = WESTERN.text[mode]
    on = "#ffffff" if mode == "light" else of["ground"]
    main = {"primary": of["accent"], "info": of["accent"], "warning": of["warning"], "success": success, "error": error}
    return {
        "mode": mode,
        **{name: {"main": color, "contrastText": on} for name, color in main.items()},
        "background": {"default": of["ground"], "paper": of["paper"]},
        "text": {"primary": of["text"], "secondary": of["muted"]},
        "divider": of["line"],
    }


def _components(of: dict[str, str]) -> dict[str, Any]:
    line = f"1px solid {of['line']}"
    bar = {"backgroundColor": of["paper"], "color": of["text"], "boxShadow": "none", "borderBottom": line}
    return {
        "MuiPaper": {"defaultProps": {"elevation": 0}, "styleOverrides": {"root": {"backgroundImage": "none"}}},
        "MuiAppBar": {"styleOverrides": {"root": bar}},
        "MuiDrawer": {"styleOverrides": {"paper": {"borderRight": line, "backgroundColor": of["paper"]}}},
        "MuiInputAdornment": {"styleOverrides": {"root": {"& .MuiIconButton-root": {"color": of["muted"]}}}},
        "MuiButton": {"defaultProps": {"disableElevation": True}},
        "MuiToggleButton": {"styleOverrides": {"root": {"color": of["muted"], "textTransform": "none"}}},
    }


def _mode(mode: str, of: dict[str, str]) -> dict[str, Any]:
    return {
        "palette": _palette(mode, of),
        "chart_style": "minimal",
        "shape": {"borderRadius": 8},
        "typography": _TYPE,
        "components": _components(of),
    }


THEME = {mode: _mode(mode, colors) for mode, colors in MODES.items()}

PAGE_SX = {
    "& .MuiToolbar-root": {"minHeight": "52px"},
    "& .title.MuiTypography-root": {
        "color": "inherit",
        "fontSize": "1.05rem",
        "fontWeight": 700,
        "letterSpacing": "-0.01em",
    },
    "& .header a": {"color": "inherit"},
    "& .header .MuiLinearProgress-root": {"display": "none"},  # has no name; each view has its own bar
    "& .main-content": {"padding": "var(--cqs-gap, 12px)", "boxSizing": "border-box"},
    "& .main": {"backgroundColor": "var(--mui-palette-background-default)"},
}
