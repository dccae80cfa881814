"""The SQL page: one SELECT over candles, runs, trades and what plugins add; read-only, with limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_core import CqsError
from cqs_core.lake import QueryLimits, QueryProcess
from cqs_data.views.sql.catalog import catalog_pane, examples
from cqs_data.views.sql.editor import SqlEditor
from cqs_panel import bar, beside, count, empty, failure, fill, section, size, stack

if TYPE_CHECKING:
    import pandas as pd

    from cqs_core.lake import Answer
    from cqs_panel import PageState

_SECONDS = 0.25
_LONGEST = 4_000  # characters of a query in an address
_NONE = "none"
_BELOW = ":host{grid-column:1/-1}"
_LAST_IF_NARROW = "@media(max-width:1000px){:host{order:1}}"


class SqlView(pn.viewable.Viewer):
    """The query, what it can ask, and its answer; `?q=` is the query, which is run when the page opens."""

    def __init__(self, page: PageState) -> None:
        super().__init__()
        self._page = page
        self._process: QueryProcess | None = None
        self._written = page.query.get("q", "")
        self._examples = examples()
        first = next(iter(self._examples.values()), "")
        self._editor = SqlEditor(self._run, value=self._written or first)
        self._result = stack(stylesheets=[_BELOW])
        self._start = pmui.Button(label="Run", icon="play_arrow", color="primary", size="small", margin=0)
        self._start.on_click(lambda _: self._run(self._editor.value))
        self._stop = pmui.Button(label="Cancel", variant="outlined", size="small", margin=0, visible=False)
        self._stop.on_click(lambda _: self.cancel())
        self._blank()
        page.param.watch(self._follow, "query")
        page.every(_SECONDS, self._look)
        page.at_end(self.cancel)
        if self._written:
            self._run(self._written)

    def __panel__(self) -> Any:
        limits = QueryLimits()
        note = f"one SELECT, read-only; at most {limits.seconds:g} s, {count(limits.rows)} rows, {size(limits.memory)}"
        query = section("SQL", self._editor, bar(self._start, self._stop, self._choice()), note=f"{note}; Ctrl+Enter")
        tables = section("Tables", catalog_pane(), note="times are in UTC", stylesheets=[_LAST_IF_NARROW])
        return beside(query, tables, self._result, columns="2fr 1fr")

    def cancel(self) -> None:
        """End the query that is under way."""
        if self._process is not None:
            self._process.cancel()

    def _choice(self) -> Any:
        menu = pmui.Select(label="Example", options=[_NONE, *self._examples], size="small", width=250, margin=0)

        def chosen(event: Any) -> None:
            if event.new in self._examples:
                self._editor.value = self._examples[event.new]
                self._run(self._editor.value)
                menu.value = _NONE

        menu.param.watch(chosen, "value")
        return menu

    def _follow(self, event: Any) -> None:
        """Another query in the address, by a link or the back button."""
        query = event.new.get("q", "")
        if query and query != self._written:
            self._editor.value = query
            self._run(query)

    def _run(self, query: str) -> None:
        self.cancel()
        self._editor.mark("")
        self._written = query if len(query) <= _LONGEST else ""
        self._page.remember(q=self._written)
        if not query.strip():
            self._blank()
            return
        self._process = QueryProcess(self._page.bucket.url, query)
        self._working(yes=True)

    def _working(self, *, yes: bool) -> None:
        self._start.loading = yes
        self._stop.visible = yes

    def _look(self) -> None:
        if self._process is None or not self._process.over:
            return
        process, self._process = self._process, None
        self._working(yes=False)
        try:
            answer = process.result()
        except CqsError as error:
            self._editor.mark(str(error))
            fill(self._result, failure("The query did not run", error))
            return
        self._page.load(lambda: (answer, *_frames(answer)), self._show, quiet=True)

    def _show(self, made: tuple[Answer, pd.DataFrame, pd.DataFrame]) -> None:
        from cqs_data.views.sql.result import SqlResult

        fill(self._result, SqlResult(self._page, made[0], made[1:]))

    def _blank(self) -> None:
        fill(self._result, section("", empty("No query yet", "Write one, or choose an example; Ctrl+Enter runs it.")))


def _frames(answer: Answer) -> tuple[pd.DataFrame, pd.DataFrame]:
    from cqs_data.views.sql.result import frames_of

    return frames_of(answer)
