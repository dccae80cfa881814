# %% [markdown]
# # Comparing runs
#
# `keep=True` stores a run in the bucket with all that made it.

# %%
from cqs_backtest import backtest, compare, runs
from cqs_data import download, sql

bars = download(["BTC", "ETH"], "2022-01-01", "2024-12-31")
low = backtest("volatility_breakout", ["BTC", "ETH"], data=bars, params={"noise_ratio": 0.3}, keep=True, name="low")
high = backtest("volatility_breakout", ["BTC", "ETH"], data=bars, params={"noise_ratio": 0.7}, keep=True, name="high")

# %%
compare(low, runs.load(high.id))

# %% [markdown]
# SQL sees every kept run: `runs`, `run_metrics`, `run_trades` and `run_equity`.

# %%
sql("select name, parameters->>'noise_ratio' as noise, cagr, sharpe, mdd as max_drawdown from runs order by run")

# %%
sql("select symbol, reason, count(*) as trades, avg(return_pct) as mean from run_trades group by all order by all")
