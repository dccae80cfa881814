"""The users of this machine's dashboards: name, role, hash of the password.

They are in the user's data folder. Not in the bucket: anyone who may write there, such as a bot, could become an
operator, and anyone who may read there would have the hashes. Not in the state folder, which may be deleted: without
the file there is no login.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from cqs_core import UnknownName, UsageError, require_operator
from cqs_core.files import NewerFormat, data_folder, format_fields, require_format
from cqs_panel.login.passwords import hashed
from cqs_panel.login.private_files import alone, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Role = Literal["viewer", "operator"]
"""A viewer sees everything and changes nothing."""
ROLES: tuple[Role, ...] = get_args(Role)
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._+@-]{0,62}[a-z0-9])?")
_MOST = 1000
FORMAT = 1
_known: dict[Path, tuple[tuple[int, ...], dict[str, User]]] = {}
_reading = threading.Lock()


@dataclass(frozen=True)
class User:
    """One user.

    Attributes:
        name: lower case.
        role: `viewer` or `operator`.
        password: scrypt hash.
        since: changes with the password; logins from before are over.
    """

    name: str
    role: Role
    password: str = field(repr=False)
    since: str = field(repr=False)


def users_file() -> Path:
    """Where the users are."""
    return data_folder() / "users.json"


def login_required() -> bool:
    """Whether dashboards of this machine ask for a login: once there was a user, until the file is deleted."""
    return os.path.lexists(users_file())


def users() -> Mapping[str, User]:
    """All users by name.

    Raises:
        UsageError: the file cannot be read, is damaged, or others could read or change it. Then no one gets in.
    """
    path = users_file()
    try:
        status = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise UsageError(f"{str(path)!r} leads nowhere; remove the link, and add users again") from None
        return users() if login_required() else {}  # another process has just made it
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}); change that") from None
    stamp = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode)
    with _reading:
        if (known := _known.get(path)) is None or known[0] != stamp:
            known = _known[path] = stamp, _read(path, status.st_mode)
    return known[1]


def find(name: str) -> User | None:
    """The user of this name, however it is capitalized; None where the file cannot be read either."""
    try:
        return users().get(name.lower())
    except UsageError:
        return None


def existing(name: str) -> User:
    """The user of this name.

    Raises:
        UnknownName: there is none.
    """
    return _existing(name, users())


def check_new(name: str) -> str:
    """The name as it is stored.

    Raises:
        UsageError: it is not acceptable, or taken.
    """
    folded = _checked(name)
    if folded in users():
        raise UsageError(
            f"user {folded!r} exists; change it with `cqs users password` or `cqs users role`, or remove it"
        )
    return folded


def add(name: str, role: Role, password: str) -> User:
    """A new user.

    Raises:
        UsageError: the name or password is not acceptable, or there is such a user.
    """
    user = User(check_new(name), role, hashed(password), secrets.token_hex(8))
    with _changing(f"add user {user.name!r}") as known:
        check_new(name)  # another command may have been quicker
        if len(known) >= _MOST:
            raise UsageError(f"there are {_MOST:,} users already; remove some")
        known[user.name] = user
    return user


def remove(name: str) -> None:
    """Remove a user, whose logins end at once.

    Raises:
        UnknownName: there is none of this name.
    """
    with _changing(f"remove user {name!r}") as known:
        del known[_existing(name, known).name]


def set_password(name: str, password: str) -> None:
    """Give a user another password; the logins end at once.

    Raises:
        UnknownName: there is none of this name.
        UsageError: the password is not acceptable.
    """
    existing(name)
    new = hashed(password)
    with _changing(f"change the password of {name!r}") as known:
        user = _existing(name, known)
        known[user.name] = User(user.name, user.role, new, secrets.token_hex(8))


def set_role(name: str, role: Role) -> User:
    """Give a user another role, which counts at once, in open windows too.

    Raises:
        UnknownName: there is none of this name.
    """
    with _changing(f"change the role of {name!r}") as known:
        user = _existing(name, known)
        known[user.name] = changed = User(user.name, role, user.password, user.since)
    return changed


@contextlib.contextmanager
def _changing(action: str) -> Iterator[dict[str, User]]:
    """The users, to be changed in the block; they are written where it does not fail."""
    require_operator(action)
    path = users_file()
    with alone(path):
        known = dict(users())
        yield known
        rows = {name: asdict(user) for name, user in known.items()}
        write_private(path, format_fields("cqs-panel", FORMAT) | {"users": rows})


def _read(path: Path, mode: int) -> dict[str, User]:
    if os.name == "posix" and mode & 0o077:
        raise UsageError(f"{str(path)!r} is open to other users of this machine; run `chmod 600 {path}`")
    try:
        stored = json.loads(path.read_text("utf-8"))
        require_format(repr(str(path)), stored, FORMAT, "cqs-panel")
        rows = stored["users"]
        found = {name: _user(name, row) for name, row in rows.items()}
    except NewerFormat as error:
        raise UsageError(str(error)) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{str(path)!r} cannot be read ({error}); no one can log in. Restore it, or delete it and add users again"
        ) from None
    return found


def _user(name: str, row: dict[str, Any]) -> User:
    user = User(**row)
    if not all(isinstance(text, str) for text in row.values()) or user.name != name or user.role not in ROLES:
        raise ValueError("a name, role or hash is wrong")
    return user


def _checked(name: str) -> str:
    folded = name.lower()
    if not name.isascii() or not _NAME.fullmatch(folded):
        raise UsageError(
            f"{name[:80]!r} is not a user name; use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, `+`, `@`, with a letter or "
            "digit at both ends"
        )
    return folded


def _existing(name: str, known: Mapping[str, User]) -> User:
    if (user := known.get(name.lower())) is None:
        raise UnknownName("user", name[:80], known, remedy="add one: cqs users add NAME")
    return user
