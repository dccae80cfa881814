"""How figures are counted, in words: the currency, the days and the fees of the formats that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cqs_monitor.logs.days import zone_label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cqs_core import LogFormat


@dataclass(frozen=True)
class AccountConvention:
    """The conventions of some accounts; if their formats differ, those of each, `CET, UTC`.

    Attributes:
        currency: of the figures.
        zone: of the days.
        day_start: when trading days begin, `09:00`.
        fee: estimate of each row's fee, `0.1 %`.
    """

    currency: str = ""
    zone: str = ""
    day_start: str = ""
    fee: str = ""

    @classmethod
    def of(cls, formats: Iterable[LogFormat]) -> AccountConvention:
        known = list(dict.fromkeys(formats))
        fields = (
            [form.currency for form in known],
            [zone_label(form.zone) for form in known],
            [form.day_start for form in known],
            [f"{100 * form.fee:.4g} %" for form in known],
        )
        return cls(*(", ".join(dict.fromkeys(values)) for values in fields))
