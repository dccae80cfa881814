"""What packages provide for the dashboard: pages, cards of the overview, and layers over candle charts.

Light to import: a package's hook may build these at every start.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from cqs_core import Bucket, Series
    from cqs_core.jobs import Job
    from cqs_panel.state import PageState

_T = TypeVar("_T")


def loaded(target: _T | str) -> _T:
    """The target, or what a text `module:attribute` names, imported now.

    Raises:
        ImportError: there is no such module.
        AttributeError: it has no such attribute.
    """
    return cast("_T", pkgutil.resolve_name(target)) if isinstance(target, str) else target


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job, and where to see it.

    Attributes:
        text: one line.
        query: the address parameters that show it on its view; None if there is nothing to show.
        label: of the button that leads there.
    """

    text: str
    query: Mapping[str, str] | None = None
    label: str = "Show"


@dataclass(frozen=True)
class Notice:
    """Something that the user should know on whatever page he is: a firing alert.

    Attributes:
        key: identifies it; a browser that is asked to notify does so once for each key.
        title: a few words.
        text: one line.
        query: the address parameters that show it on its view.
    """

    key: str
    title: str
    text: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Status:
    """What the bar of every page says about a view.

    Attributes:
        notices: counted on the bell, and listed behind it; the most urgent first.
        figure: a few characters for the title of the window, where the user wants them: today's PnL.
    """

    notices: Sequence[Notice] = ()
    figure: str = ""


@dataclass(frozen=True)
class Entry:
    """Something that the command palette finds.

    Attributes:
        label: what is shown and searched.
        kind: one word for what it is: `series`, `run`, `action`.
        query: the address parameters that show it on its view.
        arguments: of the `cqs` command that it starts as a job, in place of showing anything.
        note: further text, such as tags: shown faintly behind the label, and found by its whole words.
    """

    label: str
    kind: str
    query: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True)
class Step:
    """What a new user does first with a view. The overview shows it until it is done.

    Attributes:
        title: what it is: `Fetch candles`.
        text: one line: what it takes, and what it gives.
        label: of the button.
        done: whether the bucket shows that it was done.
        query: the address parameters to which the button leads on the view.
    """

    title: str
    text: str
    label: str
    done: bool
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """One page of the dashboard.

    Attributes:
        slug: names it in the URL (`?view=slug`); lower-case letters, digits, `-`.
        title: what the menu says.
        icon: a Material icon's name, `storage`, `candlestick_chart`.
        order: place in the menu, rising; the overview has 0, the shell's own last pages start at 900.
        build: a function, or `module:function`, which is imported when the view is first shown, once a session. It
            returns anything that Panel can show, and runs on the server's loop: what takes longer than 50 ms belongs
            into `page.load`.
        outcome: what came of a job that is over; None for jobs that belong to other views.
        status: what the bar of every page says about it; a function of the bucket, or `module:function`, called in a
            thread about every 15 s.
        first_step: what a new user does with it; called the same way, when the overview is opened.
        entries: what the command palette finds of it; called the same way, when the palette is opened.
    """

    slug: str
    title: str
    icon: str
    order: int
    build: Callable[[PageState], Any] | str
    outcome: Callable[[Job], Outcome | None] = field(default=lambda _: None)
    first_step: Callable[[Bucket], Step] | str | None = None
    status: Callable[[Bucket], Status] | str | None = None
    entries: Callable[[Bucket], Iterable[Entry]] | str | None = None


@dataclass(frozen=True)
class Card:
    """One card of the overview.

    Attributes:
        name: unique among all cards, `data.series`.
        title: above the card, which is then a `section`; empty for content with one of its own, or that needs none.
        order: place on the overview, rising.
        build: as a view's; its page state belongs to the overview.
        width: columns of the twelve that a wide screen has; a phone gives each card its full width.
        rows: rows of that grid; others stand one below the other beside a card that has several.
    """

    name: str
    title: str
    order: int
    build: Callable[[PageState], Any] | str
    width: Literal[3, 4, 6, 8, 12] = 6
    rows: int = 1


