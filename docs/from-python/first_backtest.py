# %% [markdown]
# # A first backtest
#
# On the candles of [Data](data.py). A rule may be written in a cell: it needs no file and no package.

# %%
from cqs_backtest import Orders, Strategy, backtest, indicators
from cqs_data import download

bars = download(["BTC", "ETH"], "2022-01-01", "2024-12-31")


# %%
class Cross(Strategy):
    """Hold a symbol while yesterday's close is above its average of 20 days."""

    def orders(self, candles):
        above = indicators.previous(candles, "close") > indicators.sma(candles, 20)
        return Orders(enter=above, exit=~above)


# %%
r = backtest(Cross, ["BTC", "ETH"], data=bars, name="first try")
r

# %% [markdown]
# The card says first whether the rule peeks, then what it earned. Every figure is an attribute too.

# %%
r.performance.sharpe, r.performance.max_drawdown, r.performance.num_trades

# %%
r.trades.tail(3)

# %%
r.plot()
