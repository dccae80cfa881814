# %% [markdown]
# # Your own strategy, with a feature
#
# A rule sees candles. Everything else that it needs is a *feature*: a series or a frame of yours, each value with the
# time from which it is known. Then it cannot be tomorrow's.

# %%
from cqs_backtest import Feature, Orders, Strategy, backtest, compare, indicators
from cqs_data import download

bars = download(["BTC", "ETH"], "2022-01-01", "2024-12-31")

# %% [markdown]
# Here the feature is made from BTC itself: calm or wild, by the mean move of 20 days. It could be a regime model
# (`cqs_monitor.regimes("v9")`), a funding rate, or a file.

# %%
import numpy as np
import pandas as pd

moves = bars["BTC"]["close"].pct_change().abs().rolling(20).mean()
mood = pd.Series(np.where(moves > moves.expanding().median(), "wild", "calm"), moves.index)
mood.tail(3)


# %%
class CalmCross(Strategy):
    """Hold a symbol while yesterday's close is above its average, in calm markets only."""

    def orders(self, candles):
        above = indicators.previous(candles, "close") > indicators.sma(candles, 20)
        calm = candles.feature("mood") == "calm"
        return Orders(enter=above & calm[:, None], exit=~above)


r = backtest(CalmCross, ["BTC", "ETH"], data=bars, features={"mood": mood}, name="calm")
r

# %% [markdown]
# By default a value stamped with a day counts from that day's close on. Say so if yours is known earlier or later:
# here a day later still.

# %%
late = backtest(
    CalmCross, ["BTC", "ETH"], data=bars, features={"mood": Feature(mood, known="2d")}, name="calm, a day later"
)
compare(r, late)

# %% [markdown]
# What holds the future is found, and said loudly: a day's move is not known at its open.

# %%
peek = bars["BTC"]["close"].pct_change().fillna(0.0)


class Peek(Strategy):
    """Hold on days on which BTC will have risen."""

    def orders(self, candles):
        up = np.broadcast_to((candles.feature("peek") > 0)[:, None], candles.shape)
        return Orders(enter=up, exit=~up)


backtest(Peek, ["BTC", "ETH"], data=bars, features={"peek": Feature(peek, known="open")})

# %% [markdown]
# Any strategy can be limited to the bars in which a feature has a value: `only_in="mood=calm"`.

# %%
only = backtest("momentum", ["BTC", "ETH"], data=bars, features={"mood": mood}, only_in="mood=calm")
only
