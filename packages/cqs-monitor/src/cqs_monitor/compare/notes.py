"""Limits of a comparison: the log has no order ids, no strategy, no signal price, no fees and no capital."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cqs_monitor.compare.comparison import BotComparison
    from cqs_monitor.compare.pairing import Pairing


def notes(comparison: BotComparison) -> list[str]:
    """Sentences for the reader, the most important first."""
    request, result = comparison.request, comparison.result
    quote = result.candles.symbols[0].partition("/")[2]
    notes = [f"The rule did not see all bars: {said}." for said in comparison.incomplete]
    if request.capital is None:
        fact = f"{comparison.capital:,.0f} {quote} is the first purchase times the number of symbols"
        notes.append(f"Capital is not in the log: {fact}; where that is wrong, set the capital.")
    if not request.symbols:
        bought = ", ".join(result.candles.symbols)
        notes.append(f"Symbols are those that the account bought: {bought}; one that it never bought cannot be missed.")
    notes += [f"{symbol}: no candles, so its {n} rows are left out." for symbol, n in comparison.left_out.items()]
    rate = f"{100 * comparison.form.fee:.4g} %"
    notes.append(f"Fees are not in the log: {rate} of each row's amount is an estimate.")
    if result.costs.min_order:
        fact = f"The smallest order, {result.costs.min_order:,.0f} {quote}, is the exchange's"
        notes.append(f"{fact}; refused ones are not in the log.")
    return [*notes, *_CANDLES, *_held(comparison.pairing)]


_CANDLES = (
    "When in a candle the strategy would have bought is unknown; a purchase in the same candle counts as on time.",
    "Which of several purchases in one candle came first is unknown; their amounts are compared in order of size.",
)


def _held(pairing: Pairing) -> list[str]:
    bought = [*(pair.live for pair in pairing.matched), *pairing.extra]
    held = sum(one.exit_at is None for one in bought)
    fact = (
        f"{held} purchases have no sale in the log by the end; they count at the last close, also where sold by hand."
    )
    unpriced = sorted({one.market for one in bought if one.unpriced})
    more = f"No candle of {', '.join(unpriced)} is newer than the purchase; its open part counts at cost."
    return [*([fact] if held else []), *([more] if unpriced else [])]
