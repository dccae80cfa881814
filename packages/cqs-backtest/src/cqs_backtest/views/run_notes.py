"""Notes below lists of runs: damage, figures of other formulas, what the deflated Sharpe ratio means."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

import panel_material_ui as pmui

from cqs_backtest.luck import SURE
from cqs_backtest.metrics.conventions import version_note
from cqs_backtest.runs import FOLDER, set_aside
from cqs_core.files import NewerFormat
from cqs_panel import failure, html, operator_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cqs_backtest.luck import Luck
    from cqs_core import CqsError
    from cqs_panel import PageState

_MOST = 5  # damaged runs


def damage(page: PageState, damaged: Sequence[CqsError], changed: Callable[[], None]) -> Iterator[Any]:
    """A card for each manifest that cannot be read, until it can, or is out of the way; for the first few.

    Args:
        page: that shows them.
        damaged: the errors of `survey`.
        changed: called when one was set aside.
    """
    return (_fault(page, error, changed) for error in damaged[:_MOST])


def _fault(page: PageState, error: CqsError, changed: Callable[[], None]) -> Any:
    run = str(error).partition("/manifest.json")[0].removeprefix(f"{FOLDER}/")
    bucket = page.bucket
    aside = pmui.Button(label="Set it aside", variant="outlined", size="small", margin=0)
    aside.on_click(lambda _: page.load(lambda: set_aside(bucket, run), lambda _: changed()))
    operator_only(aside)
    actions = [] if isinstance(error, NewerFormat) else [aside]  # a newer run is whole
    return failure(f"Run {run} cannot be listed", error, actions=actions)


def notes_on(found: Sequence[Mapping[str, Any]], worth: Sequence[Luck]) -> list[Any]:
    """Notes on runs with figures of another version of a formula, and on deflated Sharpe ratios where there are any."""
    others = Counter(filter(None, map(version_note, found)))
    lines = [f"{runs} {'run' if runs == 1 else 'runs'} {note}" for note, runs in others.items()]
    if any(luck.searched for luck in worth):
        lines.append(f"Deflated Sharpe: the probability of skill, after so many sets were tried; {SURE:.0%} is asked.")
    return [html(f'<span class="note">{escape(line)}</span>') for line in lines]
