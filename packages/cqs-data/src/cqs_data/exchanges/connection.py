"""One ccxt client: made, pointed at an endpoint, and its errors turned into ours."""

from __future__ import annotations

import contextlib
import email.utils
import functools
import re
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cqs_core import CqsError, ExchangeBusy, ExchangeError, UsageError
from cqs_core.time import clock
from cqs_data.exchanges.ccxt_classes import ccxt_errors, exchange_class
from cqs_data.exchanges.ccxt_ids import live_ids

if TYPE_CHECKING:
    import ssl

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_TIMEOUT = 20_000  # ms
_LIMITS = {418, 429}
_SERVER_ERROR = 500
_NO_URL = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2000-\u200f\u2028-\u202f]")
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")

RowFilter = Callable[[Any, str, str], bool]


def connect(
    name: str,
    endpoint: str | None,
    options: Mapping[str, Any],
    *,
    live: bool = False,
    belongs: RowFilter | None = None,
) -> Any:
    """A ccxt client; nothing is asked yet.

    Args:
        name: ccxt's id.
        endpoint: base URL to use instead of the exchange's own; `/{name}` is added, paths are kept.
        options: merged into ccxt's options.
        live: whether it shall speak websockets (ccxt.pro).
        belongs: whether a candle, as the exchange wrote it, is of the market (its own id) and interval that was asked.

    Raises:
        ExchangeError: it shall, and ccxt has none for this exchange.
    """
    config = {"timeout": _TIMEOUT, "enableRateLimit": not _is_loopback(endpoint), "options": dict(options)}
    if live and name not in live_ids():
        raise no_live_prices(name)
    client = exchange_class(name, live=live)(config)
    client.aiohttp_trust_env = True
    if client.verify and not client.options.get("include_OS_certificates"):
        client.ssl_context = _tls(client.cafile)
    client.handle_errors = _by_status(client)
    if belongs:
        client.parse_ohlcvs = _all_of_it(client, belongs)
    if endpoint:
        client.urls["api"] = _redirected(client.urls["api"], f"{endpoint.rstrip('/')}/{name}")
    return client


@functools.cache
def _tls(authorities: str) -> ssl.SSLContext:
    """One for all clients: 0.8 MB and 17 ms each, and a client waits in a cycle of objects for Python's collector."""
    import ssl

    return ssl.create_default_context(cafile=authorities)


def no_live_prices(name: str) -> ExchangeError:
    """The error for an exchange whose ticks ccxt cannot follow."""
    return ExchangeError(f"{name} has no live prices that ccxt can follow; its candles come by `cqs update` alone")


@contextlib.asynccontextmanager
async def speaking(client: Any) -> AsyncIterator[None]:
    """Turn what ccxt raises into our errors: what may pass becomes ExchangeBusy.

    Raises:
        ExchangeBusy: time-outs, resets, limits, 5xx, answers that cannot be read.
        ExchangeError: refusals, and addresses at which there is nothing.
    """
    ccxt = ccxt_errors()
    try:
        yield
    except CqsError:
        raise
    except ccxt.NetworkError as error:
        if " 404 " in str(error):  # nothing is there, and nothing will be
            raise ExchangeError(_message(client, error)) from error
        unreached = _unreached(error.__cause__)  # then the last headers are of another answer
        raise ExchangeBusy(_message(client, error), None if unreached else retry_after(client)) from error
    except ccxt.BaseError as error:
        raise ExchangeError(_message(client, error)) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ExchangeBusy(f"{client.id} answered something that ccxt cannot read ({type(error).__name__})") from error


def check_endpoint(endpoint: str | None) -> str | None:
    """The endpoint, if it is a base URL: scheme, host, port and path, and nothing that a log must not show.

    Raises:
        UsageError: it is none.
    """
    if endpoint is None:
        return None
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError as error:  # half an address, or a port that is none
        raise _no_base_url(endpoint, f" ({error})") from None
    if _NO_URL.search(endpoint):
        raise _no_base_url(endpoint, " (it has spaces or control characters)")
    if "@" in parts.netloc:
        raise _no_base_url(_masked(endpoint), " (it has a user or a password, which logs would show)")
    if parts.query or parts.fragment or endpoint.endswith(("?", "#")):
        raise _no_base_url(endpoint, " (nothing may follow its path)")
    if parts.scheme not in {"http", "https"} or not host or not _HOST.fullmatch(host) or port == 0:
        raise _no_base_url(endpoint, "")
    return endpoint


