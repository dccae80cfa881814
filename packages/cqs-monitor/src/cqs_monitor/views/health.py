"""Files and their ages, and damaged rows on demand."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import panel_material_ui as pmui

from cqs_panel import WIDE, age, count, html, plain_table, section, size, when, zone_name

if TYPE_CHECKING:
    from cqs_monitor.logs.layout import LogFile
    from cqs_monitor.logs.state import RuntimeState
    from cqs_monitor.performance.report import Report

_MOST = 200
_ACCOUNTS = 30
_ERRORS = 10


class LogHealth(pn.viewable.Viewer):
    """Files that were read, when they last changed, and files that could not be read."""

    def __init__(self, timezone: str | None) -> None:
        super().__init__()
        self._timezone = timezone
        self._files = pn.Column(**WIDE)
        self._button = pmui.Button(
            label="Show damaged rows and files", variant="outlined", size="small", margin=0, visible=False
        )
        self._button.on_click(lambda _: self._toggle())
        self._damaged = pn.Column(visible=False, **WIDE)
        self._shown: tuple[Any, ...] = ()

    def __panel__(self) -> Any:
        return section(
            "Files",
            self._files,
            self._button,
            self._damaged,
            note=f"changed: {zone_name(self._timezone)}; one listing a reading, then only what changed",
        )

    def update(self, report: Report, now: int) -> None:
        """Show the files of another report."""
        snapshot = report.reading.snapshot
        rows = _rows(list(snapshot.files), now, self._timezone)
        left = len(snapshot.accounts) - _ACCOUNTS
        note = [f"and {left} more accounts"] if left > 0 else []
        errors = list(snapshot.errors)[-_ERRORS:][::-1]
        made_of = (rows, snapshot.problems, errors)
        if made_of == self._shown:
            return
        self._shown = made_of
        found = plain_table(["Account", "Days", "Size", "Newest file", "Changed", "Age"], rows, numbers={1, 2, 5})
        pending = [
            _in_hand(name, state) for name, state in snapshot.states.items() if state.pending or state.buy_blocks
        ]
        lines = "".join(f"<div class=note>{line}</div>" for line in [*pending[:10], *map(escape, note)])
        self._files[:] = [found, html(lines)] if lines else [found]
        if errors:
            told = [(one.account or "–", one.at, one.level, one.message) for one in errors]
            self._files.append(plain_table(["Account", "Error at", "Level", "Message"], told))
        self._tell(snapshot.problems)

    def _tell(self, problems: Any) -> None:
        self._button.visible = bool(problems)
        things = "damaged row or file" if len(problems) == 1 else "damaged rows and files"
        self._button.label = f"{'Hide' if self._damaged.visible else 'Show'} {count(len(problems))} {things}"
        rows = [(problem.file, problem.line, problem.reason) for problem in problems[:_MOST]]
        if len(problems) > _MOST:
            rows.append((f"and {count(len(problems) - _MOST)} more", None, "cqs monitor pnl --json has all"))
        self._damaged[:] = [plain_table(["File", "Line", "Reason"], rows, numbers={1})] if rows else []
        self._damaged.visible = self._damaged.visible and bool(rows)

    def _toggle(self) -> None:
        self._damaged.visible = not self._damaged.visible
        word = "Hide" if self._damaged.visible else "Show"
        self._button.label = f"{word} {self._button.label.split(' ', 1)[1]}"


def _in_hand(account: str, state: RuntimeState) -> str:
    return f"{escape(account)}: {len(state.pending)} purchases pending, {len(state.buy_blocks)} symbols blocked"


def _rows(files: list[LogFile], now: int, timezone: str | None) -> list[tuple[Any, ...]]:
    """One row an account: the account, its days, their size, its newest file, when that changed, how long ago."""
    by_account: dict[str, list[LogFile]] = {}
    for file in files:
        by_account.setdefault(file.account or "(whole bot)", []).append(file)
    rows = []
    for account in sorted(by_account)[:_ACCOUNTS]:
        mine = by_account[account]
        newest = max(mine, key=lambda file: (file.modified or 0, file.key.endswith(".csv"), file.key))
        changed = None if newest.modified is None else round(newest.modified * 1000)
        days = sum(file.key.endswith(".csv") for file in mine)
        old = None if changed is None else age((now - changed) / 1000)
        name = newest.key.rpartition("/")[2]
        rows.append((account, days, size(sum(f.size for f in mine)), name, when(changed, timezone), old))
    return rows
