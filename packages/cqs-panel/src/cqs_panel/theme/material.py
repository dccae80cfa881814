"""The Material theme: palette, type, and what MUI's own components look like."""

from __future__ import annotations

from typing import Any

FONT = '"Roboto","Noto Sans KR","Noto Sans CJK KR","Apple SD Gothic Neo","Malgun Gothic",system-ui,sans-serif'
_LIGHT = {
    "primary": "#2457c5",
    "success": "#00695c",
    "error": "#c62828",
    "warning": "#8a5200",
    "info": "#2457c5",
    "ground": "#f3f4f7",
    "paper": "#ffffff",
    "text": "#1a1f2b",
    "muted": "#59637a",
    "line": "rgba(15,23,42,0.10)",
}
_DARK = {
    "primary": "#7aa5f5",
    "success": "#2fb8a8",
    "error": "#ff7a77",
    "warning": "#f5a623",
    "info": "#7aa5f5",
    "ground": "#0e1116",
    "paper": "#161a21",
    "text": "#e6e9ef",
    "muted": "#9aa4b5",
    "line": "rgba(148,163,184,0.16)",
}
_TYPE = {
    "fontFamily": FONT,
    "fontSize": 13,
    "button": {"textTransform": "none", "fontWeight": 500},
    "h6": {"fontSize": "0.95rem", "fontWeight": 600},
}


def _palette(mode: str, of: dict[str, str]) -> dict[str, Any]:
    on = "#ffffff" if mode == "light" else "#0e1116"
    named = {
        name: {"main": of[name], "contrastText": on} for name in ("primary", "success", "error", "warning", "info")
    }
    return {
        "mode": mode,
        **named,
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


THEME = {"light": _mode("light", _LIGHT), "dark": _mode("dark", _DARK)}

PAGE_SX = {
    "& .MuiToolbar-root": {"minHeight": "52px"},
    "& .title.MuiTypography-root": {
        "color": "inherit",
        "fontSize": "1.05rem",
        "fontWeight": 700,
        "letterSpacing": "-0.01em",
    },
    "& .header a": {"color": "inherit"},
    "& .header .MuiLinearProgress-root": {"display": "none"},  # has no name; each view has a bar of its own
    "& .main-content": {"padding": "12px", "boxSizing": "border-box"},
    "& .main": {"backgroundColor": "var(--mui-palette-background-default)"},
}
