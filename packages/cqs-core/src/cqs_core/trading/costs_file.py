"""`costs/{account}.json`: what trading really cost an account, measured from its log, for backtests to be run with."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING
from urllib.parse import quote

from cqs_core.errors import DataError, UsageError
from cqs_core.files.formats import format_fields, require_format

if TYPE_CHECKING:
    from cqs_core.bucket import Bucket

FORMAT = 1
ROOT = "costs"
_LONGEST = 200  # bytes of an escaped name; a part of a path has at most 255


@dataclass(frozen=True)
class MeasuredCosts:
    """How an account's fills compare with the prices at which its strategy wanted them.

    Attributes:
        account: as its log folder is called.
        slippage_bps: mean over all fills, weighted by value, in basis points a side; above 0 is worse than wanted.
        entry_bps: the same over purchases; None without any.
        exit_bps: the same over sales.
        fills: how many were measured.
        value: their value in quote currency.
        exchange: where.
        strategy: whose prices were wanted.
        start: ISO 8601, first day that was compared.
        end: exclusive.
        measured: ISO 8601, when.
    """

    account: str
    slippage_bps: float
    entry_bps: float | None
    exit_bps: float | None
    fills: int
    value: float
    exchange: str
    strategy: str
    start: str
    end: str
    measured: str

    @property
    def slip(self) -> float:
        """For `Costs.slip`: a fraction a side; an account that did better than wanted counts 0."""
        return max(0.0, self.slippage_bps / 10_000)

    def write(self, bucket: Bucket) -> str:
        """Store it, and return its key."""
        key, about = costs_key(self.account), format_fields("cqs-core", FORMAT) | asdict(self)
        bucket.write(key, json.dumps(about, ensure_ascii=False, indent=2).encode())
        return key


def costs_key(account: str) -> str:
    """Where an account's costs are.

    >>> costs_key("../../x")
    'costs/%2E%2E%2F%2E%2E%2Fx.json'
    """
    name = quote(account.encode("utf-8", "surrogateescape"), safe="").replace(".", "%2E")
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST]}-{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}"
    return f"{ROOT}/{name}.json"


def read_costs(bucket: Bucket, account: str) -> MeasuredCosts:
    """An account's measured costs.

    Raises:
        UsageError: none were stored.
        NewerFormat: a newer version wrote them.
        DataError: the file is damaged.
    """
    key = costs_key(account)
    try:
        found = json.loads(bucket.read(key))
        require_format(repr(key), found, FORMAT, "cqs-core")
        costs = MeasuredCosts(**{field.name: found[field.name] for field in fields(MeasuredCosts)})
        if not math.isfinite(costs.slippage_bps):
            raise ValueError("slippage_bps is not a number")  # noqa: TRY301 - one more kind of damage
    except FileNotFoundError:
        remedy = f"measure them: cqs monitor compare --account {account!r} … --save-costs"
        raise UsageError(f"account {account!r} has no measured costs; {remedy}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"{key!r} is damaged: {error}; measure again with `cqs monitor compare … --save-costs`"
        ) from error
    return costs
