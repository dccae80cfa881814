"""The commands that go on from what is kept: a set of a search as a run, a stopped search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_backtest.run_options import SEARCHED, arguments, kept_values
from cqs_backtest.search.store import column_of
from cqs_backtest.views.form import feature_lines
from cqs_backtest.views.search_form import objectives_of
from cqs_panel import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def run_arguments(made: Mapping[str, Any], row: Mapping[str, Any], name: str) -> list[str]:
    """The arguments of `cqs` that run one set and keep it.

    Args:
        made: manifest of the search.
        row: of the set.
        name: of the run.
    """
    found = ["backtest", "run", *request_arguments(made), "--name", name]
    for parameter in made["strategy"]["parameters"]:
        if parameter != "only_in" and (value := row[column_of(parameter)]) is not None:
            found += ["--set", f"{parameter}={_text(value)}"]
    return found


def resume_arguments(made: Mapping[str, Any]) -> list[str]:
    """The arguments of `cqs` that go on with a sweep."""
    return ["backtest", "sweep", *search_arguments(made), "--yes", "--resume", str(made["id"])]


def search_arguments(made: Mapping[str, Any]) -> list[str]:
    """The strategy and the options of every command that searches, as a sweep was made with."""
    found = request_arguments(made)
    found += [part for name in objectives_of(made) for part in ("--objective", name)]
    for parameter, value in made["strategy"]["parameters"].items():
        if parameter != "only_in" and parameter not in made["axes"] and value is not None:
            found += ["--set", f"{parameter}={_text(value)}"]
    for parameter in made["axes"]:
        typed = (made["ranges"] or {}).get(parameter)
        found += ["--param", f"{parameter}={typed}" if typed else parameter]
    for text in made["requirements"]:
        found += ["--require", text]
    for key, option in (("random", "--random"), ("optimize", "--optimize")):
        if made.get(key) is not None:
            found += [option, str(made[key]), "--seed", str(made["random_seed"])]
    return found


def request_arguments(made: Mapping[str, Any]) -> list[str]:
    """The strategy and the options that a run and a search share, but for the parameters of the strategy."""
    found = [made["strategy"]["reference"], "--exchange", made["exchange"]]
    found += ["--symbols", ",".join(made["symbols"]), "--interval", made["interval"]]
    found += [part for edge in ("start", "end") if made[edge] for part in (f"--{edge}", made[edge])]
    found += arguments(kept_values(made), SEARCHED)
    for line in filter(None, feature_lines(made["features"]).splitlines()):
        found += ["--feature", line]
    only = made["strategy"]["parameters"].get("only_in")
    return [*found, "--only-in", only] if only else found


def _text(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value  # numpy's
    return str(value) if isinstance(value, bool) else to_text(value)