@dataclass(frozen=True)
class Line:
    """A line over the price.

    Attributes:
        ts: int64 (N,), ms UTC, ascending.
        values: float64 (N,), in the price's unit; NaN interrupts the line.
    """

    label: str
    ts: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Marks:
    """Buys or sells on the price.

    Attributes:
        ts: int64 (N,), ms UTC.
        price: float64 (N,).
        side: which way the triangles point.
        text: shown on hover, one a mark; may be empty.
    """

    label: str
    ts: npt.NDArray[np.int64]
    price: npt.NDArray[np.float64]
    side: Literal["buy", "sell"]
    text: Sequence[str] = ()


@dataclass(frozen=True)
class Band:
    """A tinted stretch of time, `[start, end)` in ms UTC: a regime, an outage, a held position."""

    label: str
    start: int
    end: int
    tone: Literal["up", "down", "neutral", "warning"] = "neutral"


Layer = Line | Marks | Band


@dataclass(frozen=True)
class Overlay:
    """Something to draw over candle charts, switched on and off by the user.

    Attributes:
        name: unique among all overlays.
        title: what the switch says.
        layers: `layers(series, start, end)` for `[start, end)` in ms UTC, or `module:function`; called off the server's
            loop. It returns layers, HoloViews elements, or one element.
    """

    name: str
    title: str
    layers: Callable[[Series, int, int], Sequence[Layer] | Any] | str


@dataclass(frozen=True)
class Indicator:
    """Lines that a candle chart computes from the candles that it draws, added and removed by the user.

    Attributes:
        name: unique among all indicators; it is part of addresses.
        title: what the user reads: SMA.
        compute: `compute(candles, **parameters)`, or `module:function`; called off the server's loop. `candles` is a
            `cqs_core.Candles` of one market. It returns (T,) or (T, 1), or a mapping of such arrays by name. As with
            `cqs_backtest.indicators`, row i is what is known at the open of bar i; the chart asks for one row more than
            it has candles, and draws row i + 1 at candle i. NaN interrupts a line.
        parameters: their usual values by name, above 0; the user may change them. One that is an int stays whole.
        below: whether it has a pane of its own below the price, for values that are not prices.
        levels: values that are marked in that pane.
        memory: how far it looks back, in multiples of its largest parameter: 1 for a mean of the last n candles.
    """

    name: str
    title: str
    compute: Callable[..., Any] | str
    parameters: Mapping[str, float] = field(default_factory=dict)
    below: bool = False
    levels: Sequence[float] = ()
    memory: float = 1.0


class LiveCandles(Protocol):
    """What a feed knows at one moment. It never changes; news are another object."""

    @property
    def state(self) -> Literal["connecting", "live", "reconnecting", "refused"]:
        """`refused` is final."""
        ...

    @property
    def said(self) -> str:
        """Why it reconnects or was refused, in one line."""
        ...

    @property
    def candles(self) -> Sequence[Any]:
        """The newest candles, ascending, with `ts` (ms UTC), `open`, `high`, `low`, `close`, `volume`."""
        ...


class JoinedFeed(Protocol):
    """A feed that a chart has joined. Called on the server's loop: both must return at once."""

    @property
    def news(self) -> LiveCandles:
        """The newest candles; the same object as before where nothing is new."""
        ...

    def leave(self) -> None:
        """Follow it no longer; called once."""
        ...


@dataclass(frozen=True)
class LiveFeed:
    """Newer candles than those of the lake, as they come: every candle chart can be switched to follow them.

    Attributes:
        name: unique among all feeds.
        obstacle: `obstacle(bucket, series, endpoint)`, or `module:function`; called in a thread. It returns why the
            candles of a series cannot be followed, in one line with the remedy; an empty text where they can.
            `endpoint` is the setting `CQS_ENDPOINT`.
        join: `join(series, endpoint)`, or `module:function`; it returns a `JoinedFeed` at once. Who joins the same
            series should share one connection.
    """

    name: str
    obstacle: Callable[[Bucket, Series, str | None], str] | str
    join: Callable[[Series, str | None], JoinedFeed] | str
