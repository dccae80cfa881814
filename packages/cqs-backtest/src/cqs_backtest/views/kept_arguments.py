"""The commands that go on from what is kept: a set of a search as a run, a stopped search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_backtest.request import BASKET
from cqs_backtest.run_options import OPTIONS, SEARCHED, arguments, kept_values, number_text
from cqs_backtest.search.store import column_of
from cqs_backtest.views.argument_text import feature_lines, set_arguments
from cqs_backtest.views.search_form import objectives_of
from cqs_core import UnknownName, UsageError, plugins, settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def run_arguments(made: Mapping[str, Any], row: Mapping[str, Any], name: str) -> list[str]:
    """The arguments of `cqs` that run one set and keep it.

    Args:
        made: manifest of the search.
        row: of the set.
        name: of the run.
    """
    values = _known({parameter: row[column_of(parameter)] for parameter in own_parameters(made)})
    return ["backtest", "run", *request_arguments(made), "--name", name, *set_arguments(values)]


def again_arguments(made: Mapping[str, Any], name: str = "") -> list[str]:
    """The arguments of `cqs` that make a kept run again, with all its settings.

    Args:
        made: its manifest.
        name: of the new run.

    Raises:
        UsageError: it cannot be made from its manifest alone; the message says how it can.
    """
    _require_command(made)
    found = ["backtest", "run", *request_arguments(made, OPTIONS)]
    if (benchmark := made.get("benchmark") or BASKET) != BASKET:
        found += ["--benchmark", benchmark]
    found += ["--engine", made["engine"]]
    if (impact := made["costs"].get("impact")) is not None:
        found += ["--impact", number_text(impact)]
    found += set_arguments(_known(own_parameters(made)))
    return [*found, "--name", name] if name else found


def _require_command(made: Mapping[str, Any]) -> None:
    """Nothing is run from a path that a bucket names, and nothing is run with other settings than the manifest's."""
    run, reference = made["id"], str(made["strategy"]["reference"])
    try:
        plugins().strategy(reference)
    except UnknownName:
        fact = f"run {run!r} was made by {reference[:80]!r}, which is not an installed strategy"
        raise UsageError(f"{fact}; `cqs backtest verify {run}` says how its kept code is run") from None
    if lacking := [name for name, about in made.get("features", {}).items() if not about["source"]]:
        raise UsageError(f"feature {lacking[0]!r} of run {run!r} came from Python; make the run again there")
    if made["day_start"] != settings().day_start:
        fact = f"a day of run {run!r} starts {made['day_start']:,} ms after 00:00 UTC"
        raise UsageError(f"{fact}, here {settings().day_start:,} ms; set CQS_DAY_START")


def resume_arguments(made: Mapping[str, Any]) -> list[str]:
    """The arguments of `cqs` that go on with a sweep."""
    return ["backtest", "sweep", *search_arguments(made), "--yes", "--resume", str(made["id"])]


def search_arguments(made: Mapping[str, Any]) -> list[str]:
    """The strategy and the options of every command that searches, as a sweep was made with."""
    found = request_arguments(made)
    found += [part for name in objectives_of(made) for part in ("--objective", name)]
    fixed = {parameter: value for parameter, value in own_parameters(made).items() if parameter not in made["axes"]}
    found += set_arguments(_known(fixed))
    for parameter in made["axes"]:
        typed = (made["ranges"] or {}).get(parameter)
        found += ["--param", f"{parameter}={typed}" if typed else parameter]
    for text in made["requirements"]:
        found += ["--require", text]
    for key, option in (("random", "--random"), ("optimize", "--optimize")):
        if made.get(key) is not None:
            found += [option, str(made[key]), "--seed", str(made["random_seed"])]
    return found


def request_arguments(made: Mapping[str, Any], options: Iterable[str] = SEARCHED) -> list[str]:
    """The strategy and the options that a run and a search share, but for the parameters of the strategy.

    Args:
        made: manifest of either.
        options: that the command has.
    """
    found = [made["strategy"]["reference"], "--exchange", made["exchange"]]
    found += ["--symbols", ",".join(made["symbols"]), "--interval", made["interval"]]
    found += [part for edge in ("start", "end") if made[edge] for part in (f"--{edge}", made[edge])]
    found += arguments(kept_values(made), options)
    for line in filter(None, feature_lines(made.get("features", {})).splitlines()):
        found += ["--feature", line]
    only = made["strategy"]["parameters"].get("only_in")
    return [*found, "--only-in", only] if only else found


def own_parameters(made: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that its strategy has by itself; `only_in` is an option of the command."""
    return {name: value for name, value in made["strategy"]["parameters"].items() if name != "only_in"}


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that have a value."""
    return {name: value for name, value in values.items() if value is not None}
