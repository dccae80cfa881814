"""Which models the user trusts: sha256 sums in the user's own data folder, never in the bucket."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cqs_core import UnknownName, UsageError, require_operator
from cqs_core.files import data_folder, format_fields, require_format, write_json
from cqs_core.time.clock import iso, now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cqs_monitor.models.registry import Model

FORMAT = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


def trusted() -> Mapping[str, Mapping[str, Any]]:
    """`{sha256: {"version", "since", "unusual"}}`; `unusual` where its unusual imports were accepted."""
    try:
        value = json.loads(_file().read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(_file())!r} cannot be read ({error}); delete it, and trust models again") from None
    if not isinstance(value, dict):
        return {}
    require_format(repr(str(_file())), value, FORMAT, "cqs-monitor")
    return {sha256: about for sha256, about in value.items() if _SHA256.fullmatch(sha256)}


def trust(rows: Sequence[Model], sha256: str, *, unusual: bool = False) -> Model:
    """Trust the model with this hash.

    Args:
        rows: models of the bucket.
        sha256: of the model's bytes.
        unusual: accept imports that the usual packages of machine learning do not make.

    Raises:
        UsageError: no hash, or a model that is dangerous, was not read whole, or imports unusual code unaccepted.
        UnknownName: no model of the bucket has it.
    """
    wanted = _checked(sha256)
    found = next((row for row in rows if row.sha256 == wanted), None)
    if found is None:
        raise UnknownName(
            "sha256", sha256, [row.sha256 for row in rows if row.sha256], remedy="`cqs models list` shows them"
        )
    check_loadable(found, unusual=unusual)
    _write({**trusted(), wanted: {"version": found.version, "since": iso(now()), "unusual": unusual}})
    return found


def check_loadable(row: Model, *, unusual: bool) -> None:
    """Whether a model may be loaded by those who trust it.

    Raises:
        UsageError: it may not; the message says why.
    """
    seen = row.inspection
    if seen is None or seen.verdict == "dangerous":
        reaches = ", ".join(seen.dangerous[:3]) if seen else "something unreadable"
        raise UsageError(
            f"model {row.version!r} is dangerous (it reaches for {reaches}); it is never loaded, trusted or not"
        )
    if seen.problem or seen.oddities:
        why = seen.problem or "; ".join(seen.oddities)
        raise UsageError(f"model {row.version!r} could not be inspected whole ({why}); it is never loaded")
    if seen.verdict == "imports unusual code" and not unusual:
        raise UsageError(
            f"model {row.version!r} imports unusual code ({', '.join(seen.unusual[:5])}), which may do anything. "
            f"If you know what it does: cqs models trust {row.sha256} --unusual-code"
        )


def distrust(sha256: str) -> None:
    """Take trust back.

    Raises:
        UnknownName: it was not trusted.
    """
    known = dict(trusted())
    if known.pop(_checked(sha256), None) is None:
        raise UnknownName("trusted sha256", sha256, known, remedy="no model is trusted")
    _write(known)


def _checked(sha256: str) -> str:
    folded = sha256.strip().lower()
    if not _SHA256.fullmatch(folded):
        raise UsageError(f"{sha256!r} is not a sha256: 64 hexadecimal digits, as `cqs models list --json` prints them")
    return folded


def _file() -> Path:
    return data_folder() / "trusted-models.json"


def _write(known: Mapping[str, Any]) -> None:
    require_operator("change which models are trusted")
    write_json(_file(), format_fields("cqs-monitor", FORMAT) | dict(known), mode=0o600)
