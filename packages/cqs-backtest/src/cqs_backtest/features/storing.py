"""Features kept with a run: `features/{name}.parquet` in its folder, and a hash of each in its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_backtest.features.reading import NAME
from cqs_core import DataError
from cqs_core.files import parquet_bytes, parquet_table
from cqs_core.time.clock import iso
from cqs_core.trading import FeatureValues

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cqs_core import Bucket

FOLDER = "features"
_TIMES = ("ts", "known_at")


def described(features: Mapping[str, FeatureValues]) -> dict[str, dict[str, Any]]:
    """The entries of features in a manifest, by name."""
    return {
        name: {
            "known": one.known,
            "step": one.step,
            "source": one.source,
            "rows": len(one.ts),
            "first": iso(int(one.ts[0])),
            "last": iso(int(one.ts[-1])),
            "sha256": one.sha256(),
        }
        for name, one in features.items()
    }


def write(bucket: Bucket, folder: str, features: Mapping[str, FeatureValues], markets: Sequence[str]) -> None:
    """Store them in a run's folder."""
    import pyarrow as pa

    for name, one in features.items():
        stamps = {key: pa.array(getattr(one, key), pa.timestamp("ms", "UTC")) for key in _TIMES}
        columns = {"value": one.values} if one.values.ndim == 1 else dict(zip(markets, one.values.T, strict=True))
        table = pa.table(stamps | {key: pa.array(v) for key, v in columns.items()})
        bucket.write(f"{folder}/{FOLDER}/{name}.parquet", parquet_bytes(table))


def stored(bucket: Bucket, made: Mapping[str, Any]) -> dict[str, FeatureValues]:
    """Features of a kept run, by its manifest; empty for a run without any.

    Raises:
        DataError: one is gone, or not what the manifest says.
    """
    found = made.get("features", {})
    if not isinstance(found, dict) or not all(_is_described(name, about) for name, about in found.items()):
        raise DataError(f"runs/{made['id']}/manifest.json is damaged: its features cannot be read; make the run again")
    return {name: _one(bucket, f"runs/{made['id']}/{FOLDER}/{name}.parquet", about) for name, about in found.items()}


def _is_described(name: str, about: object) -> bool:
    """Whether a manifest says what it has to of a feature; a name never leads out of the folder."""
    if not NAME.fullmatch(name) or not isinstance(about, dict):
        return False
    texts = all(isinstance(about.get(key), str) for key in ("known", "source", "sha256"))
    return texts and isinstance(about.get("step"), int)


def _one(bucket: Bucket, key: str, about: Mapping[str, Any]) -> FeatureValues:
    data = bucket.read_many([key]).get(key)
    if data is None:
        raise DataError(f"{key} is gone; the run cannot be made again without it")
    table = parquet_table(data)
    if table.column_names[:2] != [*_TIMES] or len(table.column_names) < 3:
        raise DataError(f"{key} is damaged: it lacks times or values; make the run again")
    ts, known_at = (table[name].to_numpy().astype("datetime64[ms]").astype(np.int64) for name in _TIMES)
    rows = [table[name].to_numpy() for name in table.column_names if name not in _TIMES]
    values = np.stack(rows, axis=1)
    values = values.astype(str) if values.dtype == object else values.astype(np.float64)
    if table.column_names[2:] == ["value"]:
        values = np.ascontiguousarray(values[:, 0])
    found = FeatureValues(ts, known_at, values, str(about["known"]), int(about["step"]), str(about["source"]))
    if found.sha256() != about["sha256"]:
        raise DataError(f"{key} is not what the manifest says; the run cannot be made again from it")
    return found.sealed()
