"""Names under which the dashboard may be asked.

A web page can let its own name point to 127.0.0.1 (DNS rebinding). The browser then treats the dashboard as part of
that page; only the name in the `Host` header distinguishes the two.
"""

from __future__ import annotations

import ipaddress
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

INSECURE = "CQS_INSECURE"
"""Variable that lets a server start sessions for other machines; `--insecure` by another name."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::(\d{1,5}))?")
_DEFAULT_PORTS = (None, "80", "443")


def insecure() -> bool:
    """Whether the user accepted that other machines reach a dashboard without a login."""
    return os.environ.get(INSECURE, "").strip().lower() in ("1", "true", "yes", "on")


def is_loopback(name: str) -> bool:
    """Whether a name or an IP address always means this machine.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def permitted(host: str, allowed: Collection[str] = (), own: str | None = None) -> bool:
    """Whether a `Host` header may ask.

    Args:
        host: as it was sent, `localhost:5006`.
        allowed: names that the user gave: `name` means any port, `name:port` that port; wildcards mean nothing here.
        own: the address that the request came in on, where the user lets other machines ask.

    >>> permitted("localhost:5006"), permitted("evil.example:5006"), permitted("[::1]:5006")
    (True, False, True)
    >>> permitted("dashboard.example", ["dashboard.example:443"])
    True
    """
    found = _HOST.fullmatch(host.strip().lower())
    if found is None:
        return False
    name, port = found[1].strip("[]"), found[2]
    if is_loopback(name) or (own is not None and name == own):
        return True
    return any(_matches(name, port, one.strip().lower()) for one in allowed)


def _matches(name: str, port: str | None, allowed: str) -> bool:
    found = _HOST.fullmatch(allowed)
    if found is None or found[1].strip("[]") != name:
        return False
    return found[2] is None or found[2] == port or {found[2], port} <= set(_DEFAULT_PORTS)
