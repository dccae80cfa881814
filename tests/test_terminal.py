"""Names of others never command the terminal: every command prints through what makes them harmless."""

from __future__ import annotations

import re
from pathlib import Path

import readme
from cqs_core.cli import run_command
from cqs_core.testing.candles import flat_table
from cqs_core.time.intervals import DAY

EVIL = "x\x1b[2J\x9b31my"
CODES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_no_command_makes_a_console_of_its_own():
    sources = [path for path in (readme.ROOT / "packages").glob("*/src/**/*.py") if "testing" not in path.parts]
    own = re.compile(r"(?<![A-Za-z])Console\(")
    assert [path.name for path in sources if own.search(path.read_text())] == []


def test_hostile_file_names_and_logs_are_printed_harmless(tmp_path, capsys):
    from cqs_core import Lake, Series

    bucket = tmp_path / "bucket"
    bucket.mkdir()
    Lake(str(bucket)).append(Series("upbit", "BTC/KRW", "1d"), flat_table(5), 0, 5 * DAY, source="exchange")
    _write(bucket / "logs" / EVIL / f"{EVIL}_trades.csv", f"timestamp,date,{EVIL}\n{EVIL},1,2\n")
    _write(bucket / "logs" / EVIL / f"{EVIL}_positions.json", f'{{"{EVIL}": 1')
    _write(bucket / "models" / f"regime_classifier_{EVIL}.pkl", EVIL)
    _write(bucket / "config" / "alerts.toml", f'[[rule]]\nname = "{EVIL[:1]}"\n{EVIL} = 1\n')
    _write(bucket / "runs" / EVIL / "manifest.json", f'{{"id": "{EVIL}"')
    _write(bucket / "data" / "candles" / f"exchange={EVIL}" / f"{EVIL}.parquet", EVIL)
    for words in COMMANDS:
        for option in ([], ["--json"]):
            run_command([*words, "--bucket", str(bucket), *option])
            out, err = capsys.readouterr()
            assert CODES.search(out + err) is None, words


COMMANDS = [
    ["data", "status"],
    ["data", "verify"],
    ["backtest", "list"],
    ["backtest", "show", EVIL],
    ["monitor", "positions"],
    ["monitor", "pnl"],
    ["monitor", "stats"],
    ["monitor", "reconcile"],
    ["models", "list"],
    ["models", "show", EVIL],
    ["models", "inspect", f"regime_classifier_{EVIL}"],
    ["monitor", "alerts"],
    ["monitor", "alerts", "rules"],
    ["sql", f"select '{EVIL}' as a"],
    ["strategies"],
    ["exchanges"],
    ["plugins"],
    ["fetch", "--exchange", EVIL, "--symbols", EVIL],
    ["backtest", "run", EVIL, "--symbols", "BTC"],
]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
