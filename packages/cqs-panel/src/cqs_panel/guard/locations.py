"""The address of a page as Panel's `Location` has it: Panel's own reading fails on `[::1]:5006` and on a second `?`."""

from __future__ import annotations

from urllib.parse import urlsplit

import panel.io.location


def install() -> None:
    """Let every session read its address this way."""
    panel.io.location._get_location_params = parts  # noqa: SLF001 - there is no other way in


def parts(protocol: str | None, host: str | None, uri: str | None) -> dict[str, str]:
    """The parts of an address, as `window.location` names them.

    >>> parts("http", "[::1]:5006", "/?view=data&note=a?b")["search"]
    '?view=data&note=a?b'
    >>> parts("http", "[::1]:5006", "/")["port"]
    '5006'
    """
    name, colon, port = (host or "").rpartition(":")
    if not colon or port.endswith("]"):
        name, port = host or "", ""
    asked = urlsplit(uri or "")
    found = {
        "protocol": f"{protocol}:" if protocol else "",
        "hostname": name,
        "port": port,
        "pathname": asked.path,
        "search": f"?{asked.query}" if asked.query else "",
        "hash": f"#{asked.fragment}" if asked.fragment else "",
    }
    href = f"{found['protocol']}//{host or ''}{found['pathname']}{found['search']}{found['hash']}"
    return {key: value for key, value in (found | {"href": href}).items() if value}
