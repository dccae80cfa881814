"""Names of account folders that say whose copy they are: `Main/Main`, `Main.bak`, `backup/Main`, `Main (1)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BACKUP = re.compile(
    r"(?i)backup|(?<![a-z])(bak|old|copy|copies|archived?|tmp|temp|orig|snapshot)(?![a-z])|~$|\s\(\d+\)$|사본|백업"
)
_APART = re.compile(r"[._\-~ ()]+")


def is_backup(name: str) -> bool:
    """Whether a folder is called a copy of something.

    >>> [is_backup(name) for name in ("Main.bak", "backup_2025", "Main (1)", "Main", "Bakery")]
    [True, True, True, False, False]
    """
    return _BACKUP.search(name) is not None


def by_likelihood(name: str) -> tuple[bool, int, int, str]:
    """A key that sorts originals before their copies."""
    return is_backup(name), name.count("/"), len(name), name


def originals(name: str) -> set[str]:
    """Accounts of which a folder with this name may be a copy.

    >>> sorted(originals("Main/Main.bak"))
    ['Main', 'Main.bak', 'bak']
    """
    return {found for found in _parts(name) if found and found != name}


def _parts(name: str) -> Iterator[str]:
    folders = name.split("/")
    for at in range(len(folders)):
        yield "/".join(folders[:at])
        yield "/".join(folders[at:])
        yield folders[at]
        for apart in _APART.finditer(folders[at]):
            yield folders[at][: apart.start()]
            yield folders[at][apart.end() :]
