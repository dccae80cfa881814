"""Results of tests of a kept run, beside the run: `runs/{id}/validation/{kind}.json`, the newest of each kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cqs_backtest.metrics.conventions import is_current, versions_of_metrics
from cqs_backtest.runs.store import FOLDER
from cqs_backtest.search.folder import json_object
from cqs_core import DataError
from cqs_core.cli import plain
from cqs_core.files import format_fields, require_format
from cqs_core.time.clock import iso, now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cqs_core import Bucket

FORMAT = 1
VALIDATIONS = ("montecarlo", "permute", "stress")


def keep_validation(bucket: Bucket, kind: str, found: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Store a result in place of an earlier one of its kind.

    Args:
        bucket: that keeps the run.
        kind: one of `VALIDATIONS`.
        found: the result, with the id of its run; what JSON cannot hold is null.
        options: with which it was made.
    """
    made = {"created": iso(now()), **format_fields("cqs-backtest", FORMAT), "options": dict(options)}
    made |= {"metrics": versions_of_metrics(), **found}
    bucket.write(_key(str(found["run"]), kind), json.dumps(plain(made), ensure_ascii=False, indent=1).encode())


def validations(bucket: Bucket, run: str) -> dict[str, dict[str, Any]]:
    """The stored results of a run by kind, unknown numbers as None.

    What is damaged, or was computed by other formulas, is left out: it can be made again.

    Args:
        bucket: that keeps the run.
        run: its whole id.

    Raises:
        NewerFormat: a newer version wrote one.
    """
    keys = {_key(run, kind): kind for kind in VALIDATIONS}
    read = {keys[key]: _readable(key, data) for key, data in bucket.read_many(list(keys)).items()}
    return {kind: made for kind, made in read.items() if made is not None and "run" in made and is_current(made)}


def _readable(key: str, data: bytes) -> dict[str, Any] | None:
    made = json_object(data)
    try:
        require_format(repr(key), made or {}, FORMAT, "cqs-backtest")
    except DataError:
        return None
    return made


def _key(run: str, kind: str) -> str:
    return f"{FOLDER}/{run}/validation/{kind}.json"
