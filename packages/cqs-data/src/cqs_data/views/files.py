"""Files into the lake from the page: drop one, see what it is, confirm; imports with undo."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_core import INTERVALS, Lake, plugins, require_operator
from cqs_data.importing import Imported, ImportRecord, Options, import_files, imports, undo
from cqs_panel import (
    FIELD,
    WIDE,
    count,
    ignore_double_clicks,
    notice,
    operator_only,
    plain_table,
    section,
    stack,
    when,
    zone_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cqs_panel import PageState

_ROW = {"margin": 0, "styles": {"gap": "8px", "flex-wrap": "wrap"}}
_LARGEST = 200_000_000  # bytes; larger files are for the command line
_VERDICT = ("File", "Recognized as", "Series", "Clock", "First", "Last", "Candles", "Rejected", "Replaces", "Jumps")
_AUTO = "by the file"
_CERTAIN = ("in the file", "given", "format")  # why a clock was taken, where that needs no word


class FilesPanel(pn.viewable.Viewer):
    """Import and undo.

    Args:
        page: the Data page.
        changed: called after the lake changed.
    """

    exchange = param.String(default="", doc="Whose candles the files have, also of one that is gone.")
    market = param.String(default="", doc="BASE/QUOTE; empty takes it from the file.")
    interval: Any = param.Selector(default=_AUTO, objects=[_AUTO, *INTERVALS], doc="Length of the candles.")
    zone = param.String(default="", doc="IANA name, of times without an offset; empty takes the exchange's.")
    absent = param.Boolean(default=False, doc="Bars that the files do not have had no trade.")
    replace = param.Boolean(default=False, doc="Files may replace fetched candles that have other values.")

    def __init__(self, page: PageState, changed: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._changed = page, changed
        self.exchange = page.settings.exchange
        self._files = pmui.FileInput(
            label="Choose files, or drop them here",
            multiple=True,
            variant="outlined",
            max_total_file_size=_LARGEST,
            **FIELD,
        )
        operator_only(self._files)
        self._verdict = pn.Column(**WIDE)
        self._asked = 0  # how often verdicts were asked for
        self._store = self._button("Import", "upload", self._import, color="primary", disabled=True)
        self._imports = pn.Column(**WIDE)
        self._files.param.watch(lambda _: self._look(), "value")
        self.param.watch(lambda _: self._look(), ["exchange", "market", "interval", "zone", "absent", "replace"])

    def __panel__(self) -> Any:
        note = "CSV, JSON, parquet or feather, also zipped; nothing is stored before you confirm"
        form = section("Import files", self._files, self._form(), self._verdict, self._store, note=note)
        past = section("Imports", self._imports, note=f"times in {zone_name(self._page.settings.timezone)}")
        return stack(form, past)

    def refresh(self) -> None:
        """Show the imports that the lake has."""
        self._page.load(lambda: imports(Lake(self._page.bucket)), self._show_imports)

    def _form(self) -> Any:
        own, part = self.param, {"margin": (6, 0), "width": 220}
        return pn.FlexBox(
            pmui.AutocompleteInput.from_param(
                own.exchange, options=sorted(plugins().exchanges()), restrict=False, min_characters=0, **part
            ),
            pmui.TextInput.from_param(own.market, label="Market (optional)", **part),
            pmui.Select.from_param(own.interval, **part),
            pmui.TextInput.from_param(own.zone, label="Time zone (optional)", **part),
            pmui.Checkbox.from_param(own.absent, label="Missing bars had no trade", margin=(6, 0)),
            pmui.Checkbox.from_param(own.replace, label="Replace fetched candles", margin=(6, 0)),
            gap="0 16px",
            margin=0,
        )

    def _options(self) -> Options:
        return Options(
            exchange=self.exchange,
            market=self.market.strip() or None,
            interval=None if self.interval == _AUTO else self.interval,
            zone=self.zone.strip() or None,
            absent="no-trade" if self.absent else "unknown",
            replace=self.replace,
        )

    def _look(self) -> None:
        self._asked = asked = self._asked + 1
        self._store.disabled = True
        self._verdict.clear()
        if files := self._given():
            require_operator("import files")  # before they are read: a client can send what no page offers
            options = self._options()
            self._page.load(lambda: (asked, imported(self._page.bucket, files, options, dry_run=True)), self._looked)

    def _import(self) -> None:
        if self._store.disabled:  # the second click of a double click was on its way
            return
        files, options = self._given(), self._options()
        self._store.disabled = True
        self._page.load(lambda: imported(self._page.bucket, files, options), self._stored)

    def _given(self) -> dict[str, bytes]:
        names, values = self._files.filename or [], self._files.value or []
        if isinstance(names, str):
            names, values = [names], [values]
        return dict(zip(names, values, strict=True))

    def _looked(self, found: tuple[int, Sequence[Imported] | str]) -> None:
        asked, done = found
        if asked == self._asked:  # else it is about other files or options than those that would be stored
            self._show_verdict(done)

    def _show_verdict(self, done: Sequence[Imported] | str) -> None:
        if isinstance(done, str):
            self._verdict[:] = [notice(done, "warning")]
            return
        rows = [_verdict_row(one, self._page.settings.timezone) for one in done]
        notes = [notice(note) for note in _notes(done)]
        self._verdict[:] = [plain_table(_VERDICT, rows, numbers=(6, 7, 8, 9)), *notes]
        self._store.disabled = False

    def _stored(self, done: Sequence[Imported] | str) -> None:
        if isinstance(done, str):
            self._show_verdict(done)
            return
        candles = sum(len(one.found.checked.table) for one in done)
        self._files.clear()
        self._verdict[:] = [notice(f"{count(candles)} candles imported", "success")]
        self.refresh()
        self._changed()

    def _show_imports(self, found: Sequence[ImportRecord]) -> None:
        rows = [self._record(one) for one in reversed(found)]
        self._imports[:] = rows or [plain_table(("Import",), [("nothing was imported",)])]

    def _record(self, one: ImportRecord) -> Any:
        zone = self._page.settings.timezone
        span = (when(one.first, zone), when(one.last, zone))
        cells = (one.id, str(one.series), *span, count(one.rows), ", ".join(one.files[:3]) or None)
        shown = plain_table(("Import", "Series", "First", "Last", "Candles", "Files"), [cells], numbers=(4,))
        back = self._button("Undo", "undo", lambda: self._undo(one.id))
        ignore_double_clicks(back)  # it comes where that of an import was that is undone
        return pn.Row(shown, back, **_ROW)

    def _undo(self, id_: str) -> None:
        def after(_: ImportRecord) -> None:
            self.refresh()
            self._changed()

        self._page.load(lambda: undo(Lake(self._page.bucket), id_), after)

    @staticmethod
    def _button(label: str, icon: str, do: Callable[[], None], **params: Any) -> Any:
        options = {"variant": "contained" if params.get("color") else "outlined", "size": "small", "margin": (4, 0)}
        button = pmui.Button(label=label, icon=icon, **{**options, **params})
        button.on_click(lambda _: do())
        operator_only(button)
        return button


def imported(
    bucket: Any, files: Mapping[str, bytes], options: Options, *, dry_run: bool = False
) -> Sequence[Imported] | str:
    """The result of uploaded files, or why they were refused."""
    from cqs_core import UsageError

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for n, (name, data) in enumerate(files.items()):
            path = Path(folder) / str(n) / (Path(name).name or "file")
            path.parent.mkdir()
            path.write_bytes(data)
            paths.append(path)
        try:
            return import_files(Lake(bucket), paths, options, dry_run=dry_run)
        except UsageError as error:
            return str(error)


def _verdict_row(one: Imported, zone: str | None) -> tuple[object, ...]:
    found = one.found
    counts = (len(found.checked.table), len(found.checked.rejects), one.replaced, one.flagged)
    span = (when(found.first, zone), when(found.last, zone))
    return (found.file, found.format, str(found.series), found.zone.name, *span, *map(count, counts))


def _notes(done: Sequence[Imported]) -> list[str]:
    """Notes on the files, each once: their clock, and other findings."""
    found = [one.found for one in done]
    clocks = [f"times read as {one.zone.name}: {one.zone.why}" for one in found if one.zone.why not in _CERTAIN]
    empty = sum(one.empty for one in found)
    missing = [f"{count(empty)} rows without prices; choose “Missing bars had no trade” if nothing was traded then"]
    return list(dict.fromkeys([*clocks, *(note for one in found for note in one.notes), *(missing if empty else [])]))
