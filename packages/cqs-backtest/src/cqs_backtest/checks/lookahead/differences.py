"""Where two orders differ, and whether rounding alone can explain it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cqs_core import Orders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cqs_core.trading import Array

Shape = tuple[int, int]
Flags = npt.NDArray[np.bool_]
_EPSILON = 1e-9
_AMPLIFIED = 1000.0  # how much more than a shake of the last digits rounding may move a number
_FIELDS = tuple(field.name for field in fields(Orders) if field.name != "max_cash")


def differences(one: Orders, other: Orders, one_shape: Shape, other_shape: Shape, rows: slice) -> dict[str, Flags]:
    """By field, the cells of these rows that differ: bools at all, numbers by more than 1e-9 of themselves."""
    found = {}
    for name in _FIELDS:
        a, b = getattr(one, name), getattr(other, name)
        if a is None and b is None:
            continue
        bad = _differing(one.array(name, one_shape)[rows], other.array(name, other_shape)[rows])
        if bad is not None:
            found[name] = bad
    if one.max_cash != other.max_cash:
        found["max_cash"] = np.zeros((rows.stop - rows.start, one_shape[1]), np.bool_)
        found["max_cash"][-1] = True
    return found


def without_rounding(
    found: dict[str, Flags], base: Orders, other: Orders, shaken: Sequence[Orders], shape: Shape
) -> dict[str, Flags]:
    """The differences that remain after removing those that a change of the candles' last digits causes too."""
    kept = {}
    for name, bad in found.items():
        if name == "max_cash":
            kept[name] = bad
            continue
        rows = bad.shape[0]
        real, alike = base.array(name, shape)[:rows], other.array(name, shape)[:rows]
        excused = np.zeros(bad.shape, np.bool_)
        for one in shaken:
            excused |= _explains(real, alike, one.array(name, shape)[:rows])
        if (bad & ~excused).any():
            kept[name] = bad & ~excused
    return kept


def _explains(real: Array, other: Array, shaken: Array) -> Flags:
    if real.dtype == np.bool_:
        return np.asarray(real != shaken)
    # How far rounding alone moves a value; where it makes a value appear or vanish, any difference is excused.
    moved = np.where(np.isnan(real) == np.isnan(shaken), np.abs(np.nan_to_num(real) - np.nan_to_num(shaken)), np.inf)
    return np.asarray(np.abs(np.nan_to_num(real) - np.nan_to_num(other)) <= _AMPLIFIED * moved)


def _differing(one: Array, other: Array) -> Flags | None:
    same = one == other
    if same.all():
        return None
    if one.dtype != np.bool_:
        same |= np.isnan(one) & np.isnan(other)  # NaN is not equal to itself
        same |= np.abs(one - other) <= _EPSILON * np.maximum(np.abs(one), np.abs(other))
    return None if same.all() else np.asarray(~same)
