"""Bytes of log files out of a bucket: many small ones at once, large ones as streams."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from cqs_core import CqsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cqs_core import Bucket
    from cqs_monitor.logs.layout import LogFile
    from cqs_monitor.logs.problems import Findings

LARGE = 16 << 20
"""Bytes from which an object is read as a stream."""

_BUFFER = 1 << 19  # bytes

_TOGETHER = 256
"""Objects that are fetched at once."""


def sources(bucket: Bucket, files: Sequence[LogFile], findings: Findings) -> Iterator[tuple[LogFile, BinaryIO]]:
    """Each file with its bytes, in order; one that is gone is left out, one that cannot be read is reported."""
    for batch in _batches(files):
        small = {} if bucket.local else _fetched(bucket, batch)
        for file in batch:
            stream = small.get(file.key) or _opened(bucket, file, findings)
            if stream is None:
                continue
            with stream:
                yield file, stream


def _batches(files: Sequence[LogFile]) -> Iterator[Sequence[LogFile]]:
    for at in range(0, len(files), _TOGETHER):
        yield files[at : at + _TOGETHER]


def _fetched(bucket: Bucket, batch: Iterable[LogFile]) -> dict[str, BinaryIO]:
    keys = [file.key for file in batch if file.size < LARGE]
    try:
        return {key: io.BytesIO(data) for key, data in (bucket.read_many(keys) if keys else {}).items()}
    except CqsError:  # one of them is at fault: each alone, so that the others are read
        return {}


def _opened(bucket: Bucket, file: LogFile, findings: Findings) -> BinaryIO | None:
    try:
        stream = bucket.open(file.key)
        if file.size >= LARGE:
            return io.BufferedReader(_Guarded(stream, lambda error: findings.fail(file.key, error)), _BUFFER)
        with stream:
            return io.BytesIO(stream.read())
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - disks and drivers of storages raise what they like
        findings.fail(file.key, error)
        return None


class _Guarded(io.RawIOBase):
    """A stream that ends where it fails, and reports it: one bad file must not hide the others."""

    def __init__(self, stream: BinaryIO, failed: Callable[[Exception], None]) -> None:
        super().__init__()
        self._stream, self._failed = stream, failed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(error)
            return 0
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()
