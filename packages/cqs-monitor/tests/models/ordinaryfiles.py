"""What people keep in pickles, and all the ways in which picklers write it."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import io
import pickle
import uuid

import joblib
import numpy as np
import pandas as pd


def ordinary() -> dict[str, object]:
    loop: list = [1]
    loop.append((loop, loop))
    held: tuple = ([], 1, 2, 3, 4)
    held[0].append(held)
    frame = pd.DataFrame(
        {
            "number": [1.5, None, 2],
            "text": list("abc"),
            "day": pd.date_range("2024-01-01", periods=3, tz="Asia/Seoul"),
            "kind": pd.Categorical(list("aba")),
            "count": pd.array([1, None, 2], dtype="Int64"),
        }
    )
    return {
        "arrays": [np.arange(5), np.ones((2, 3), order="F"), np.array(["x", "yy"]), np.array([1, None], object)],
        "types": [
            np.zeros(2, [("a", "i4"), ("b", "f8", (2,))]),
            np.array(["2024"], "M8[D]"),
            np.arange(3, dtype=">i4"),
        ],
        "aligned": np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        "scalars": [np.float64(1), np.str_("abc"), np.datetime64("2024-01-01"), np.bool_(True), np.complex64(1)],
        "random": [np.random.default_rng(1), np.random.RandomState(1)],
        "functions": [np.log1p, np.mean, np.float64, np.dtype("f8"), np.ndarray],
        "records": [np.rec.array([(1, 2.0)], dtype=[("a", "i8"), ("b", "f8")]), np.ma.array([1, 2], mask=[0, 1])],
        "times": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.date(2024, 1, 1), dt.timedelta(1)],
        "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=1), 10**40, -1, 1e300, 1 + 2j],
        "holders": [collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.deque([1], 3)],
        "sets": [{1, 2}, frozenset([1]), set(), collections.Counter("aab"), range(3), slice(1, 2), ...],
        "bytes": [b"abc", bytearray(b"abc"), b"", bytearray(), "é\n\\x", "x" * 70_000, b"y" * 70_000],
        "itself": [loop, held],
        "frame": frame,
        "index": [frame.set_index(["number", "text"]), pd.period_range("2024", "2025", freq="M"), pd.NaT, pd.NA],
        "stamps": [pd.Timestamp("2024-01-01", tz="UTC"), pd.Timedelta("1D"), pd.interval_range(0, 5)],
    }


def dumps(value: object):
    """The value as picklers write it: all protocols, with and without joblib, and joblib's compressions."""
    for protocol in range(6):
        yield f"pickle {protocol}", pickle.dumps(value, protocol)
        yield f"joblib {protocol}", _joblib(value, protocol=protocol)
    for compress in ("zlib", "gzip", "bz2", "xz", "lzma"):
        yield compress, _joblib(value, compress=(compress, 3))


def _joblib(value: object, **options) -> bytes:
    file = io.BytesIO()
    joblib.dump(value, file, **options)
    return file.getvalue()
