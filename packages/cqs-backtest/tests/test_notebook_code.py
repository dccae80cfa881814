"""Strategies of a notebook, a REPL or a script are kept by their source, and made again from it."""

import hashlib
import linecache
import re
import subprocess
import sys
from types import ModuleType

import pytest
from handmade import WAVE

from cqs_backtest import KeepWarning, backtest, runs
from cqs_backtest.runs.reproducing import verify
from cqs_core import UsageError

DATA = {"BTC": WAVE}
IMPORTS = """
import numpy as np
import param
from cqs_backtest import Orders, Strategy, indicators as ind
"""
HELPERS = """
SLOW = 20
WEIGHTS = {"BTC": 0.5, "rest": (1, float("inf"))}

def average(candles, bars=SLOW):
    return ind.sma(candles, bars)

above = lambda candles: ind.previous(candles, "close") > average(candles)
unrelated = object()
"""
CROSS = '''
class Base(Strategy):
    """Of another class."""

    weight = param.Number(0.5, bounds=(0, 1))

class Cross(Base):
    def orders(self, candles):
        up = above(candles)
        return Orders(enter=up, exit=~up, weight=self.weight * WEIGHTS["BTC"])
'''


class Notebook:
    """Cells run as IPython runs them: in `__main__`, with their lines where tracebacks look."""

    def __init__(self, module):
        self.names, self.n = vars(module), 0

    def cell(self, text):
        self.n += 1
        name = f"<ipython-input-{self.n}-{hashlib.sha256(text.encode()).hexdigest()[:8]}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), self.names)

    def __getitem__(self, name):
        return self.names[name]


@pytest.fixture
def notebook(monkeypatch):
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    made = Notebook(module)
    made.cell(IMPORTS)
    return made


def made_again(bucket, run):
    """What `verify` says once each file is trusted."""
    with pytest.raises(UsageError) as refused:
        verify(bucket, run)
    trust = re.findall(r"--trust-code (\S+)", str(refused.value))
    return verify(bucket, run, trust)


def kept(bucket, run):
    folder = bucket.folder / "runs" / run / "code"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.py")}


def test_a_class_is_kept_with_the_cells_that_it_calls_and_made_again(notebook, bucket, monkeypatch):
    notebook.cell(HELPERS)
    notebook.cell(CROSS)
    made = backtest(notebook["Cross"], "BTC", keep=True, bucket=bucket)
    assert made.performance.num_trades > 3
    assert "source_incomplete" not in made.badges
    [(path, text)] = kept(bucket, made.id).items()
    assert path == "cross.py"
    for part in ("class Base", "def average", "above = lambda", "SLOW = 20", "float('inf')", "import param"):
        assert part in text
    assert "unrelated" not in text
    assert made.record.manifest["strategy"]["reference"] == "cross.py:Cross"
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))  # the kernel was restarted
    linecache.clearcache()
    assert made_again(bucket, made.id) == {"run": made.id, "verdict": "identical", "because": []}


def test_the_class_as_it_is_now_is_kept_not_an_earlier_cell(notebook, bucket):
    notebook.cell(HELPERS + CROSS)
    first = backtest(notebook["Cross"], "BTC", keep=True, bucket=bucket)
    notebook.cell("def average(candles, bars=5):\n    return ind.sma(candles, bars)\n")
    other = backtest(notebook["Cross"], "BTC", keep=True, bucket=bucket)
    assert "bars=5" in kept(bucket, other.id)["cross.py"]
    assert first.record.manifest["strategy"]["source"] != other.record.manifest["strategy"]["source"]
    assert made_again(bucket, other.id)["verdict"] == made_again(bucket, first.id)["verdict"] == "identical"


def test_a_class_made_in_a_function_is_kept_with_what_it_closes_over(notebook, bucket):
    notebook.cell(
        "def make(bars):\n"
        "    class Inner(Strategy):\n"
        "        def orders(self, candles):\n"
        "            up = ind.previous(candles, 'close') > ind.sma(candles, bars)\n"
        "            return Orders(enter=up, exit=~up)\n"
        "    return Inner\n"
    )
    made = backtest(notebook["make"](30), "BTC", keep=True, bucket=bucket)
    assert "bars = 30" in kept(bucket, made.id)["inner.py"]
    assert made_again(bucket, made.id)["verdict"] == "identical"


