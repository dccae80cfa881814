"""Values of a form as text: arguments of the command line, and features as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_backtest.run_options import number_text
from cqs_panel import to_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of fields without the digits that sliders and percentages add: 0.6000000000000001 is 0.6."""
    return {name: float(to_text(value)) if isinstance(value, float) else value for name, value in values.items()}


def set_arguments(values: Mapping[str, Any]) -> list[str]:
    """Parameters of a strategy as the command line takes them: every number to its last digit."""
    return [part for name, value in values.items() for part in ("--set", f"{name}={_assigned(value)}")]


def _assigned(value: Any) -> str:
    value = value.item() if hasattr(value, "item") else value  # numpy's
    if isinstance(value, float):
        return number_text(value)
    return str(value) if value is None or isinstance(value, bool) else to_text(value)


def feature_lines(features: dict[str, Any]) -> str:
    """The features of a manifest as they were typed; those from Python have no source to take them from again."""
    lines = []
    for name, about in features.items():
        known = about["known"] if not str(about["known"]).isdigit() else f"{int(about['known']) / 1000:g}s"
        if about["source"]:
            lines.append(f"{name}{'' if known == 'close' else f'@{known}'}={about['source']}")
    return "\n".join(lines)
