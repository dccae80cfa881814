"""A bucket of Google Cloud Storage: every operation ends, and what is stored is what was sent."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import time
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from gcsfs.retry import ChecksumError

from cqs_core.bucket.credentials import gcs_token
from cqs_core.bucket.gcs_client import Repeated, RetryingGcs, request_timeout
from cqs_core.bucket.remote import RemoteStorage, Unanswered
from cqs_core.errors import BucketError, BucketUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AHEAD = 8 << 20  # bytes of one request when an object is read as a stream
_UPLOADS = 3


class GcsStorage(RemoteStorage):
    """Objects below `root`, `name` or `name/folder`.

    Args:
        root: without `gs://`.
        options: of gcsfs.
    """

    def __init__(self, root: str, options: dict[str, Any]) -> None:
        super().__init__(RetryingGcs(**options | {"token": gcs_token(options.get("token"))}), root)
        self._silent: tuple[float, str] | None = None

    def ask(self, verb: str, *args: Any, **options: Any) -> Any:
        """A verb of gcsfs; for a while after one was not answered, none is asked: many would wait one by one.

        Raises:
            Unanswered: it was not answered.
        """
        if self._silent and time.monotonic() < self._silent[0]:
            raise Unanswered(self._silent[1])
        with self._noting():
            return super().ask(verb, *args, **options)

    @contextlib.contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Unanswered as error:
            self._silent = time.monotonic() + request_timeout(), str(error)
            raise

    def read_some(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Many at once, absent ones left out."""
        with self._noting():  # of many, errors come as answers
            return super().read_some(keys)

    def exists(self, key: str) -> bool:
        """Uses `info`, because gcsfs's `isfile` also returns False if the server does not answer."""
        self.fs.invalidate_cache()
        try:
            return bool(self.ask("info", self.path(key))["type"] == "file")
        except FileNotFoundError:
            return False

    def open(self, key: str) -> BinaryIO:
        about = self.ask("info", self.path(key))
        if about["type"] != "file":
            raise FileNotFoundError(key)
        return io.BufferedReader(_Stream(self, key, about), _AHEAD)

    def write(self, key: str, data: bytes) -> None:
        for _ in range(_UPLOADS):
            try:
                self.ask("pipe_file", self.path(key), data, consistency="md5")
            except ChecksumError:
                continue
            return
        self._refuse_torn(key)

    def create(self, key: str, data: bytes) -> bool:
        for _ in range(_UPLOADS):
            try:
                self.ask("pipe_file", self.path(key), data, mode="create", consistency="md5")
            except Repeated:  # our own object, if an answer was lost
                return self.read(key) == data
            except FileExistsError:
                return False
            except ChecksumError:
                self.delete([key])
                continue
            return True
        return self._refuse_torn(key)

    def _refuse_torn(self, key: str) -> NoReturn:
        """An object of other bytes than its name promises would spoil whatever reads it."""
        self.delete([key])
        raise OSError("other bytes arrived than were sent; the object was removed, try again")

    def _refuse_missing(self) -> None:
        name = self.root.partition("/")[0]
        try:
            self.ask("call", "GET", "b/{}/o", name, maxResults=1)
        except FileNotFoundError:
            raise self._missing(name) from None


class _Stream(io.RawIOBase):
    """One version of an object, read range by range from its beginning to its end, and checked there."""

    def __init__(self, storage: GcsStorage, key: str, about: dict[str, Any]) -> None:
        super().__init__()
        self._storage, self._key = storage, key
        self._size, self._generation, self._at = int(about["size"]), about.get("generation"), 0
        self._md5, self._hash = about.get("md5Hash", ""), hashlib.md5(usedforsecurity=False)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data = self._part(end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _part(self, end: int) -> bytes:
        where = f"bucket 'gs://{self._storage.root}' failed at {self._key!r}"
        try:
            data: bytes = self._storage.ask(
                "cat_file", self._storage.path(self._key), start=self._at, end=end, generation=self._generation
            )
        except FileNotFoundError:
            raise BucketError(f"{where}: it was replaced or deleted while it was read; read it again") from None
        except Unanswered as error:
            raise BucketUnavailable(f"{where}: {error}") from error
        except Exception as error:
            raise BucketError(f"{where}: {' '.join(str(error).split())}") from error
        self._hash.update(data)
        if len(data) != end - self._at or (end == self._size and self._md5 not in ("", self._digest())):
            raise BucketError(f"{where}: the object came with other bytes than it has")
        return data

    def _digest(self) -> str:
        return base64.b64encode(self._hash.digest()).decode()