def test_a_decorated_helper_and_one_without_methods(notebook, bucket):
    notebook.cell("import functools\n@functools.lru_cache\ndef bars(of):\n    return 10 + of\n")
    notebook.cell(
        "class Rule(Strategy):\n"
        "    def orders(self, candles):\n"
        "        up = ind.previous(candles, 'close') > ind.sma(candles, bars(3))\n"
        "        return Orders(enter=up, exit=~up)\n"
    )
    notebook.cell("class Same(Rule):\n    note = 'nothing of its own'\n")
    made = backtest(notebook["Same"], "BTC", keep=True, bucket=bucket)
    text = kept(bucket, made.id)["same.py"]
    assert "@functools.lru_cache" in text
    assert text.index("class Rule") < text.index("class Same")
    assert made_again(bucket, made.id)["verdict"] == "identical"


def test_a_module_beside_the_notebook_is_kept_too(notebook, bucket, tmp_path, monkeypatch):
    (tmp_path / "levels.py").write_text("def level():\n    return 12\n")
    monkeypatch.syspath_prepend(tmp_path)
    notebook.cell("from levels import level")
    notebook.cell(
        "class Rule(Strategy):\n"
        "    def orders(self, candles):\n"
        "        up = ind.previous(candles, 'close') > ind.sma(candles, level())\n"
        "        return Orders(enter=up, exit=~up)\n"
    )
    made = backtest(notebook["Rule"], "BTC", keep=True, bucket=bucket)
    assert set(kept(bucket, made.id)) == {"rule.py", "levels.py"}
    (tmp_path / "levels.py").write_text("def level():\n    return 13\n")
    assert made_again(bucket, made.id)["verdict"] == "identical"


def test_what_cannot_be_stored_is_named(notebook, bucket):
    notebook.cell("import threading\nLOCK = threading.Lock()")
    notebook.cell(
        "class Locked(Strategy):\n"
        "    def orders(self, candles):\n"
        "        with LOCK:\n"
        "            return Orders(target=1.0)\n"
    )
    with pytest.warns(KeepWarning, match=r"source incomplete: LOCK \(lock\) cannot be written down"):
        made = backtest(notebook["Locked"], "BTC", keep=True, bucket=bucket)
    assert made.badges["source_incomplete"] == ["LOCK (lock) cannot be written down as text"]
    assert any("Source incomplete: LOCK" in note for note in made.notes)
    assert runs.load(made.id, bucket).badges == made.badges
    assert "cannot be made again" in made_again(bucket, made.id)["because"][-1]


def test_a_class_without_source_is_kept_with_a_badge(notebook, bucket):
    typed = "class Typed(Strategy):\n    def orders(self, c):\n        return Orders(target=1.0)\n"
    exec(compile(typed, "<stdin>", "exec"), notebook.names)
    with pytest.warns(KeepWarning, match="the source of Typed cannot be read"):
        made = backtest(notebook["Typed"], "BTC", keep=True, bucket=bucket)
    assert kept(bucket, made.id) == {}
    assert "unknown strategy 'Typed'" in verify(bucket, made.id)["because"][-1]


SCRIPT = (
    IMPORTS
    + HELPERS
    + CROSS
    + """
from pathlib import Path
from cqs_backtest import backtest
with Path("ran").open("a") as log:
    log.write("x")
made = backtest(Cross, "BTC", keep=True, bucket="bucket")
print(made.id)
"""
)


def test_verify_never_runs_the_script_again(bucket, tmp_path):
    (tmp_path / "research.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "research.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    run = done.stdout.split()[-1]
    assert set(kept(bucket, run)) == {"cross.py"}
    assert "backtest(" not in kept(bucket, run)["cross.py"]
    assert made_again(bucket, run) == {"run": run, "verdict": "identical", "because": []}
    assert (tmp_path / "ran").read_text() == "x"
    assert len(runs.table(bucket)) == 1


def test_cells_of_a_real_ipython(bucket, tmp_path):
    """In a process of its own: a shell takes over `sys.displayhook` and `__main__`."""
    pytest.importorskip("IPython")
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        f"for cell in {[IMPORTS, HELPERS, CROSS]!r}:\n"
        "    shell.run_cell(cell).raise_error()\n"
        'cell = \'from cqs_backtest import backtest\\nr = backtest(Cross, "BTC", keep=True, bucket="bucket")\\nr\'\n'
        "done = shell.run_cell(cell)\n"
        "done.raise_error()\n"
        "assert '<svg' in shell.display_formatter.format(done.result)[0]['text/html']\n"
        "print(done.result.id)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    run = done.stdout.split()[-1]
    assert "def average" in kept(bucket, run)["cross.py"]
    assert made_again(bucket, run) == {"run": run, "verdict": "identical", "because": []}
