"""Whose session runs now, and what that user may do."""

from __future__ import annotations

import contextlib
import re
import secrets
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from cqs_core import permission
from cqs_panel.login import logins, users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cqs_panel.login.users import User

_ACTING: ContextVar[str | None] = ContextVar("cqs_login", default=None)
_SESSION = re.compile(r"([0-9a-f]{40})-[0-9a-f]{32}(?:\..*)?")


def install() -> None:
    """From now on, whatever changes something in this process needs a user who may."""
    permission.guard(refusal)


def session_id(key: str) -> str:
    """A new name for a session of a login; it is of no use with another login's cookie."""
    return f"{key}-{secrets.token_hex(16)}"


def login_of(session: str) -> str | None:
    """The key of the login that a session belongs to."""
    found = _SESSION.fullmatch(session)
    return found[1] if found else None


def current_login() -> str | None:
    """The key of the login for which code runs now: a callback of a page, or work that it started in a thread."""
    if (key := _ACTING.get()) is not None:
        return key
    panel = sys.modules.get("panel")
    document = panel.state.curdoc if panel else None
    context = document.session_context if document else None
    return login_of(str(context.id)) if context else None


def current_user() -> User | None:
    """The user for whom code runs now; None without a login."""
    key = current_login()
    return logins.user_of(key) if key else None


def user_name() -> str:
    """The name of the user of the current session; empty without a login."""
    user = current_user()
    return user.name if user is not None else ""


@contextlib.contextmanager
def acting(key: str | None) -> Iterator[None]:
    """Run the block for a login: a thread does not know whose session it works for."""
    token = _ACTING.set(key)
    try:
        yield
    finally:
        _ACTING.reset(token)


def refusal(action: str) -> str | None:
    """Why the current user may not do this; None where it is permitted."""
    if not users.login_required():
        return None
    user = current_user()
    if user is None:
        return f"no user is logged in here who may {action}; log in, and do it on a page"
    if user.role == "operator":
        return None
    return (
        f"{user.name!r} is a viewer, and may not {action}; an operator may "
        f"(`cqs users role {user.name} operator` on the server)"
    )


def read_only() -> bool:
    """Whether the current user cannot change anything; every page says so."""
    return permission.refusal("change anything") is not None


def operator_only(*controls: Any) -> None:
    """Disable controls for viewers for good. A courtesy: the work itself is refused where it starts."""
    if not read_only():
        return
    for control in controls:
        control.disabled = True
        control.param.watch(lambda event: event.obj.param.update(disabled=True), "disabled")  # whatever enables it
