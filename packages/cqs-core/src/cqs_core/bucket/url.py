"""Parses the URL of a bucket, and refuses what cannot be meant."""

from __future__ import annotations

import os
from pathlib import Path

from cqs_core.bucket.credentials import gcs_options
from cqs_core.errors import UsageError
from cqs_core.files.plaintext import masked

LOCAL = ("", "file", "local")
GCS = ("gs://", "gcs://")
_NO_STORES = ("http", "https", "data")  # fsspec speaks them, but nothing can be written or listed there


def address_of(given: object) -> str:
    """A bucket's folder or URL as text.

    Raises:
        UsageError: it is neither text nor a path.
    """
    if isinstance(given, str | os.PathLike):
        return str(os.fspath(given))
    raise UsageError(f"{given!r} is not a bucket; name a folder or gs://name, as text, or give a cqs_core.Bucket")


def split_url(url: str) -> tuple[str, str]:
    """Protocol and the rest; a bare path has the protocol ''.

    >>> split_url("gs://candles"), split_url("/var/candles")
    (('gs', 'candles'), ('', '/var/candles'))

    Raises:
        UsageError: it is empty, or a mistyped `gs:name`.
    """
    if not url.strip():
        raise UsageError(f"bucket {url!r} is empty; name a folder or gs://name")
    protocol, mark, path = url.partition("://")
    if mark:
        return protocol, path
    protocol, mark, name = url.partition(":")
    if mark and f"{protocol}://" in GCS:
        raise UsageError(f"bucket {url!r} has no slashes; write {protocol}://{name.strip('/')}")
    return "", url


def local_folder(path: str) -> Path:
    """The folder, absolute, `~` and links followed.

    Raises:
        UsageError: no folder can be called that.
    """
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # too long, circular links, an unknown ~user, a NUL
        raise UsageError(f"bucket {path!r} is not a folder ({error}); name another") from None


def check_protocol(protocol: str, path: str) -> None:
    """Whether a remote bucket can be asked, found out without asking.

    Raises:
        UsageError: an unknown protocol, one whose library is missing, no name, or no credentials.
    """
    from fsspec import get_filesystem_class
    from fsspec.registry import available_protocols

    url = masked(f"{protocol}://{path}")
    if protocol not in available_protocols() or protocol in _NO_STORES:
        raise UsageError(
            f"bucket {url!r} has a protocol that is unknown or no storage, {protocol!r}; use a folder or gs://name"
        )
    if not path.strip("/"):
        raise UsageError(f"bucket {url!r} has no name; write {protocol}://name")
    if f"{protocol}://" in GCS:
        gcs_options()
        return
    try:
        get_filesystem_class(protocol)
    except ImportError as error:
        raise UsageError(f"bucket {url!r} needs a library that is not installed; {error}") from None
