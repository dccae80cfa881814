"""Who is logged in, in the bar, with a button to log out; nothing where there is no login."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from cqs_panel.login.session import current_user
from cqs_panel.sections import html

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_panel.login.users import User

_CSS = """
form{display:flex;align-items:center;justify-content:flex-end;gap:10px;margin:0;color:inherit;font-size:13px;white-space:nowrap}
.who{display:flex;flex-direction:column;line-height:15px;text-align:right;max-width:200px}
.who b{font-weight:500;overflow:hidden;text-overflow:ellipsis} .who span{font-size:11px;opacity:.8}
button{font:inherit;color:inherit;background:none;border:1px solid currentColor;border-radius:6px;padding:3px 10px;
  cursor:pointer;opacity:.9} button:hover{opacity:1;background:rgba(127,127,127,.16)}
button:focus-visible{outline:2px solid currentColor;outline-offset:2px}
@media(max-width:600px){.who{max-width:96px} form{gap:8px}}
"""


class UserMenu(pn.viewable.Viewer):
    """The user of this session.

    Args:
        changed: called when the role is another than it was: what the page offers is out of date.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self._user = current_user()
        self._pane = html(_form(self._user) if self._user else "", stylesheets=[_CSS], visible=self._user is not None)

    def __panel__(self) -> Any:
        return self._pane

    def look(self) -> None:
        """Whether the role is still what it was when the page was made."""
        if self._user is not None and (user := current_user()) is not None and user.role != self._user.role:
            self._user = user
            self._changed()


def _form(user: User) -> str:
    token = str((pn.state.cookies or {}).get("_xsrf", ""))
    base = str(pn.state.base_url or "/").rstrip("/")
    return (
        f'<form method="post" action="{escape(base)}/logout"><input type="hidden" name="_xsrf" value="{escape(token)}">'
        f'<div class="who"><b title="{escape(user.name)}">{escape(user.name)}</b><span>{user.role}</span></div>'
        "<button>Log out</button></form>"
    )
