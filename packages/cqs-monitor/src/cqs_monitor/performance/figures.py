"""What is computed of one snapshot of the logs: each figure once, and only where its rows changed."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cqs_monitor.logs.snapshot import Snapshot
from cqs_monitor.performance.columns import Columns, columns_of
from cqs_monitor.performance.reconciliation import reconcile

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from cqs_monitor.performance.reconciliation import Finding

_T = TypeVar("_T")
_KEPT = 64  # figures: of some choices of accounts, fees and days


class Figures:
    """The figures of a snapshot; threads may share them.

    Args:
        snapshot: of which.
        before: of the snapshot before it: what an account's rows did not change is taken over, and what is lasting.
    """

    def __init__(self, snapshot: Snapshot | None = None, before: Figures | None = None) -> None:
        self.snapshot = snapshot or Snapshot()
        self._kept: dict[Hashable, Any] = {}
        self._lasting: dict[Hashable, Any] = before.lasting() if before else {}
        self._lock = threading.Lock()
        self._reconciled: dict[str, tuple[object, tuple[Finding, ...]]] = before.reconciled() if before else {}

    def reconciled(self) -> dict[str, tuple[object, tuple[Finding, ...]]]:
        """Findings by account, with what they were made of."""
        return dict(self._reconciled)

    def lasting(self) -> dict[Hashable, Any]:
        """What is kept beyond this snapshot, by key."""
        with self._lock:
            return dict(self._lasting)

    def once(self, key: Hashable, make: Callable[[], _T], *, lasting: bool = False) -> _T:
        """What `make` gives, made at the first call with this key; the last ones are kept.

        Args:
            key: of what is made.
            make: makes it.
            lasting: kept for the snapshots that follow, too; then the key says until when it serves.
        """
        kept = self._lasting if lasting else self._kept
        with self._lock:
            if key in kept:
                return kept[key]  # type: ignore[no-any-return]
        made = make()
        with self._lock:
            kept[key] = made
            if len(kept) > _KEPT:
                del kept[next(iter(kept))]
        return made

    def columns(self, day_start: int | str | None = None) -> Columns:
        """All trades, see `columns_of`."""
        return self.once(("columns", day_start), lambda: columns_of(self.snapshot, day_start))

    def findings(self, account: str) -> Sequence[Finding]:
        """What does not add up between the account's positions and trades."""
        snapshot = self.snapshot
        made_of = (self._sums[account], snapshot.held(account))
        known = self._reconciled.get(account)
        if known is None or known[0] != made_of:
            found = reconcile(account, snapshot.only(account), snapshot.held(account))
            self._reconciled[account] = known = (made_of, tuple(found))
        return known[1]

    @cached_property
    def _sums(self) -> Mapping[str, tuple[float, ...]]:
        """What tells whether an account's rows changed: their number, and sums of their figures."""
        snapshot, size = self.snapshot, len(self.snapshot.accounts)
        columns = (snapshot.table[name].to_numpy() for name in ("quantity", "amount"))
        sums = [np.bincount(snapshot.account, weights=values, minlength=size).tolist() for values in columns]
        counts = np.bincount(snapshot.account, minlength=size).tolist()
        return dict(zip(snapshot.accounts, zip(counts, *sums, strict=True), strict=True))
