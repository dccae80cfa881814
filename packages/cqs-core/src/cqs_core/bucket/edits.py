"""Small things that several windows edit: each edit is a new object `{folder}/{number}.json`.

It is created only where no other edit has that number. So edits come one after the other, none is lost, and older ones
stay readable. The newest one that can be read counts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from cqs_core.errors import BucketError, CqsError, DataError
from cqs_core.files.formats import NewerFormat, require_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cqs_core.bucket.bucket import Bucket

_T = TypeVar("_T")
_M = TypeVar("_M", bound=BaseModel)
_KEY = re.compile(r"(.+)/\d{6}\.json")
_PATIENCE = 20  # edits of others between reading and writing


def edits_by_folder(keys: Iterable[str]) -> dict[str, list[str]]:
    """Keys of edits, by the folder that they are in; other keys are left out."""
    found: dict[str, list[str]] = {}
    for key in keys:
        if match := _KEY.fullmatch(key):
            found.setdefault(match[1], []).append(key)
    return found


def edits_in(bucket: Bucket, folder: str) -> Sequence[str]:
    """Keys of the edits in a folder."""
    return edits_by_folder(entry.key for entry in bucket.list(folder)).get(folder, [])


def newest_edit(
    bucket: Bucket,
    keys: Sequence[str],
    parse: Callable[[str, bytes], _T],
    read: Mapping[str, bytes] | None = None,
    *,
    refuse_newer: bool = False,
) -> tuple[_T | None, CqsError | None]:
    """The newest edit that can be read, if one can, and why the newest one cannot, if it cannot.

    Args:
        bucket: that keeps them.
        keys: of the edits.
        parse: makes a value of key and bytes, or raises DataError or NewerFormat.
        read: objects that are read already.
        refuse_newer: raise NewerFormat instead of going on with an older edit.
    """
    known = read or {}
    fault: CqsError | None = None
    for key in sorted(keys, reverse=True):
        try:
            return parse(key, known[key] if key in known else bucket.read(key)), fault
        except FileNotFoundError:
            continue
        except (DataError, NewerFormat) as error:
            if refuse_newer and isinstance(error, NewerFormat):
                raise
            fault = fault or error
    return None, fault


def edited(
    bucket: Bucket,
    folder: str,
    parse: Callable[[str, bytes], _T],
    first: _T,
    change: Callable[[_T], _T],
    fields: Callable[[_T], Mapping[str, Any]],
) -> _T:
    """Keep one more edit, unless it changes nothing.

    Args:
        bucket: that keeps it.
        folder: of the edits.
        parse: as for `newest_edit`.
        first: the value where there is no edit, or none that can be read.
        change: gives the new value for the current one, or raises. Called again if another edit came first.
        fields: of the stored JSON.

    Returns:
        The value as it is kept now.

    Raises:
        NewerFormat: a newer version wrote the current one.
        BucketError: others edit it all the time.
    """
    for _ in range(_PATIENCE):
        keys = edits_in(bucket, folder)
        found, fault = newest_edit(bucket, keys, parse, refuse_newer=True)
        current = first if found is None else found
        wanted = change(current)
        if wanted == current and fault is None:
            return wanted
        number = int(max(keys)[-11:-5]) + 1 if keys else 1
        if keep_edit(bucket, folder, number, fields(wanted)):
            return wanted
    raise BucketError(f"{folder!r} is being edited by others all the time; try again")


def keep_edit(bucket: Bucket, folder: str, number: int, fields: Mapping[str, Any]) -> bool:
    """Store an edit if there is none with this number, 1 for the first; whether it did."""
    return bucket.create(f"{folder}/{number:06}.json", json.dumps(fields, indent=1).encode())


def parsed_edit(key: str, data: bytes, shape: type[_M], newest: int, package: str, remedy: str) -> _M:
    """The fields of an edit, checked.

    Args:
        key: of the object, for the message.
        data: its bytes.
        shape: of the fields.
        newest: the newest format that this version reads.
        package: that reads it.
        remedy: what to do where it is damaged.

    Raises:
        NewerFormat: a newer version wrote it.
        DataError: it is damaged.
    """
    try:
        made = json.loads(data)
        if isinstance(made, dict):
            require_format(key, made, newest, package)
        return shape.model_validate(made)
    except DataError:
        raise
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "all of it"
        raise DataError(f"{key} is damaged at {where}; {remedy}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{key} is damaged; {remedy}") from None
