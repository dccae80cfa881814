"""How /login and /logout look: one card, light or dark as the browser or the user chose, on any screen."""

from __future__ import annotations

import base64
import functools
import hashlib
from html import escape

from cqs_panel.theme.palette import MODES

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' stroke-width='2' "
    "stroke-linecap='round'%3E%3Cg stroke='%2326a69a' fill='%2326a69a'%3E%3Cpath d='M7 3v18'/%3E"
    "%3Crect x='4.5' y='8' width='5' height='9' rx='1'/%3E%3C/g%3E%3Cg stroke='%235b8def' fill='%235b8def'%3E"
    "%3Cpath d='M17 2v17'/%3E%3Crect x='14.5' y='5' width='5' height='8' rx='1'/%3E%3C/g%3E%3C/svg%3E"
)
_CSS = """
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:16px;color:var(--text);
  background:radial-gradient(900px 520px at 50% -10%,var(--tint),transparent 70%),var(--ground);
  font:400 15px/1.5 Roboto,system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans CJK KR",sans-serif}
main{width:100%;max-width:384px;background:var(--paper);border:1px solid var(--line);border-radius:14px;
  padding:32px 32px 28px;box-shadow:0 12px 40px rgba(0,0,0,.10)}
header{display:flex;align-items:center;gap:12px;margin-bottom:22px}
header img{width:34px;height:34px} header b{display:block;font-size:18px;line-height:22px;letter-spacing:.01em}
code{white-space:nowrap} header span{color:var(--muted);font-size:13px}
h1{font-size:22px;line-height:28px;font-weight:600;margin:0 0 18px}
label{display:block;font-size:13px;font-weight:500;color:var(--muted);margin:0 0 6px}
input{width:100%;font:inherit;font-size:16px;color:inherit;background:transparent;border:1px solid var(--edge);
  border-radius:8px;padding:10px 12px;margin:0 0 16px}
input:focus,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:1px;
  border-color:transparent}
button{width:100%;font:inherit;font-weight:600;border:0;border-radius:8px;padding:11px 16px;margin-top:6px;
  cursor:pointer;background:var(--accent);color:var(--on-accent)}
button:hover{filter:brightness(1.08)}
p{margin:0 0 18px;overflow-wrap:anywhere} a{color:var(--accent)}
.why{border:1px solid var(--warning);border-left-width:4px;border-radius:8px;padding:9px 12px;font-size:14px}
footer{margin:20px 0 0;padding-top:16px;border-top:1px solid var(--line);color:var(--muted);font-size:13px}
@media(max-width:440px){main{padding:26px 20px 22px}}
"""


def page(
    *,
    title: str,
    token: str,
    action: str,
    name: str = "",
    why: str = "",
    next_url: str = "",
    who: str = "",
    theme: str | None = None,
) -> tuple[str, str]:
    """The policy's source of its style, and the page; everything given is escaped.

    Args:
        title: the heading.
        token: against forms of other sites.
        action: where the form goes.
        name: to fill in.
        why: the last attempt failed.
        next_url: where to go afterwards.
        who: whom to log out; empty on the login page.
        theme: `light` or `dark` where the user chose one; by default the browser's.
    """
    style = _style(theme if theme in MODES else None)
    reason = f'<p class="why" role="alert">{escape(why)}</p>' if why else ""
    hidden = f'<input type="hidden" name="_xsrf" value="{escape(token)}">'
    inner = _leaving(who) if who else _entering(name, next_url)
    foot = "" if who else "<footer>Users are added on the server: <code>cqs users add NAME</code></footer>"
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · cqs</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<link rel="icon" href="{_ICON}"><style>{style}</style></head><body><main>'
        f'<header><img src="{_ICON}" alt=""><div><b>cqs</b><span>Crypto Quant System</span></div></header>'
        f"<h1>{escape(title)}</h1>{reason}"
        f'<form method="post" action="{escape(action)}">{hidden}{inner}</form>{foot}</main></body></html>'
    )
    return _source(style), text


def _entering(name: str, next_url: str) -> str:
    first, second = ("", " autofocus") if name else (" autofocus", "")
    return (
        f'<input type="hidden" name="next" value="{escape(next_url)}"><label for="name">Name</label>'
        f'<input id="name" name="name" value="{escape(name)}" maxlength="64" autocomplete="username" '
        f'autocapitalize="none" spellcheck="false" required{first}><label for="password">Password</label>'
        f'<input id="password" name="password" type="password" maxlength="1024" autocomplete="current-password" '
        f"required{second}><button>Log in</button>"
    )


def _leaving(who: str) -> str:
    return (
        f"<p>You are logged in as <b>{escape(who)}</b>. All windows of this browser close.</p><button>Log out</button>"
    )


@functools.cache
def _style(theme: str | None) -> str:
    light, dark = _variables("light"), _variables("dark")
    if theme:
        return f"html{{{_variables(theme)}}}{_CSS}"
    return f"html{{{light}}}@media(prefers-color-scheme:dark){{html{{{dark}}}}}{_CSS}"


def _variables(mode: str) -> str:
    own = {"on-accent": "#ffffff" if mode == "light" else "#0e1116", "edge": "#8b95a7"}
    return "".join(f"--{name}:{value};" for name, value in (MODES[mode] | own).items()) + f"color-scheme:{mode};"


@functools.cache
def _source(style: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"
