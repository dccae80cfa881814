"""The first step with bots: their logs have to be in the bucket. They are written there, synced, or uploaded here."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui
import param

from cqs_core import UsageError, plugins
from cqs_core.isolation import foreign
from cqs_core.permission import require_operator
from cqs_monitor.logs.layout import PREFIXES
from cqs_monitor.performance.reader import reader_of
from cqs_panel import FIELD, Step, fill, html, notice, operator_only, section, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cqs_core import Bucket
    from cqs_panel import PageState

_LARGEST = 64 << 20  # bytes
_ACCOUNT = re.compile(r"\w(?:[\w .-]{0,62}\w)?")
_CSS = """
p{margin:4px 0;font-size:13px}
code{background:var(--cqs-hover);border-radius:6px;padding:2px 6px;overflow-wrap:anywhere}
"""


def step(bucket: Bucket) -> Step:
    """Done when there is an account."""
    return Step(
        "Connect a bot",
        "Bring the trade logs of a live bot into the bucket: profit, positions and alerts follow by themselves.",
        "Connect a bot",
        done=bool(reader_of(bucket.address).refresh().snapshot.accounts),
    )


class ConnectBot(pn.viewable.Viewer):
    """Where a bot's logs belong, and a form that puts some there.

    Args:
        page: the Monitor page.
        changed: called when files were stored.
    """

    account = param.String(default="Main", doc="The name of the bot's account: a folder of the bucket.")

    def __init__(self, page: PageState, changed: Callable[[], None]) -> None:
        super().__init__()
        self._page, self._changed = page, changed
        self._where = html("", stylesheets=[_CSS])
        self._files = pmui.FileInput(
            label="Choose log files, or drop them here",
            multiple=True,
            variant="outlined",
            max_total_file_size=_LARGEST,
            **FIELD,
        )
        self._store = pmui.Button(label="Store the files", icon="upload", variant="contained", size="small", margin=0)
        self._store.on_click(lambda _: self._start())
        self._said = stack(visible=False)
        operator_only(self._files, self._store)
        self._tell()

    def __panel__(self) -> Any:
        name = pmui.TextInput.from_param(self.param.account, label="Account", width=220, margin=(6, 0))
        note = "profit, positions and alerts follow by themselves"
        return section("Connect a bot", name, self._where, self._files, self._store, self._said, note=note)

    @param.depends("account", watch=True)
    def _tell(self) -> None:
        folder = escape(f"{self._page.bucket.url}/{PREFIXES[-1]}/{self.account.strip() or 'Main'}/")
        known = ", ".join(escape(form.title) for form in plugins().log_formats().values())
        self._where.object = (
            f"<p>Let the bot write its logs to <code>{folder}</code>, sync them there, or store some here once.</p>"
            f"<p>Formats that are read: {known}.</p>"
        )

    def _start(self) -> None:
        names, values = self._files.filename or [], self._files.value or []
        if isinstance(names, str):
            names, values = [names], [values]
        files = dict(zip(names, values, strict=True))
        self._page.load(lambda: attempt(self._page.bucket, self.account, files), self._show)

    def _show(self, outcome: str | int) -> None:
        if isinstance(outcome, str):
            fill(self._said, notice(outcome, "warning"))
            return
        self._files.clear()
        fill(self._said, notice(f"{outcome} files stored", "success"))
        self._changed()


def attempt(bucket: Bucket, account: str, files: Mapping[str, bytes]) -> str | int:
    """How many files were stored, or why none was."""
    try:
        return store(bucket, account, files)
    except UsageError as error:
        return str(error)


def store(bucket: Bucket, account: str, files: Mapping[str, bytes]) -> int:
    """Put log files into an account's folder; none if one of them is wrong, and never over one that is there.

    Raises:
        UsageError: the account's name or a file cannot be used, or is there already.
        NotPermitted: the user may only look.
    """
    require_operator("store log files")
    account = account.strip()
    if not _ACCOUNT.fullmatch(account) or ".." in account:
        raise UsageError(f"account {account!r} cannot be a folder; use letters, digits, spaces, '-' and '_'")
    if not files:
        raise UsageError("no file was chosen; choose the bot's log files first")
    keys = {f"{PREFIXES[-1]}/{account}/{_checked(name)}": data for name, data in files.items()}
    if there := [key for key in keys if bucket.exists(key)]:
        raise UsageError(f"{there[0]!r} is there already; remove it first, or choose another account")
    return sum(bucket.create(key, data) for key, data in keys.items())


def _checked(name: str) -> str:
    """A file's name, if a format reads it."""
    formats = plugins().log_formats().values()
    if "/" in name or "\\" in name or not any(_reads(form, name) for form in formats):
        raise UsageError(f"{name!r} is not a log that is known; formats: {', '.join(form.title for form in formats)}")
    return name


def _reads(form: Any, name: str) -> bool:
    try:
        with foreign():
            return bool(form.kind(name))
    except Exception:  # noqa: BLE001 - a format may refuse a name, or fail on it
        return False
