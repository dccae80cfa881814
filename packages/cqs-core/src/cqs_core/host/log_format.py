"""The contract of `register_log_formats`: how a plugin teaches `cqs monitor` to read the logs of another bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence

LogKind = Literal["trades", "positions", "state", "errors", "heartbeat", ""]
"""The content of a file; empty for a file that the format does not read."""

DUST = 1e-8
"""At most this much of anything is dust, which no order can sell."""


class LoggedTrade(NamedTuple):
    """One fill.

    Attributes:
        line: on which it is written, counted from 1.
        timestamp: microseconds since the epoch, UTC.
        sell: whether it is a sale, else it is a purchase.
        symbol: as the bot writes it.
        price: in the format's currency, above 0.
        quantity: of the base currency, above 0.
        amount: price times quantity, before fees.
        profit: of a sale, before fees; None on a purchase.
        profit_pct: percent of what was paid; None on a purchase.
        date: days since 1970-01-01 as the bot writes them; None takes the calendar day in the format's zone.
    """

    line: int
    timestamp: int
    sell: bool
    symbol: str
    price: float
    quantity: float
    amount: float
    profit: float | None = None
    profit_pct: float | None = None
    date: int | None = None


class LoggedPosition(NamedTuple):
    """Something held: base currency, price in the format's currency, aware time or None where it is not known."""

    symbol: str
    quantity: float
    entry_price: float
    entry_time: dt.datetime | None = None

    @property
    def dust(self) -> bool:
        return self.quantity <= DUST


class PendingOrder(NamedTuple):
    """A purchase without a known fill: its amount, when it was made (ms UTC) and its id, where the bot tells them."""

    symbol: str
    amount: float | None = None
    created_at: int | None = None
    id: str = ""


class LogFormat:
    """How one kind of bot writes its logs. Override `kind`, `trades`, and what else the bot writes.

    Every folder below `logs/` is an account. Where several formats know its files, `owns` decides.

    Attributes:
        name: an id such as `freqtrade`.
        title: for people.
        currency: of prices, amounts and profits.
        zone: IANA name of the calendar that the bot's days are of.
        day_start: `HH:MM` in the zone at which its trading day begins.
        fee: fraction of a row's amount that the row is taken to have cost; logs have no fees.
        min_order: smallest order in the currency; 0 where there is none.
        exchange: id of the exchange that it trades on; None is the configured one.
        strategy: id of the strategy that it follows, which alerts compare it with; empty where that is not known.
        columns: `{field: name}` for tables with the bot's own names of columns.
        version: raise it when rows are read differently: what was read before is then read again.
    """

    name: str = ""
    title: str = ""
    currency: str = ""
    zone: str = "UTC"
    day_start: str = "00:00"
    fee: float = 0.0
    min_order: float = 0.0
    exchange: str | None = None
    strategy: str = ""
    columns: Mapping[str, str] = {}
    version: int = 1

    def kind(self, name: str) -> LogKind:  # noqa: ARG002 - for subclasses
        """The kind of a file in an account's folder, by its name alone.

        Raises:
            ValueError: the file belongs to the bot, but its name is wrong; the message says why it is not read.
        """
        return ""

    def owns(self, name: str, head: bytes) -> bool:  # noqa: ARG002
        """Whether a file is in this format. Asked only where the names fit several formats.

        Args:
            name: of a file of trades, where the folder has one.
            head: its first 4,096 bytes.
        """
        return True

    def trades(
        self,
        stream: BinaryIO,  # noqa: ARG002
        report: Callable[[int | None, str], None],  # noqa: ARG002
    ) -> Iterable[LoggedTrade]:
        """The complete rows of a file, in the order in which they were written.

        Args:
            stream: the file's bytes.
            report: takes the line (None for the whole file) and the reason of what is damaged, in words.
        """
        return ()

    def positions(self, data: bytes) -> Sequence[LoggedPosition]:  # noqa: ARG002
        """The account's positions.

        Raises:
            ValueError: the file cannot be read as a whole; what is held is unknown then, and never nothing.
        """
        raise ValueError(f"the format {self.name!r} reads no positions")

    def state(self, data: bytes) -> tuple[Sequence[PendingOrder], Mapping[str, int]]:  # noqa: ARG002
        """Orders under way, and until when (ms UTC) a symbol is not bought.

        Raises:
            ValueError: the file cannot be read.
        """
        raise ValueError(f"the format {self.name!r} reads no state")

    def heartbeat(self, data: bytes) -> int:  # noqa: ARG002
        """When the bot last said that it runs, ms UTC.

        Raises:
            ValueError: the file cannot be read.
        """
        raise ValueError(f"the format {self.name!r} reads no heartbeat")
