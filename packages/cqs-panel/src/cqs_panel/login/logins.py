"""Browsers that are logged in.

A browser has a random token in a signed cookie. The server has a file for each login, whose name is a hash of the
token: a cookie that was copied is of no use after the logout, and the files are of no use without a cookie. All
processes of a server read the same files. They are in the state folder: deleting it logs everybody out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import shutil
import time
from collections import Counter
from typing import TYPE_CHECKING

from cqs_core.files import NewerFormat, format_fields, require_format, state_folder
from cqs_panel.login.private_files import alone, write_private
from cqs_panel.login.users import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cqs_panel.login.users import User

FORMAT = 1
COOKIE = "cqs_login"
DAYS = 7.0
"""How long a login lasts."""
_MOST = 20  # logins of one user; the oldest make way
_KEY = re.compile(r"[0-9a-f]{40}")


def start(user: User) -> str:
    """Log a browser in; the value of its cookie."""
    from tornado.web import create_signed_value

    token = secrets.token_urlsafe(32)
    _make_way(user)
    about = format_fields("cqs-panel", FORMAT) | {"user": user.name, "since": user.since, "at": time.time()}
    write_private(_file(_key_of(token)), about)
    return create_signed_value(secret(), COOKIE, token).decode()


def key_of(cookie: str | None) -> str | None:
    """The key of the login that a cookie proves; None where it proves none."""
    from tornado.web import decode_signed_value

    token = decode_signed_value(secret(), COOKIE, cookie, max_age_days=DAYS, min_version=2) if cookie else None
    key = _key_of(token.decode()) if token else None
    return key if key and user_of(key) else None


def user_of(key: str) -> User | None:
    """Whose login it is, as the users are now; None where it has ended, or a newer version keeps it."""
    try:
        found = json.loads(_file(key).read_text("utf-8"))
        require_format(repr(key), found, FORMAT, "cqs-panel")
        user = find(found["user"])
        lasts = 0 <= time.time() - found["at"] + 60 < 86_400 * DAYS + 60  # a clock may be set back a little
    except (OSError, NewerFormat, ValueError, KeyError, TypeError, AttributeError):
        return None
    return user if lasts and user is not None and user.since == found["since"] else None


def end(key: str) -> None:
    """Log a browser out, with all its windows."""
    _file(key).unlink(missing_ok=True)


def end_all() -> int:
    """Log everybody out, and make a new secret; returns how many logins there were."""
    ended = sum(1 for _ in _files())
    with alone(_folder() / "secret"):
        shutil.rmtree(_folder() / "logins", ignore_errors=True)
        write_private(_folder() / "secret", secrets.token_hex(32))
    return ended


def counted() -> Counter[str]:
    """How many logins each user has."""
    return Counter(user.name for path in _files() if (user := user_of(path.stem)))


def secret() -> str:
    """What signs cookies: the same in all processes, made when it is first needed.

    Raises:
        UsageError: it cannot be read or written.
    """
    path = _folder() / "secret"
    for _ in range(2):
        with contextlib.suppress(OSError, ValueError):
            if isinstance(kept := json.loads(path.read_text("utf-8")), str) and len(kept) >= 64:
                return kept
        with alone(path):
            if not path.exists() or path.stat().st_size == 0:
                write_private(path, secrets.token_hex(32))
    write_private(path, made := secrets.token_hex(32))  # it was damaged: all cookies are void
    return made


def _key_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:40]


def _folder() -> Path:
    return state_folder() / "login"


def _file(key: str) -> Path:
    return _folder() / "logins" / f"{key}.json"


def _files() -> Iterator[Path]:
    folder = _folder() / "logins"
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if _KEY.fullmatch(path.stem))


def _make_way(user: User) -> None:
    """Remove what has ended, and the oldest logins of a user who has too many."""
    own: list[tuple[float, Path]] = []
    for path in _files():
        whose = user_of(path.stem)
        with contextlib.suppress(OSError):
            if whose is None:
                path.unlink()
            elif whose.name == user.name:
                own.append((path.stat().st_mtime, path))
    for _, path in sorted(own)[: max(0, len(own) - _MOST + 1)]:
        path.unlink(missing_ok=True)
