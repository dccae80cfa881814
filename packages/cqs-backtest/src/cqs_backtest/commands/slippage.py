"""`--slippage-bps`: a figure, or what an account's fills were measured to cost."""

from __future__ import annotations

from cqs_core import UsageError
from cqs_core.cli import open_bucket

_ACCOUNT = "account:"


def slippage_bps(text: str | None, bucket: str | None) -> float | None:
    """Basis points a side; None where nothing was said.

    Args:
        text: `5`, or `account:Main` for what `cqs monitor compare --save-costs` stored.
        bucket: the option `--bucket`.

    Raises:
        UsageError: neither; or nothing was measured of that account.
    """
    if text is None:
        return None
    if text.startswith(_ACCOUNT):
        from cqs_core.trading import read_costs

        return 10_000 * read_costs(open_bucket(bucket), text.removeprefix(_ACCOUNT)).slip
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--slippage-bps is {text!r}; write a number, or account:NAME") from None
