"""A comparison on candles: fills of the bot, positions of the strategy, and the position that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cqs_panel import Band, Marks, Spot, when

if TYPE_CHECKING:
    from cqs_monitor.compare.comparison import BotComparison
    from cqs_panel import Layer


def spot(found: BotComparison, chosen: Any) -> Spot:
    """From the purchase to the sale, of the strategy or the bot; to the end if still open."""
    market, at = str(chosen["symbol"]), int(chosen["at"])
    pairing = found.pairing
    traded = [*(pair.expected for pair in pairing.matched), *pairing.missed, *pairing.extra]
    one = next(one for one in traded if one.market == market and one.entry_at == at)
    what = "position" if chosen["what"] == "as expected" else str(chosen["what"])
    return Spot(at, one.exit_at or found.end, f"{what}, opened {when(at, 'UTC')[:10]}")


def layers(found: BotComparison, market: str) -> list[Layer]:
    """The bot's fills as marks, the strategy's positions as bands."""
    pairing = found.pairing
    live = [one for one in (*(pair.live for pair in pairing.matched), *pairing.extra) if one.market == market]
    expected = [one for one in (*(pair.expected for pair in pairing.matched), *pairing.missed) if one.market == market]
    sold = [one for one in live if one.exit_at is not None]
    bands = [Band("the strategy holds", one.entry_at, one.exit_at or found.end) for one in expected[-200:]]
    return [
        *bands,
        Marks(
            "Bot bought", np.array([o.entry_at for o in live], np.int64), np.array([o.entry_price for o in live]), "buy"
        ),
        Marks(
            "Bot sold", np.array([o.exit_at for o in sold], np.int64), np.array([o.exit_price for o in sold]), "sell"
        ),
    ]
