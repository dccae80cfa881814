"""Exchanges of plugins: what they answer is checked, and whatever they raise is an `ExchangeError` that names them."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

from cqs_core.errors import CqsError, ExchangeError
from cqs_core.host.exchange import Exchange, Listing, Page
from cqs_core.host.plugin_registry import plugins
from cqs_core.isolation import answered, fact_of, foreign

if TYPE_CHECKING:
    from types import TracebackType

_LIMIT = 120.0
"""Seconds that one answer may take; ours end after 20."""


def connection(kind: type[Exchange], endpoint: str | None = None) -> Exchange:
    """A connection to an exchange, to be entered; of one that a plugin gives, each answer is checked.

    Raises:
        ExchangeError: it cannot be made.
    """
    owner = plugins().owner("register_exchanges", kind.id)
    return kind(endpoint) if plugins().is_own(owner) else Checked(kind, endpoint, owner)


class Checked(Exchange):
    """An exchange, asked for nothing but its contract.

    Args:
        kind: its class.
        endpoint: as for any exchange.
        owner: the plugin that gives it; empty where unknown.
    """

    def __init__(self, kind: type[Exchange], endpoint: str | None = None, owner: str = "") -> None:
        super().__init__(endpoint)
        self._who = f"exchange {kind.id!r}" + (f" of plugin {owner!r}" if owner else "")
        attributes = {name: getattr(kind, name) for name in ("id", "title", "quote", "intervals", "id_form", "history")}
        vars(self).update(attributes)
        with self._guard("__init__"):
            self._exchange = kind(endpoint)

    async def __aenter__(self) -> Self:
        await self._ask("__aenter__")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ask("__aexit__", kind, error, trace)

    def now(self) -> int:
        with self._guard("now"):
            at = self._exchange.now()
        return self._stamp(at, "now")

    def kept(self, market: str, interval: str) -> int | None:
        with self._guard("kept"):
            bars = self._exchange.kept(market, interval)
        if bars is not None and not (_is_stamp(bars) and bars > 0):
            raise self._wrong("kept", bars, "bars, or None", f" about {market} {interval}")
        return None if bars is None else int(bars)

    async def markets(self) -> Mapping[str, Listing]:
        found = await self._ask("markets")
        if not isinstance(found, Mapping):
            raise self._wrong("markets", found, "a mapping of names to Listing")
        for name, listing in found.items():
            named = isinstance(name, str) and name.isprintable() and "/" in name and not {" ", "\\"} & set(name)
            named = named and ":" not in name.partition("/")[0]
            if not (named and isinstance(listing, Listing) and str(listing.id).isprintable()):
                raise self._wrong("markets", {name: listing}, "unified names such as 'BTC/KRW', each with its Listing")
        return found

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        about = f" about {market} {interval}"
        page = await self._ask("page", market, interval, start, end, about=about)
        if not isinstance(page, Page):
            raise self._wrong("page", page, "a cqs_core.Page", about)
        if isinstance(page.rows, str | bytes) or (
            not isinstance(page.rows, Sequence) and not hasattr(page.rows, "tolist")
        ):
            raise self._wrong("page", page.rows, "rows", about)
        rows = [self._row(row, about) for row in page.rows]
        ends = [self._stamp(at, "page", about) for at in (page.start, page.end)]
        bounds = [None if at is None else self._stamp(at, "page", about) for at in (page.until, page.since)]
        return Page(rows, *ends, *bounds)

    async def first(self, market: str) -> int | None:
        at = await self._ask("first", market, about=f" about {market}")
        return None if at is None else self._stamp(at, "first", f" about {market}")

    async def volumes(self) -> Mapping[str, float]:
        found = await self._ask("volumes")
        if not isinstance(found, Mapping) or not all(map(_is_number, found.values())):
            raise self._wrong("volumes", found, "numbers by unified name")
        return {str(name): float(volume) for name, volume in found.items()}

    async def price(self, market: str) -> float:
        price = await self._ask("price", market, about=f" about {market}")
        if not _is_number(price) or not price > 0:
            raise self._wrong("price", price, "a number above 0", f" about {market}")
        return float(price)

    async def _ask(self, method: str, *args: Any, about: str = "") -> Any:
        with self._guard(method, about):
            pending: Awaitable[Any] = getattr(self._exchange, method)(*args)
        if not hasattr(pending, "__await__"):
            raise self._wrong(method, pending, f"what can be awaited: write `async def {method}`", about)
        try:
            async with asyncio.timeout(_LIMIT):
                with self._guard(method, about, foreign_steps=True):
                    return await answered(pending)
        except TimeoutError:
            raise ExchangeError(f"{self._who} did not answer{about} within {_LIMIT:g} s; fix its {method}()") from None

    @contextlib.contextmanager
    def _guard(self, method: str, about: str = "", *, foreign_steps: bool = False) -> Iterator[None]:
        try:
            with contextlib.nullcontext() if foreign_steps else foreign():
                yield
        except CqsError:
            raise
        except Exception as error:
            raise ExchangeError(f"{self._who} failed{about}: {fact_of(error)}; fix its {method}()") from error

    def _row(self, row: Any, about: str) -> list[float | None]:
        values = list(row) if isinstance(row, Sequence) and not isinstance(row, str | bytes) else _listed(row)
        if len(values) != 6 or not _is_stamp(values[0]) or not all(v is None or _is_real(v) for v in values[1:]):
            wanted = "[ts ms UTC, open, high, low, close, volume], all of them numbers, as a candle"
            raise self._wrong("page", row, wanted, about)
        return [int(values[0]), *(None if v is None else float(v) for v in values[1:])]

    def _stamp(self, at: Any, method: str, about: str = "") -> int:
        if not _is_stamp(at):
            raise self._wrong(method, at, "ms UTC", about)
        return int(at)

    def _wrong(self, method: str, given: Any, wanted: str, about: str = "") -> ExchangeError:
        shown: Callable[[], str] = lambda: repr(given)[:100]  # noqa: E731 - a repr may fail, as anything of a plugin
        with contextlib.suppress(Exception):
            return ExchangeError(f"{self._who} answered {shown()}{about}; {method}() must give {wanted}")
        return ExchangeError(f"{self._who} answered a {type(given).__name__}{about}; {method}() must give {wanted}")


def _listed(row: Any) -> list[Any]:
    return list(row.tolist()) if hasattr(row, "tolist") and getattr(row, "ndim", 0) == 1 else []


def _is_real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_real(value) and math.isfinite(value)


def _is_stamp(value: Any) -> bool:
    whole = isinstance(value, Integral) or (_is_number(value) and float(value).is_integer())
    return whole and not isinstance(value, bool) and abs(int(value)) < 1 << 53
