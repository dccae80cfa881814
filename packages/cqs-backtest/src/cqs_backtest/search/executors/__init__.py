"""Where the work of searches runs: threads, processes of this machine, or a Dask cluster."""

from cqs_backtest.search.executors.choice import open_executor
from cqs_backtest.search.executors.executor import Executor
from cqs_backtest.search.executors.workload import Bench, Workload

__all__ = ["Bench", "Executor", "Workload", "open_executor"]
