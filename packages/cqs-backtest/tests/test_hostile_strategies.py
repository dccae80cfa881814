"""Odd strategies are listed, and rule files that end the process are told in one line."""

import json

import param
import pytest

from cqs_backtest.loading.strategies import find
from cqs_backtest.loading.strategy_catalog import catalog
from cqs_core import Strategy, UsageError
from cqs_core.cli import plain


class Odd(Strategy):
    id = "odd"
    call = param.Callable(lambda: 1)
    table = param.Dict({"a": object()})
    unknown = param.Number(float("nan"))
    endless = param.Number(float("inf"))
    none = param.Selector(objects=[])
    pair = param.Tuple((1, object()))


def test_a_strategy_with_odd_parameters_and_no_docstring_is_listed():
    (row,) = catalog([Odd])
    assert (row["name"], row["doc"], len(row["parameters"])) == ("odd", "", 6)
    assert json.loads(json.dumps(plain(row), allow_nan=False))["parameters"][2]["default"] is None


def test_one_that_cannot_be_described_leaves_the_others():
    class Broken(Strategy):
        id = "broken"

        @classmethod
        def parameters(cls):
            raise SystemExit(3)

    assert [row["name"] for row in catalog([Broken, Odd])] == ["odd"]


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "raise KeyboardInterrupt('x')", "1 / 0"])
def test_a_rule_file_that_ends_the_process_is_told_in_one_line(tmp_path, code):
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(UsageError, match=r"fails at import: (SystemExit: 3|KeyboardInterrupt: x|ZeroDivisionError)"):
        find(f"{tmp_path / 'mine.py'}:Mine")
