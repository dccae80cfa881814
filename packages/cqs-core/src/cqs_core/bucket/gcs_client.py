"""gcsfs whose every request ends: with an answer that is whole, or soon with why there is none.

gcsfs has no deadlines, retries a hung request forever, and logs tracebacks. So its innermost
request is replaced here; what is built on it (listing, uploading in parts, URLs) is that of gcsfs.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import hashlib
import io
import json as js
import logging
import random
from typing import TYPE_CHECKING, Any

import aiohttp
import requests
from gcsfs.core import GCSFileSystem
from gcsfs.retry import ChecksumError, HttpError, is_retriable, validate_response
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from cqs_core.bucket.remote import Unanswered
from cqs_core.errors import UsageError
from cqs_core.files.env_file import variable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

TIMEOUT = 15.0
"""Seconds without progress after which a request has failed; it is asked again for a little longer than that."""

_PROGRESS = 16 << 10  # bytes that are progress: one byte a second is none
_PIECE = 256 << 10  # bytes of an upload that are sent at once
_REFRESH_AHEAD = 300  # seconds before its end at which a token is renewed
_PASSING = (
    TimeoutError,
    aiohttp.ClientError,
    requests.RequestException,
    GoogleAuthError,
    ConnectionError,
    ChecksumError,
    HttpError,
)

logging.getLogger("gcsfs").addHandler(logging.NullHandler())  # else Python prints what it logs, with tracebacks


class Garbled(aiohttp.ClientError):
    """A response that is not what was requested: half of it, a proxy's page, other bytes than the object's."""


class Repeated(FileExistsError):  # noqa: N818 - reads as what it is
    """The object exists, but an answer was lost before that was said: it may be our own."""


def request_timeout() -> float:
    """`CQS_GCS_TIMEOUT`, else the default.

    Raises:
        UsageError: it is not a number of seconds.
    """
    given = variable("CQS_GCS_TIMEOUT") or str(TIMEOUT)
    with contextlib.suppress(ValueError):
        if 0 < float(given) <= 3600:
            return float(given)
    raise UsageError(f"CQS_GCS_TIMEOUT is {given!r}; write a number of seconds, as 15")


class RetryingGcs(GCSFileSystem):  # type: ignore[misc]
    """Google Cloud Storage with deadlines, bounded retries, and answers that are checked."""

    async def _request(
        self,
        method: str,
        path: str,
        *args: str,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Any = None,
        cache_type: str | None = None,  # noqa: ARG002 - gcsfs' signature
        cache_source: str | None = None,  # noqa: ARG002 - as above
        **params: Any,
    ) -> tuple[int, Mapping[str, str], Any, bytes]:
        """Ask until there is an answer, or it is too late for another try."""
        now, seconds = asyncio.get_running_loop().time, request_timeout()
        last, tries = now() + 4 / 3 * seconds, 0
        url = self._format_path(path, args)
        while True:
            try:
                answer = await self._asked(method, url, headers, json, data, params, seconds)
                validate_response(answer[0], answer[3], path, args)
                _check(method, path, answer, params)
            except FileExistsError as error:
                raise (Repeated(*error.args) if tries else error) from None
            except _PASSING as error:
                tries += 1
                pause = seconds / 30 * 2**tries * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
                if not self._passing(error) or now() + pause > last:
                    raise _final(error, seconds) from error
                await asyncio.sleep(pause)
            else:
                return answer

    async def _asked(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        json: Any,
        data: Any,
        params: Mapping[str, Any],
        seconds: float,
    ) -> tuple[int, Mapping[str, str], Any, bytes]:
        """One try, which ends `seconds` after it last made progress."""
        await self._set_session()
        if self._token_ends():
            await asyncio.to_thread(self._renew_token)
        sent = self._get_headers(headers)
        async with asyncio.timeout(seconds) as limit:
            if isinstance(data, io.BytesIO):  # as older versions of gcsfs send it
                data = data.getbuffer()
            if data is not None and len(data) > _PIECE:
                sent["Content-Length"] = str(len(data))
                data = _pieces(memoryview(data), limit, seconds)
            waiting = aiohttp.ClientTimeout(total=None, sock_connect=seconds)
            async with self.session.request(
                method, url, params=self._get_params(params), json=json, headers=sent, data=data, timeout=waiting
            ) as answer:
                body = await _body(answer, limit, seconds)
                return answer.status, answer.headers, answer.request_info, body

    def _token_ends(self) -> bool:
        own = self.credentials
        return own.credentials is not None and not own._credentials_valid(_REFRESH_AHEAD)  # noqa: SLF001 - gcsfs' rule

    def _renew_token(self) -> None:
        """In a thread, since google-auth blocks; gcsfs does it in its loop, and waits two minutes for a server."""
        with self.credentials.lock, requests.Session() as session:
            if self._token_ends():  # else another thread was faster
                self.credentials.credentials.refresh(functools.partial(Request(session), timeout=request_timeout()))

    def _passing(self, error: BaseException) -> bool:
        """Whether asking again may help; a token that was refused is dropped, so that the next try has a new one."""
        if isinstance(error, HttpError) and error.code == 401:
            own = self.credentials.credentials
            if own is None or not getattr(own, "token", None):
                return False
            own.token = None
            return True
        if isinstance(error, GoogleAuthError):
            return bool(getattr(error, "retryable", False)) or isinstance(error.__cause__, requests.RequestException)
        return not isinstance(error, HttpError) or is_retriable(error)


async def _pieces(data: memoryview, limit: asyncio.Timeout, seconds: float) -> AsyncIterator[bytes]:
    for at in range(0, len(data), _PIECE):
        limit.reschedule(asyncio.get_running_loop().time() + seconds)
        yield bytes(data[at : at + _PIECE])


async def _body(answer: aiohttp.ClientResponse, limit: asyncio.Timeout, seconds: float) -> bytes:
    body, noted = bytearray(), 0
    async for part in answer.content.iter_any():
        body += part
        if len(body) - noted >= _PROGRESS:
            noted = len(body)
            limit.reschedule(asyncio.get_running_loop().time() + seconds)
    return bytes(body)


def _check(
    method: str, path: str, answer: tuple[int, Mapping[str, str], Any, bytes], params: Mapping[str, Any]
) -> None:
    """Check that the response is what was requested.

    Raises:
        Garbled: it is not.
    """
    status, headers, _, body = answer
    if method == "GET" and not path.startswith("b/"):
        good = "X-Goog-Hash" in headers or "X-Goog-Generation" in headers
    elif method == "GET" or params.get("uploadType") == "multipart":
        good = _fields(body).get("kind") == ("storage#objects" if path.endswith("}/o") else "storage#object")
    else:
        good = method != "DELETE" or not body.strip()
    if not good:
        raise Garbled("the answer is not what Google sends; is there a proxy between?")
    # a part (206) comes with the hash of the whole, a compressed object with that of its compressed bytes
    if status == 200 and headers.get("X-Goog-Stored-Content-Encoding", "identity") == "identity":
        expected = _md5_of(headers.get("X-Goog-Hash", "")) if method == "GET" else ""
        if expected and expected != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
            raise Garbled("the object came with other bytes than it has")


def _md5_of(hashes: str) -> str:
    return next((part.strip()[4:] for part in hashes.split(",") if part.strip().startswith("md5=")), "")


def _fields(body: bytes) -> Mapping[str, Any]:
    with contextlib.suppress(ValueError):
        found = js.loads(body)
        if isinstance(found, dict):
            return found
    return {}


def _final(error: BaseException, seconds: float) -> BaseException:
    """The error for a request that failed for good."""
    if isinstance(error, Garbled | ChecksumError) or (isinstance(error, HttpError) and not is_retriable(error)):
        return error
    if isinstance(error, TimeoutError):
        return Unanswered(f"Google did not answer within {seconds:g} s, asked again and again")
    if isinstance(error, GoogleAuthError):
        return Unanswered(f"the credentials were not accepted: {_one_line(error)}")
    return Unanswered(_one_line(error))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
