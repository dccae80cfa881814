# %% [markdown]
# # Data
#
# Everything on this page runs as it stands. Here the exchange is made up, so that nobody needs an account or a network:
# `cqs sandbox` serves it, and `CQS_ENDPOINT` points to it. Leave that variable out, and the same cells ask Upbit.

# %%
from cqs_data import download, load, sql

# %% [markdown]
# `download` fetches what the lake lacks, stores it, and returns the range. The next call does not ask for it again.
# Work of more than a second shows a bar under its cell. Stopping the cell stops the work; what came is stored.

# %%
bars = download(["BTC", "ETH"], "2022-01-01", "2024-12-31")
bars

# %% [markdown]
# `load` reads the lake and never asks an exchange. Times may be text, dates, or anything of pandas and numpy.
# Intervals that are not stored are put together from shorter ones.

# %%
import numpy as np

weeks = load("BTC", np.datetime64("2023-01-01"), "2024-12-31", interval="1w")
weeks["BTC"].tail(3)

# %% [markdown]
# What you get is a dictionary of DataFrames, so it goes wherever frames by symbol are taken. `wide` has one field of
# all symbols.

# %%
bars.wide("close").tail(3)

# %% [markdown]
# All of it goes on in polars, Arrow and DuckDB. Times are microseconds in UTC everywhere, so answers join.

# %%
bars.to_polars().group_by("symbol").mean().select("symbol", "close", "volume").sort("symbol")

# %% [markdown]
# A name that the lake does not have is refused, and the nearest one is named.

# %%
from cqs_core import UnknownName

try:
    load("BTX")
except UnknownName as error:
    print(error)

# %% [markdown]
# ## SQL
#
# One SELECT over candles, kept runs and bots. `$name` is a value. A frame of your own is a table with the name of its
# argument.

# %%
sql("show tables")

# %%
import pandas as pd

weights = pd.DataFrame({"market": ["BTC/KRW", "ETH/KRW"], "weight": [0.7, 0.3]})
sql(
    """
    select ts, sum(weight * close / first) as fund
    from (select *, first_value(close) over (partition by market order by ts) as first from candles where ts >= $start)
    join weights using (market) where "interval" = '1d' group by ts order by ts
    """,
    weights=weights,
    start="2024-01-01",
).tail(3)

# %% [markdown]
# `PIVOT`, `DESCRIBE` and `SUMMARIZE` work too. Nothing that writes does.

# %%
sql("pivot (select ts, market, close from candles) on market using first(close) order by ts desc limit 3")

# %% [markdown]
# Scripts hear of all this by the logger `cqs`, and of data that are not as expected by `cqs_core.DataWarning`.
# In a web server or another program with an event loop, `await fetch_async(...)` leaves the loop free.