def _no_base_url(endpoint: str, why: str) -> UsageError:
    return UsageError(f"endpoint {endpoint[:200]!r} is not a base URL{why}; write http://127.0.0.1:8080")


def _masked(url: str) -> str:
    scheme, _, rest = url.rpartition("@")[0].partition("://")
    return f"{scheme}://***@{url.rpartition('@')[2]}" if rest else f"***@{url.rpartition('@')[2]}"


async def server_time(client: Any) -> int | None:
    """The exchange's clock from its last Date header, else from a request, ms UTC; None if it has none."""
    at = _date(_headers(client).get("date", ""))
    if at is None and client.has.get("fetchTime"):
        async with speaking(client):
            at = await client.fetch_time()
    return at


def _by_status(client: Any) -> Callable[..., Any]:
    """Ccxt reads some bodies before the status: a limit or a fault of the server would look like a refusal."""
    ccxt = ccxt_errors()
    read = client.handle_errors

    def handle(code: int, *rest: Any) -> Any:
        try:
            return read(code, *rest)
        except ccxt.ExchangeError as error:
            if type(error) is ccxt.ExchangeError and (code in _LIMITS or code >= _SERVER_ERROR):
                raise ccxt.ExchangeNotAvailable(str(error)) from error
            raise

    return handle


def _all_of_it(client: Any, belongs: RowFilter) -> Callable[..., Any]:
    """Ccxt drops candles before `since` and beyond `limit`: answers to other questions would look like none at all."""
    parse = client.parse_ohlcvs

    def parsed(candles: Any, market: Any = None, timeframe: str = "1m", *_: Any, **__: Any) -> Any:
        for candle in candles or ():
            if not belongs(candle, market["id"], timeframe):
                asked = f"{market['symbol']} {timeframe}"
                raise ExchangeBusy(f"{client.id} answered about another market or interval than {asked}")
        return parse(candles, market, timeframe)

    return parsed


def _is_loopback(endpoint: str | None) -> bool:
    return endpoint is not None and urlsplit(endpoint).hostname in _LOOPBACK


def _redirected(urls: Any, base: str) -> Any:
    if isinstance(urls, Mapping):
        return {key: _redirected(value, base) for key, value in urls.items()}
    parts = urlsplit(str(urls).replace("{hostname}", "hostname"))
    scheme = base.partition("://")[0].replace("http", "ws") if parts.scheme in {"ws", "wss"} else ""
    root = f"{scheme}://{base.partition('://')[2]}" if scheme else base
    return root + parts.path


def retry_after(client: Any) -> float | None:
    """Seconds; the header says them, or a date."""
    said = _headers(client).get("retry-after", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        at = _date(said)
    return None if at is None else max(0.0, (at - clock.now()) / 1000)


def _headers(client: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in (client.last_response_headers or {}).items()}


def _date(text: str) -> int | None:
    """An HTTP date in ms UTC; None where it is none."""
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp() * 1000)
    except (TypeError, ValueError):
        return None


def _message(client: Any, error: BaseException) -> str:
    """One line; ccxt prefixes the exchange's id itself, mostly."""
    text = " ".join(str(error).split())[:300] or type(error).__name__
    line = text if text.startswith(client.id) else f"{client.id}: {text}"
    fact = _unreached(error.__cause__)
    return f"{line}: {fact}; check the endpoint and the network, then try again" if fact else line


def _unreached(cause: BaseException | None) -> str:
    """Why there was no answer at all, which ccxt keeps in the cause; empty where there was one."""
    import aiohttp

    if isinstance(cause, TimeoutError):
        return f"no answer within {_TIMEOUT // 1000} s"
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return "no such host"
    if isinstance(cause, aiohttp.ClientConnectorError):
        return "connection refused" if isinstance(cause.os_error, ConnectionRefusedError) else str(cause.os_error)
    return "connection lost" if isinstance(cause, aiohttp.ClientConnectionError) else ""
