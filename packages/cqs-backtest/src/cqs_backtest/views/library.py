"""The Runs page: all kept runs, searched, starred and ticked; one of them in detail, some side by side."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_backtest.runs import annotate, restore
from cqs_backtest.views.deleted_runs import deleted_runs
from cqs_backtest.views.lookup import known
from cqs_backtest.views.run_comparison import comparison, comparison_page
from cqs_backtest.views.run_details import RunDetails
from cqs_backtest.views.run_notes import damage, notes_on
from cqs_backtest.views.run_rows import KeptRun, Library, library, matches
from cqs_backtest.views.run_table import frame_of, run_table
from cqs_core import UnknownName
from cqs_panel import (
    ONE_LINE,
    WIDE,
    bar,
    choose,
    columns_button,
    empty,
    fill,
    html,
    operator_only,
    put,
    refresh,
    section,
    stack,
    strategy_title,
    table_csv,
    zone_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cqs_core.jobs import Job
    from cqs_panel import PageState

_MOST = 8  # runs that are compared at once
_ALL = ""


class RunsView(pn.viewable.Viewer):
    """The library of runs; the address has the search (`q`, `strategy`, `tag`, `star`), `run` and `compare`."""

    q = param.String(default="", label="Search runs", doc="Words of names, notes, tags, symbols, parameters.")
    strategy: param.Selector[Any] = param.Selector(default=_ALL, objects={"All": _ALL})
    tag: param.Selector[Any] = param.Selector(default=_ALL, objects={"All": _ALL})
    star = param.Boolean(default=False, label="Starred")

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._library: Library = Library((), (), ())
        self._shown: list[KeptRun] = []
        self._compared: list[str] = []
        self._table: Any = None
        self._details: RunDetails | None = None
        self._damage, self._body = pn.Column(visible=False, **WIDE), pn.Column(**WIDE)
        self._notes = pn.Column(visible=False, **WIDE)
        self._undo, self._columns = pn.Column(visible=False, **WIDE), pn.Row(margin=0, styles={"gap": "8px"})
        self._deleted_runs = pn.Column(visible=False, **WIDE)
        self._opened, self._side_by_side = pn.Column(visible=False, **WIDE), pn.Column(visible=False, **WIDE)
        self._clear = pmui.Button(
            label="Untick all", variant="text", size="small", margin=0, visible=False, sx=ONE_LINE
        )
        self._clear.on_click(lambda _: self._tick([]))
        self._take()
        self.param.watch(lambda _: self._searched(), ["q", "strategy", "tag", "star"])
        page.param.watch(self._follow, "query")
        page.param.watch(self._shown_again, "shown")
        page.on_job(self._ended)
        self.update()

    def __panel__(self) -> Any:
        note = f"newest first; click one to open it, tick some to compare them; times in {self._zone}"
        listed = section(
            "Kept runs",
            self._undo,
            self._damage,
            self._filters(),
            self._body,
            self._deleted_runs,
            note=note,
            actions=[self._clear, self._columns],
        )
        return stack(listed, self._opened, self._side_by_side)

    @property
    def _zone(self) -> str:
        return zone_name(self._page.settings.timezone)

    def _filters(self) -> Any:
        part = {"size": "small", "margin": (4, 0)}
        words = pmui.TextInput(label="Search runs", value=self.q, width=260, **part)
        words.param.watch(lambda event: self.param.update(q=event.new), "value_input")
        self.param.watch(lambda event: words.param.update(value=event.new), "q")
        return pn.FlexBox(  # a row would be as wide as all of them
            words,
            pmui.Select.from_param(self.param.strategy, width=190, **part),
            pmui.Select.from_param(self.param.tag, width=150, **part),
            pmui.Switch.from_param(self.param.star, width=110, margin=(4, 0)),
            gap="10px 12px",
            align_items="center",
            **WIDE,
        )

    def update(self) -> None:
        """Read the runs again."""
        self._page.load(lambda: library(self._page.bucket), self._show, quiet=self._table is not None)

    def _shown_again(self, event: Any) -> None:
        """Another window, or a command, may have changed something."""
        if event.new and self._table is not None:
            self.update()

    def _show(self, found: Library) -> None:
        before, self._library = self._library, found
        fill(self._damage, *damage(self._page, found.damaged, self.update))
        if found.deleted != before.deleted:
            fill(self._deleted_runs, *deleted_runs(self._page, found.deleted, self.update))
        self._offer()
        if not found.runs:
            self._table = None
            self._columns.clear()
            self._body[:] = [
                empty(
                    "No kept runs",
                    "Every backtest is kept in the bucket under runs/.",
                    link=("Run a backtest", self._page.link("backtest")),
                )
            ]
        elif self._table is None:
            self._shown = self._matching()
            self._table = run_table(self._frame(), self._opened_row, self._toggled)
            self._columns[:] = [columns_button(self._table), table_csv(self._table, "runs.csv")]
            self._body[:] = [self._table, self._notes]
            self._mark()
        else:
            self._list()
        notes = notes_on([run.made for run in found.runs], [run.luck for run in found.runs])
        if [note.object for note in notes] != [note.object for note in self._notes]:  # nothing moves for a star
            fill(self._notes, *notes)
        self._open()
        self._compare()

    def _offer(self) -> None:
        """The strategies and tags that there are; what is asked for stays on offer."""
        runs = self._library.runs
        names = sorted({*(run.made["strategy"]["name"] for run in runs), self.strategy} - {_ALL})
        tags = sorted({*(tag for run in runs for tag in run.said.tags), self.tag} - {_ALL})
        self.param.strategy.objects = {"All": _ALL, **{strategy_title(name): name for name in names}}
        self.param.tag.objects = {"All": _ALL, **{name: name for name in tags}}

    def _matching(self) -> list[KeptRun]:
        search = {"words": self.q, "strategy": self.strategy, "tag": self.tag, "starred": self.star}
        return [run for run in self._library.runs if matches(run, **search)]

    def _searched(self) -> None:
        self._page.remember(q=self.q, strategy=self.strategy, tag=self.tag, star="1" if self.star else None)
        if self._table is not None:
            self._list()

    def _list(self) -> None:
        self._shown = self._matching()
        refresh(self._table, self._frame())
        self._mark()

    def _frame(self) -> pd.DataFrame:
        return frame_of(self._shown, self._ticked, self._page.settings.timezone)

    def _opened_row(self, row: int) -> None:
        self._page.goto(self._page.slug, **self._page.query | {"run": self._shown[row].id})

    def _toggled(self, column: str, row: int) -> None:
        run = self._shown[row]
        if column == "tick":
            ticked = self._ticked
            others = [one for one in ticked if one != run.id]
            self._tick(others if run.id in ticked else [*others, run.id])
            return
        bucket, star = self._page.bucket, not run.said.star
        self._page.load(lambda: annotate(bucket, run.id, star=star), lambda _: self.update(), quiet=True)

    def _tick(self, runs: Sequence[str]) -> None:
        self._page.remember(compare=",".join(runs))

    @property
    def _ticked(self) -> list[str]:
        """The runs that the address compares."""
        asked = self._page.query.get("compare", "").split(",")
        return list(dict.fromkeys(filter(None, asked)))[:_MOST]

    def _mark(self) -> None:
        """Mark the run that is open and the runs that are ticked."""
        if self._table is None:
            return
        ticked = self._ticked
        for row, run in enumerate(self._shown):
            if bool(self._table.value["tick"].iloc[row]) != (run.id in ticked):
                put(self._table, row, tick=run.id in ticked)
        opened = self._page.query.get("run")
        choose(self._table, next((i for i, run in enumerate(self._shown) if run.id == opened), None))
        self._clear.visible = bool(ticked)

    def _take(self) -> None:
        """Take over what the address says."""
        asked = self._page.query
        for name in ("strategy", "tag"):
            value = asked.get(name, _ALL)
            if value not in self.param[name].objects.values():
                self.param[name].objects = {**self.param[name].objects, value: value}
        self.param.update(
            q=asked.get("q", ""),
            strategy=asked.get("strategy", _ALL),
            tag=asked.get("tag", _ALL),
            star=asked.get("star") == "1",
        )

    def _follow(self, event: Any) -> None:
        self._take()
        self._mark()
        if event.old.get("run") != event.new.get("run"):
            self._open()
        if event.old.get("compare") != event.new.get("compare"):
            self._compare()
            if len(self._page.query.get("compare", "").split(",")) > _MOST:
                self._page.say(f"{_MOST} runs are compared at once; untick one first.")
                self._tick(self._ticked)

    def _open(self) -> None:
        asked = self._page.query.get("run")
        run = next((run for run in self._library.runs if run.id == asked), None)
        if run is None:
            self._details = None
            fill(self._opened)
            if asked:
                self._page.say(f"There is no run {asked[:80]!r} here.")
                self._page.remember(run=None)
        elif self._details is None or self._details.run.id != asked:
            self._details = RunDetails(self._page, run, self.update, self._deleted)
            fill(self._opened, self._details)
            self._page.reveal("cqs-run-details")
        else:
            self._details.update(run)

    def _compare(self) -> None:
        asked = self._ticked
        if len(asked) < 2 or not self._library.runs:
            self._compared = []
            fill(self._side_by_side)
        elif asked != self._compared:
            self._compared = asked
            page = self._page
            page.load(lambda: (asked, known(lambda: comparison(page, asked))), self._show_comparison)

    def _show_comparison(self, found: tuple[list[str], Any]) -> None:
        asked, compared = found
        if asked != self._compared:
            return
        if isinstance(compared, UnknownName):
            self._page.say(str(compared))
            present = {run.id for run in self._library.runs}
            self._tick([run for run in asked if run in present])
            return
        titles = {run.id: run.title for run in self._library.runs}
        fill(self._side_by_side, comparison_page(self._page, compared[0], compared[1], titles))

    def _deleted(self, run: KeptRun) -> None:
        """After a run was deleted: it leaves the page, and can come back."""
        undo = pmui.Button(label="Undo", icon="undo", variant="outlined", size="small", margin=0)
        bucket = self._page.bucket
        undo.on_click(lambda _: self._page.load(lambda: (restore(bucket, run.id), library(bucket)), self._restored))
        operator_only(undo)
        said = html(
            f'<span role="status">Deleted: {escape(run.title)}. It still counts as tried.</span>', sizing_mode=None
        )
        fill(self._undo, bar(said, undo))
        ticked = [one for one in self._ticked if one != run.id]
        self._page.remember(run=None, compare=",".join(ticked))
        self.update()

    def _restored(self, found: tuple[str, Library]) -> None:
        run, kept = found
        fill(self._undo)
        self._show(kept)
        self._page.remember(run=run)

    def _ended(self, job: Job) -> None:
        if job.args[:1] == ["backtest"] and job.args[1:2] and job.args[1] in ("run", "confirm"):
            self.update()
