"""Kept sweeps: a table from which one is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import panel as pn

from cqs_backtest.metrics.conventions import CONVENTIONS
from cqs_backtest.search.kept import survey
from cqs_backtest.search.store import SweepFolder
from cqs_backtest.views.titles import coins_of, made_at
from cqs_panel import (
    WIDE,
    choose,
    columns_button,
    empty,
    failure,
    fill,
    section,
    strategy_title,
    table,
    table_csv,
    zone_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_backtest.search.kept import KeptSearch
    from cqs_core import Bucket, CqsError
    from cqs_panel import PageState

_TITLES = {
    "strategy": "Strategy",
    "symbols": "Symbols",
    "sets": "Sets",
    "state": "State",
    "objective": "Objective",
    "best": "Best",
    "dsr": "Deflated Sharpe %",
    "made": "Made",
}
_SHOWN_FAULTS = 5  # damaged sweeps
_PHONE = ("strategy", "state", "best", "dsr")


class KeptSweeps(pn.viewable.Viewer):
    """The list of sweeps.

    Args:
        page: whose bucket has them.
        slug: of the page that opens one.
    """

    def __init__(self, page: PageState, slug: str) -> None:
        super().__init__()
        self._page, self._slug = page, slug
        self._found: Sequence[tuple[KeptSearch, str]] = []
        self._body, self._damage = pn.Column(**WIDE), pn.Column(visible=False, **WIDE)
        self._columns = pn.Row(margin=0, styles={"gap": "8px"})
        self._table: Any = None
        page.param.watch(lambda _: self._mark(), "query")
        self.update()

    def __panel__(self) -> Any:
        note = f"newest first; click one to open it; times in {zone_name(self._page.settings.timezone)}"
        return section("Kept sweeps", self._damage, self._body, note=note, actions=[self._columns])

    def update(self) -> None:
        """Read the list again."""
        self._page.load(lambda: listed(self._page.bucket), self._show, quiet=bool(self._found))

    def _show(self, surveyed: tuple[Sequence[tuple[KeptSearch, str]], Sequence[CqsError]]) -> None:
        self._found, damaged = surveyed
        fill(self._damage, *(failure("A sweep cannot be listed", error) for error in damaged[:_SHOWN_FAULTS]))
        if not self._found:
            self._columns.clear()
            self._table = None
            self._body[:] = [empty("No sweeps yet", "Choose ranges and start: every set is stored as it comes.")]
            return
        self._table = self._made_table()
        self._columns[:] = [columns_button(self._table), table_csv(self._table, "sweeps.csv")]
        self._body[:] = [self._table]
        self._mark()

    def _mark(self) -> None:
        """Mark the search that the page shows."""
        if self._table is not None:
            shown = self._page.query.get("sweep")
            choose(self._table, next((i for i, (one, _) in enumerate(self._found) if one.folder.id == shown), None))

    def _made_table(self) -> Any:
        zone = self._page.settings.timezone
        frame = pd.DataFrame([_row(one, state, zone) for one, state in self._found], columns=list(_TITLES))
        return table(
            frame,
            titles=_TITLES,
            numbers={"sets": "0,0", "best": "0,0.00", "dsr": "0.0"},
            filters=("strategy", "symbols"),
            page_size=8,
            phone=_PHONE,
            on_click=lambda i: self._page.goto(self._slug, sweep=self._found[i][0].folder.id),
        )


def listed(bucket: Bucket) -> tuple[Sequence[tuple[KeptSearch, str]], Sequence[CqsError]]:
    """The sweeps of a bucket with their state, newest first, and errors for those that cannot be read."""
    found, damaged = survey(bucket, [SweepFolder])
    return [(one, _state(one)) for one in found], damaged


def _state(one: KeptSearch) -> str:
    """Whether it is done; how far it is, if not."""
    if one.result is not None or not isinstance(one.folder, SweepFolder):
        return "done"
    done = sum(stop - start for start, stop in one.folder.parts())
    return f"{done / max(1, one.manifest['sets']):.0%} done"


def _row(one: KeptSearch, state: str, zone: str | None) -> dict[str, Any]:
    made, result = one.manifest, one.result or {}
    best, dsr = result.get("best") or {}, result.get("dsr")
    return {
        "strategy": strategy_title(made["strategy"]["name"]),
        "symbols": coins_of(made),
        "sets": made["sets"],
        "state": state,
        "objective": CONVENTIONS[made["objective"]].label if made["objective"] in CONVENTIONS else made["objective"],
        "best": best.get(made["objective"]),
        "dsr": None if dsr is None else 100 * dsr,
        "made": made_at(made, zone),
    }
