"""Kinds of damage to an object of a lake in a local folder, by name: each either changes nothing or must be noticed."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cqs_core.lake.object_names import object_name, parse_object

if TYPE_CHECKING:
    import pyarrow as pa

Damage = Callable[[Path, Path], object]
"""Does it to an object; the second path is an object of another series."""

_MAGIC = b"PAR1"
_COLUMNS = ("ts", "open", "high", "low", "close", "volume", "seq")


def kinds() -> dict[str, Damage]:
    """All of them."""
    found: dict[str, Damage] = {}
    for family in (_cuts, _bits, _foreign, _rewritten, _renamed, _moved, _gone):
        for name, damage in family():
            found[f"{family.__name__.removeprefix('_')}: {name}"] = damage
    return found


def flip(path: Path, rng: random.Random, low: int = 0, high: int | None = None) -> None:
    """One bit of the bytes `[low, high)`."""
    data = bytearray(path.read_bytes())
    data[rng.randrange(low, len(data) if high is None else high)] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(data))


def _bytes(change: Callable[[bytes], bytes]) -> Damage:
    return lambda path, _: path.write_bytes(change(path.read_bytes()))


def _cuts() -> Iterator[tuple[str, Damage]]:
    yield "nothing left", _bytes(lambda _: b"")
    yield "one byte left", _bytes(lambda d: d[:1])
    yield "half left", _bytes(lambda d: d[: len(d) // 2])
    yield "last byte lost", _bytes(lambda d: d[:-1])
    yield "last eight bytes lost", _bytes(lambda d: d[:-8])
    yield "first byte lost", _bytes(lambda d: d[1:])
    yield "head lost", _bytes(lambda d: d[4:])
    yield "footer alone left", _bytes(lambda d: _MAGIC + d[-(int.from_bytes(d[-8:-4], "little") + 8) :])
    yield "middle lost", _bytes(lambda d: d[: len(d) // 3] + d[len(d) // 2 :])
    yield "zeros after it", _bytes(lambda d: d + bytes(100))
    yield "itself after it", _bytes(lambda d: d + d)
    yield "zeros instead", _bytes(lambda d: bytes(len(d)))
    yield "a block of zeros inside", _bytes(lambda d: d[:64] + bytes(256) + d[320:])


def _bits() -> Iterator[tuple[str, Damage]]:
    places: dict[str, Callable[[bytes], int]] = {
        "first magic": lambda _: 1,
        "last magic": lambda d: len(d) - 2,
        "length of the footer, low": lambda d: len(d) - 8,
        "length of the footer, high": lambda d: len(d) - 5,
        "first of the footer": lambda d: len(d) - 8 - int.from_bytes(d[-8:-4], "little"),
        "middle of the footer": lambda d: len(d) - 8 - int.from_bytes(d[-8:-4], "little") // 2,
        "last of the footer": lambda d: len(d) - 9,
    }
    for name, place in places.items():
        yield name, _bytes(partial(_flipped, place=place))
    for number, column in enumerate(_COLUMNS):
        yield f"page header of {column}", _bytes(partial(_flipped, place=partial(_in_column, number, 0.1)))
        yield f"page of {column}", _bytes(partial(_flipped, place=partial(_in_column, number, 0.8)))
    yield "a bit, times kept", _quietly


def _flipped(data: bytes, place: Callable[[bytes], int]) -> bytes:
    at = place(data)
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]


def _in_column(number: int, share: float, data: bytes) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    chunk = pq.read_metadata(pa.BufferReader(data)).row_group(0).column(number)
    return int(chunk.data_page_offset + share * chunk.total_compressed_size)


def _quietly(path: Path, _: Path) -> None:
    """As a disk does, or a program that restores the times of a file."""
    seen = path.stat()
    flip(path, random.Random(3), 8)  # noqa: S311 - repeatable
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _foreign() -> Iterator[tuple[str, Damage]]:
    yield "text", _bytes(lambda _: b"not a parquet file\n" * 20)
    yield "json", _bytes(lambda _: b'{"error": "not found"}')
    yield "another series' object in its place", lambda path, other: shutil.copyfile(other, path)
    yield "a folder in its place", lambda path, _: _replaced(path).mkdir()
    yield "a link to nowhere", lambda path, _: _replaced(path).symlink_to(path.with_name("nowhere"))
    yield "a link to another series' object", lambda path, other: _replaced(path).symlink_to(other)


def _replaced(path: Path) -> Path:
    path.unlink()
    return path


def _rewritten() -> Iterator[tuple[str, Damage]]:
    """As a program would that reads and writes parquet; `hashed` ones have a name that is true of their bytes."""
    changes: dict[str, Callable[[pa.Table], Any]] = {
        "rows doubled": lambda t: _joined(t, t),
        "rows reversed": lambda t: t.take(list(range(len(t) - 1, -1, -1))),
        "a row less": lambda t: t.slice(1),
        "no rows": lambda t: t.slice(0, 0),
        "a price changed": _with_price,
        "a column less": lambda t: t.drop_columns(["seq"]),
        "no ts": lambda t: t.drop_columns(["ts"]),
        "a column more": lambda t: t.append_column("note", t["close"]),
        "columns named otherwise": lambda t: t.rename_columns([f"x{name}" for name in t.column_names]),
        "prices as text": lambda t: t.set_column(4, "close", t["close"].cast("string")),
        "ts as numbers": lambda t: t.set_column(0, "ts", t["ts"].cast("int64")),
        "another order of columns": lambda t: t.select(list(reversed(t.column_names))),
    }
    for name, change in changes.items():
        yield name, partial(_rewrite, change, hashed=False)
        yield f"{name}, hashed", partial(_rewrite, change, hashed=True)
    yield "the same rows, otherwise compressed", partial(_rewrite, lambda t: t, hashed=False)


def _joined(*tables: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables(tables)


def _with_price(table: pa.Table) -> pa.Table:
    import pyarrow as pa

    close = table["close"].to_numpy().copy()
    close[len(close) // 2] *= 1.01
    return table.set_column(4, "close", pa.array(close))


def _rewrite(change: Callable[[pa.Table], pa.Table], path: Path, _: Path, *, hashed: bool) -> None:
    import pyarrow.parquet as pq

    from cqs_core.bucket.cache import digest

    changed = change(pq.read_table(path, partitioning=None))
    pq.write_table(changed, path, compression="snappy")
    item = parse_object(path.name)
    if hashed and item:
        named = item._replace(rows=len(changed), hash=digest(path.read_bytes()))
        path.rename(path.with_name(object_name(named)))


def _renamed() -> Iterator[tuple[str, Damage]]:
    hour = 3_600_000
    changes: dict[str, Callable[[Any], dict[str, Any]]] = {
        "an earlier start": lambda o: {"start": o.start - 5 * hour},
        "a later end": lambda o: {"end": o.end + 5 * hour},
        "a shorter range": lambda o: {"end": o.last},
        "an earlier first candle": lambda o: {"first": o.first - hour, "start": o.start - hour},
        "a later last candle": lambda o: {"last": o.last + hour, "end": o.end + hour},
        "all a year later": lambda o: {
            name: getattr(o, name) + 8760 * hour for name in ("start", "end", "first", "last")
        },
        "more rows": lambda o: {"rows": o.rows + 1},
        "no rows": lambda _: {"rows": 0},
        "a newer ingest": lambda o: {"seq": o.seq + 1000},
        "an older ingest": lambda o: {"seq": o.seq - 1000},
        "another source": lambda _: {"source": "import"},
        "another hash": lambda _: {"hash": "0123456789abcdef"},
        "half a hash": lambda o: {"hash": o.hash[:8]},
    }
    for name, change in changes.items():
        yield name, partial(_rename, change)
    yield "no name of ours", lambda path, _: path.rename(path.with_name("candles.parquet"))
    yield "a backup's", lambda path, _: path.rename(path.with_name(f"{path.name}.bak"))
    yield "a hidden one", lambda path, _: path.rename(path.with_name(f".{path.name}.tmp"))


def _rename(change: Callable[[Any], dict[str, Any]], path: Path, _: Path) -> None:
    item = parse_object(path.name)
    assert item is not None
    path.rename(path.with_name(object_name(item._replace(**change(item)))))


def _moved() -> Iterator[tuple[str, Damage]]:
    yield "into another series", lambda path, other: path.rename(other.with_name(path.name))
    yield "copied into another series", lambda path, other: shutil.copy2(path, other.with_name(path.name))
    yield "out of its series", lambda path, _: path.rename(path.parents[1] / path.name)
    yield "swapped with another series'", _swap
    yield "swapped within its series", lambda path, _: _swap(path, next(p for p in _siblings(path) if p != path))


def _swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _siblings(path: Path) -> list[Path]:
    return sorted(path.parent.glob("[!_]*.parquet"))


def _gone() -> Iterator[tuple[str, Damage]]:
    yield "deleted", lambda path, _: path.unlink()
    yield "the first deleted", lambda path, _: _delete(_siblings(path)[:1])
    yield "the last deleted", lambda path, _: _delete(_siblings(path)[-1:])
    yield "all deleted", lambda path, _: _delete(_siblings(path))
    yield "all but it deleted", lambda path, _: _delete(one for one in _siblings(path) if one != path)
    yield "every second deleted", lambda path, _: _delete(_siblings(path)[::2])


def _delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink()
