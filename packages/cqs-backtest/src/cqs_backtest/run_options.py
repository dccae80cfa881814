"""The options of a run, each declared once: the command line, the page, its address, manifests and the docs take them.

A new option is a field of `RunOptions`, the code that reads it from `request.options`, and an argument of `backtest`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from cqs_core.trading import CAPITAL, FEE, SLIPPAGE_BPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_OPTION = "option"


@dataclass(frozen=True)
class Option:
    """An option: as it is typed, and its field on a page.

    Attributes:
        kind: bool, float or str.
        default: of the command; None leaves it to the settings, or means none.
        help: on the command line.
        meaning: of its key in a manifest; empty if it has none.
        choices: allowed values by their label on the page; empty if any value is.
        metavar: what stands for the value in the help.
        field: name of the field and in the address; empty is the option's own name.
        label: of the field; empty means that pages do not offer the option.
        doc: help of the field.
        at_first: value of the field, where that is not the default.
        bounds: of the field.
        inclusive: whether each bound is allowed itself.
        step: of the field.
        format: of its number.
        percent: whether the field holds percent of what is typed as a fraction.
        searched: whether searches have the option as well as runs.
        read: takes the value from a manifest, where that is not at `name`.
    """

    kind: type
    default: Any
    help: str
    meaning: str = ""
    choices: Mapping[str, str] | None = None
    metavar: str | None = None
    field: str = ""
    label: str = ""
    doc: str = ""
    at_first: Any = None
    bounds: tuple[float | None, float | None] | None = None
    inclusive: tuple[bool, bool] = (True, True)
    step: float | None = None
    format: str = ""
    percent: bool = False
    searched: bool = True
    read: Callable[[Mapping[str, Any]], Any] | None = None


def _declared(option: Option) -> Any:
    return field(default=option.default, metadata={_OPTION: option})


@dataclass(frozen=True)
class RunOptions:
    """How a request is run, besides strategy, candles and costs."""

    allow_stale: bool = _declared(
        Option(
            bool,
            False,
            "Run even if candles of a reference market are missing.",
            meaning="whether references may lack candles, and features end early",
            label="Allow missing reference candles",
            doc="Run even if the candles of a reference market end early.",
        )
    )
    lookahead_check: bool = _declared(
        Option(
            bool,
            True,
            "Also call the strategy on changed futures, to see whether it looks ahead.",
            field="lookahead",
            label="Check for look-ahead",
            doc="Also call the strategy on changed futures, to see whether it looks ahead.",
            searched=False,
            read=lambda made: made.get("badges", {}).get("lookahead") != "not checked",
        )
    )

    @classmethod
    def of(cls, made: Mapping[str, Any]) -> RunOptions:
        """The options of a run from its manifest; runs of before references were checked stand."""
        kept = {name: made[name] for name, option in RUN.items() if option.meaning and name in made}
        return cls(**{"allow_stale": True} | kept)

    def kept(self) -> dict[str, Any]:
        """The keys that a manifest has of them."""
        return {name: getattr(self, name) for name, option in RUN.items() if option.meaning}


COSTS = {
    "capital": Option(
        float,
        None,
        f"In quote currency; CQS_CAPITAL, else {CAPITAL:,.0f}.",
        label="Capital",
        doc="In quote currency.",
        at_first=CAPITAL,
        bounds=(0, None),
        inclusive=(False, True),
        format="0,0",
    ),
    "fee": Option(
        float,
        None,
        f"Fraction of a fill, a side; CQS_FEE, else {FEE}.",
        field="fee_pct",
        label="Fee, % a side",
        doc="Percent of each fill's value.",
        at_first=FEE,
        bounds=(0, 100),
        step=0.01,
        percent=True,
    ),
    "slippage_bps": Option(
        str,  # or the name of an account whose slippage was measured
        None,
        f"A side; or account:NAME, as measured. CQS_SLIPPAGE_BPS, else {SLIPPAGE_BPS:g}.",
        metavar="BPS",
        label="Slippage, bps a side",
        doc="Limits never slip.",
        at_first=SLIPPAGE_BPS,
        bounds=(0, 10_000),
        step=1,
    ),
    "min_order": Option(float, 0.0, "Smallest order, in quote currency."),
    "lot": Option(float, 0.0, "Quantities are multiples of it."),
    "max_volume_share": Option(
        float,
        None,
        "Most of a bar's volume that fills may make up, 0.1 for a tenth.",
        field="volume_share",
        label="Largest share of a bar's volume, %",
        doc="Fills take at most this share of a bar's volume. Empty: no limit.",
        bounds=(0, 100),
        inclusive=(False, True),
        percent=True,
    ),
    "on_end": Option(
        str,
        "hold",
        "If a symbol's candles end before the others': hold the position, or sell at the last close.",
        choices={"keep it": "hold", "sell at its last close": "sell"},
        label="When candles end early",
        doc="For a symbol whose candles end first.",
    ),
}
RUN: dict[str, Option] = {each.name: each.metadata[_OPTION] for each in fields(RunOptions)}
OPTIONS = {**COSTS, **RUN}


def kept_values(made: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each option from the manifest of a run or search; the default where it has none."""
    parts = {name: made["costs"] if name in COSTS else made for name in OPTIONS}
    return {
        name: option.read(made) if option.read else parts[name].get(name, option.default)
        for name, option in OPTIONS.items()
    }


def arguments(values: Mapping[str, Any], names: Iterable[str] = OPTIONS) -> list[str]:
    """The options as they are typed, without those that have their default.

    Args:
        values: by name, as the command takes them.
        names: of those that the command has.
    """
    found: list[str] = []
    for name in names:
        option, value, flag = OPTIONS[name], values[name], name.replace("_", "-")
        if value is None or value == option.default:
            continue
        if option.kind is bool:
            found.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            found += [f"--{flag}", number_text(value) if isinstance(value, int | float) else str(value)]
    return found


def number_text(value: float) -> str:
    """The shortest text that is read as the same number.

    >>> number_text(2.5e6), number_text(0.3), number_text(0.1 + 0.2), number_text(5)
    ('2500000', '0.3', '0.30000000000000004', '5')
    """
    short = f"{value:.12g}"
    return short if float(short) == value else repr(value)


SEARCHED = tuple(name for name, option in OPTIONS.items() if option.searched)
