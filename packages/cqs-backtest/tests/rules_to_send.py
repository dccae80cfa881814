"""A rule of one's own that imports a module next to it, and sweeps of it."""

import io

import pyarrow.parquet as pq

from cqs_backtest.request import make_costs, make_request
from cqs_backtest.search.sweep import Sweep, SweepJob

RULE = """
import param
from cqs_core import Orders, Strategy
from near import rising

class Rule(Strategy):
    id = "rule_of_mine"
    bars = param.Integer(5, bounds=(2, 30), step=1)
    size = param.Number(0.5, bounds=(0.1, 1.0), step=0.1)

    def orders(self, candles):
        print("not the command's output")
        up = rising(candles, self.bars)
        return Orders(enter=up, exit=~up, weight=self.size / 2)
"""
NEAR = """
from cqs_backtest import indicators as ind

def rising(candles, bars):
    return ind.previous(candles, "close") > ind.sma(candles, bars)
"""
SETS = 29 * 2
RANGES = {"bars": "2:30:1", "size": "0.3,0.6"}


def rule_in(folder, text=RULE):
    """Its name as users write it."""
    (folder / "rule.py").write_text(text)
    (folder / "near.py").write_text(NEAR)
    return f"{folder / 'rule.py'}:Rule"


def sweep_of(strategy, ranges=None):
    return Sweep(make_request(strategy, ["BTC", "ETH"], costs=make_costs()), ranges or RANGES)


def job_of(sweep, bucket, part=4, **options):
    job = SweepJob(sweep, bucket, **options)
    job._part = job._part or part
    return job


def table(bucket, sweep):
    """All rows by number of the set, as text: NaN is NaN."""
    names = [entry.key for entry in bucket.list(f"sweeps/{sweep}/rows")]
    rows = [row for name in names for row in pq.read_table(io.BytesIO(bucket.read(name))).to_pylist()]
    return [repr(row) for row in sorted(rows, key=lambda row: row["set"])]


def after_part(job, number, act):
    """Act once so many parts are stored."""
    keep, parts = job._keep, []

    def kept(*args):
        keep(*args)
        parts.append(args[0])
        if len(parts) == number:
            act()

    job._keep = kept


def interrupt():
    raise KeyboardInterrupt
