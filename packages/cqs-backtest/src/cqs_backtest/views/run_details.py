"""One run of the library: its name, tags and note to edit, and what can be done with it."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_backtest import charts
from cqs_backtest.runs import Annotation, annotate, annotation_of, delete, read
from cqs_backtest.runs.annotating import LONGEST_NAME, LONGEST_NOTE
from cqs_backtest.views.kept_arguments import again_arguments
from cqs_backtest.views.lookup import tried
from cqs_backtest.views.run_figures import badges
from cqs_backtest.views.titles import candles_of, title_of
from cqs_core import CqsError, UsageError
from cqs_panel import FIELD, ONE_LINE, WIDE, ConfirmButton, bar, beside, fill, html, operator_only, section, stack
from cqs_panel.charts import ChartPane, drawing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cqs_backtest.views.run_rows import KeptRun
    from cqs_panel import PageState

_LOOK: Any = {"variant": "outlined", "size": "small", "margin": 0, "sx": ONE_LINE}


class RunDetails(pn.viewable.Viewer):
    """What the user says about a run, and buttons for it.

    Args:
        page: the Runs page.
        run: that is open.
        changed: called after an edit was kept.
        removed: called with the run after it was deleted.
    """

    def __init__(
        self, page: PageState, run: KeptRun, changed: Callable[[], None], removed: Callable[[KeptRun], None]
    ) -> None:
        super().__init__()
        self._page, self.run, self._changed, self._removed = page, run, changed, removed
        self._seen = run.said
        self._name = pmui.TextInput(label="Name", value=run.said.name, max_length=LONGEST_NAME, **FIELD)
        self._tags = pmui.TextInput(label="Tags, separated by commas", value=", ".join(run.said.tags), **FIELD)
        self._note = pmui.TextAreaInput(label="Note", value=run.said.note, rows=4, max_length=LONGEST_NOTE, **FIELD)
        self._save = self._button("Save", "save", self._keep, variant="contained")
        self._delete = ConfirmButton("Delete", "Delete this run?", self._remove, icon="delete", **_LOOK)
        self._head, self._message = html(""), pn.Column(visible=False, **WIDE)
        bucket, id_ = page.bucket, run.id
        self._curve = ChartPane(page, 284).draw(lambda: charts.equity(read(bucket, id_), height=260, mode="page"))
        operator_only(self._name, self._tags, self._note, self._save)
        if run.said.fault:
            self._say(run.said.fault)

    def __panel__(self) -> Any:
        made = self.run.made
        close = self._button("Close", "close", lambda: self._page.remember(run=None), variant="text")
        about = stack(badges(made["badges"]), bar(*self._ways()), self._message, self._curve)
        edited = stack(self._name, self._tags, self._note, bar(self._save))
        note = f"{title_of(made)}; {candles_of(made)}; run {self.run.id}"
        self._entitle()
        return section(
            "Run", self._head, beside(about, edited), note=note, actions=[close], css_classes=["cqs-run-details"]
        )

    def update(self, run: KeptRun) -> None:
        """Take what is kept now; what the user has typed and not saved stays."""
        fields = ((self._name, "name", str), (self._note, "note", str), (self._tags, "tags", ", ".join))
        for widget, name, text in fields:
            before, now = getattr(self._seen, name), getattr(run.said, name)
            if before != now and widget.value == text(before):
                widget.value = text(now)
                self._seen = replace(self._seen, **{name: now})
        self.run = run
        self._entitle()

    def _entitle(self) -> None:
        self._head.object = f'<div class="head"><h2>{escape(self.run.title)}</h2></div>'

    def _ways(self) -> list[Any]:
        """What can be done with the run."""
        run = self.run.id
        report = pmui.FileDownload(
            callback=self._report,
            filename=f"{run}.html",
            label="Report",
            icon="description",
            width=110,
            **_LOOK,
        )
        starts = (
            self._button("Run again", "replay", self._again),
            self._button("Verify", "fact_check", lambda: self._job("Verify", "verify")),
            self._button("Confirm on bt", "balance", lambda: self._job("Confirm", "confirm")),
        )
        operator_only(*starts)
        opens = self._button("Open", "query_stats", lambda: self._page.goto("backtest", run=run), variant="contained")
        return [opens, *starts, report, self._delete]

    def _button(self, label: str, icon: str, do: Callable[[], Any], **params: Any) -> Any:
        button = pmui.Button(label=label, icon=icon, **{**_LOOK, **params})
        button.on_click(lambda _: do())
        return button

    def _say(self, text: str) -> None:
        fill(self._message, html(f'<div class="fault" role="alert">{escape(text)}</div>'))

    def _job(self, verb: str, command: str) -> None:
        fill(self._message)
        self._page.start(f"{verb} {self.run.title}", ["backtest", command, self.run.id])

    def _again(self) -> None:
        try:
            arguments = again_arguments(self.run.made, self.run.said.name)
        except UsageError as error:
            self._say(str(error))
            return
        fill(self._message)
        self._page.start(f"Run again {self.run.title}", arguments)

    def _keep(self) -> None:
        changes = {"name": self._name.value, "note": self._note.value, "tags": self._tags.value.split(",")}
        bucket, run, seen = self._page.bucket, self.run, self._seen
        self._page.load(lambda: tried(lambda: annotate(bucket, run.id, seen, **changes)), self._kept)

    def _kept(self, said: Annotation | CqsError) -> None:
        if isinstance(said, CqsError):
            self._say(str(said))
            self._page.load(lambda: annotation_of(self._page.bucket, self.run.made), self._look_again, quiet=True)
            return
        self._seen = said
        self._name.value, self._note.value, self._tags.value = said.name, said.note, ", ".join(said.tags)
        fill(self._message)
        self._page.say("Saved.")
        self._changed()

    def _look_again(self, said: Annotation) -> None:
        """The next save is made knowing what is kept now."""
        self._seen = said

    def _remove(self) -> None:
        bucket, run = self._page.bucket, self.run
        self._page.load(lambda: tried(lambda: delete(bucket, run.id)), self._gone)

    def _gone(self, deleted: str | CqsError) -> None:
        if isinstance(deleted, CqsError):
            self._say(str(deleted))
        else:
            self._removed(self.run)

    async def _report(self) -> io.BytesIO:
        """The tear sheet, made in a thread."""
        bucket, run = self._page.bucket, self.run
        return io.BytesIO((await asyncio.to_thread(lambda: _tear_sheet(bucket, run))).encode())


def _tear_sheet(bucket: Any, run: KeptRun) -> str:
    from cqs_backtest.report import tear_sheet

    stored = read(bucket, run.id)
    with drawing:
        return tear_sheet(stored, run.luck)
