"""The contract of exchanges, which plugins implement: what the data pipeline needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from cqs_core.time import clock
from cqs_core.time.intervals import INTERVALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType


@dataclass(frozen=True)
class Listing:
    """A market as its exchange lists it.

    Attributes:
        market: unified form, `BTC/KRW`.
        id: the exchange's own name, `KRW-BTC`.
        active: whether it trades now.
    """

    market: str
    id: str
    active: bool = True


@dataclass(frozen=True)
class Page:
    """The answer to one request for candles.

    Attributes:
        rows: `[ts ms UTC, open, high, low, close, volume]` each, as the exchange gave them.
        start: ms UTC; the answer covers `[start, end)`: a candle missing in there does not exist.
        end: ms UTC, exclusive.
        until: ms UTC; of what opens then or later the answer says nothing, since it is still under way. None is `end`.
        since: ms UTC; of what opens before it the answer says nothing, since the exchange keeps only its last candles.
            None is `start`.
    """

    rows: Sequence[Sequence[float | None]]
    start: int
    end: int
    until: int | None = None
    since: int | None = None


class Exchange:
    """Base class of exchanges: an async context manager over one connection.

    Attributes:
        id: the name that users type.
        title: the name that pages show.
        quote: where a bare symbol trades, `KRW`.
        intervals: what it has candles of.
        id_form: how its own market ids are built, `QUOTE-BASE`, `BASE-QUOTE` or `BASEQUOTE`; empty where unknown.
        history: bars that it gives at most, counted back from now, the one under way among them; None where it gives
            all.
        generic: whether it is made for any exchange alike; a plugin's own class of the same id takes its place.
    """

    id: ClassVar[str]
    title: ClassVar[str] = ""
    quote: ClassVar[str] = "USDT"
    intervals: ClassVar[Sequence[str]] = INTERVALS
    id_form: ClassVar[str] = ""
    history: ClassVar[int | None] = None
    generic: ClassVar[bool] = False

    def __init__(self, endpoint: str | None = None) -> None:
        """Connect to the real exchange, or to one that speaks its language at `endpoint`."""
        self.endpoint = endpoint

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""

    def now(self) -> int:
        """The exchange's clock, ms UTC, if it reports one; a candle is finished when this is past its end."""
        return clock.now()

    def offers(self, interval: str) -> bool:
        """Whether it has candles of an interval itself; asked after `markets`. Others are derived from shorter ones."""
        return interval in self.intervals

    def kept(self, market: str, interval: str) -> int | None:  # noqa: ARG002 - of some exchanges it differs
        """Bars of a series that it gives at most, as `history`, by all that is known after asking it."""
        return self.history

    async def markets(self) -> Mapping[str, Listing]:
        """All markets by unified name.

        Raises:
            ExchangeError: it did not answer.
        """
        raise NotImplementedError

    async def page(self, market: str, interval: str, start: int, end: int) -> Page:
        """One request's worth of candles that open in `[start, end)`, ms UTC.

        The part answered may be shorter: its head, or its tail where the exchange pages backwards. The rest is asked
        next.

        Raises:
            ExchangeBusy: not now; it will be asked again.
            ExchangeError: it refused.
        """
        raise NotImplementedError

    async def first(self, market: str) -> int | None:  # noqa: ARG002 - a plugin's own knows
        """About when the first candle opened, ms UTC; None if that is expensive to find. Used for estimates only."""
        return None

    async def volumes(self) -> Mapping[str, float]:
        """24-hour volume in quote currency by unified name, for choosing the largest."""
        raise NotImplementedError

    async def price(self, market: str) -> float:
        """The last price."""
        raise NotImplementedError
