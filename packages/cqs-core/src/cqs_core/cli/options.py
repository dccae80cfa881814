"""Options and output that all commands share: `--bucket`, `--json`, and one way to print."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cqs_core.cli.output import output, printing
from cqs_core.errors import CqsError

if TYPE_CHECKING:
    import os

    from cqs_core.bucket import Bucket

_F = TypeVar("_F", bound=Callable[..., Any])
_UNPRINTABLE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that JSON allows in strings and that control a terminal."""

bucket_option = click.option("--bucket", metavar="URL", help="Folder or fsspec URL (gs://name) instead of CQS_BUCKET.")


def _heard_json(_ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    """From now on, only `emit` prints on stdout."""
    if value and (now := output()):
        now.json_only = True
    return value


json_option = click.option(
    "--json", "as_json", is_flag=True, callback=_heard_json, help="Print JSON on stdout, and nothing else there."
)


_unused_bucket_option = click.option(
    "--bucket", metavar="URL", expose_value=False, help="Ignored: this command is about the machine, not a bucket."
)


def machine_options(function: _F) -> _F:
    """`--bucket`, which every command takes and this one has no use for, and `--json` as argument `as_json`."""
    return _unused_bucket_option(json_option(function))


def command_options(function: _F) -> _F:
    """`--bucket` and `--json`, as arguments `bucket` and `as_json`."""
    return bucket_option(json_option(function))


def open_bucket(
    option: Bucket | str | os.PathLike[str] | None = None, *, write: bool = False, create: bool = True
) -> Bucket:
    """The bucket that a command works on; to write, a missing local folder is created if its parent exists.

    Args:
        option: what `--bucket` says, or a bucket.
        write: whether the command does.
        create: whether a missing folder may be created; not for a command that continues with existing data.

    Raises:
        UsageError: it cannot be used so; nothing was written and no network was asked.
    """
    from cqs_core.bucket import Bucket
    from cqs_core.bucket.url import address_of
    from cqs_core.config.variables import bucket_url

    bucket = (
        option if isinstance(option, Bucket) else Bucket(bucket_url(None if option is None else address_of(option)))
    )
    bucket.check(write=write and create)
    if write and not create:
        bucket.check(write=True)
    return bucket


def emit(data: Any, as_json: bool, human: Callable[[], None]) -> None:
    """Print `data` as JSON, or let `human` print for people."""
    if not as_json:
        human()
        return
    text = json.dumps(plain(data), ensure_ascii=ascii_only(), allow_nan=False)
    _write(text.encode("utf-8", "backslashreplace").decode() + "\n")  # half characters of file names


def emit_array(objects: Iterable[Sequence[str]]) -> None:
    """Print a JSON array of objects that are JSON text already and come part by part."""
    between = "["
    for part in objects:
        if part:
            _write(between + ", ".join(part))
            between = ", "
    _write("]\n" if between == ", " else "[]\n")


def ascii_only() -> bool:
    """Whether standard output takes nothing but ASCII for certain."""
    encoding = sys.stdout.encoding if sys.stdout else None
    return (encoding or "").lower().replace("-", "") != "utf8"


def _write(text: str) -> None:
    if sys.stdout is None:
        raise CqsError("standard output is closed; the result was not printed")
    with printing():
        sys.stdout.write(_UNPRINTABLE.sub(_escaped, text))
        sys.stdout.flush()


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def plain(value: Any) -> Any:
    """The value as JSON can hold it: numpy numbers become Python's, NaN and infinities null."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
