# %% [markdown]
# # Bots
#
# What live bots hold and earn, from the logs that they leave in the bucket. Nothing here writes or trades.
# These two bots are those of `cqs demo`.

# %%
from cqs_monitor import lots, pnl, positions, trades

# %% [markdown]
# One call, one frame. A date is the bot's own day; a time is a moment. Rows that cannot be read are left out, and a
# warning says so.

# %%
pnl(by="month", start="2025-01-01").tail(3)

# %%
trades("2025-06-01", "2025-06-30", account="Main").tail(3)

# %% [markdown]
# What bots hold now, by their own files, at the last price of the lake:

# %%
positions()

# %% [markdown]
# And what they held at the end of every day of a range, by their trades:

# %%
held = positions("2025-06-01", "2025-06-30")
held.pivot_table(index="timestamp", columns=["account", "symbol"], values="value").tail(3)

# %% [markdown]
# Which purchase became what:

# %%
lots("2025-06-01", "2025-06-30").tail(3)

# %% [markdown]
# SQL sees bots beside candles and runs:

# %%
from cqs_data import sql

sql("select account, symbol, count(*) as rows, sum(profit) as profit from bot_trades group by all order by all")
