"""The commands that core names as those of a package are what the package registers, and in one process no other."""

from __future__ import annotations

from cqs_core import plugins
from cqs_core.cli.unknown_command import COMMANDS, unknown_command
from cqs_core.time.intervals import DAY

BEGIN = 1_577_836_800_000  # 2020


def test_they_are_what_the_packages_register():
    found = {name: tuple(sorted(plugins()._manager.get_plugin(name).register_commands())) for name in COMMANDS}
    assert found == COMMANDS


def test_one_that_is_not_installed_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(plugins(), "describe", list)
    line = str(unknown_command("serve", ["jobs"]))
    fact = "command 'serve' is part of cqs-panel, which is not installed here; install it with"
    assert line == f"{fact} `uv add cqs-panel` or `pip install cqs-panel`"


def test_a_saved_set_is_backtested_by_its_name(tmp_path):
    from cqs_core import Bucket, Lake, Series
    from cqs_core.lake import save_market_set
    from cqs_core.testing.candles import flat_table
    from cqs_core.testing.command import cqs_json, refusal

    bucket = Bucket(tmp_path)
    for market in ("BTC/KRW", "ETH/KRW"):
        table, end = flat_table(120, BEGIN, 1000.0), BEGIN + 120 * DAY
        Lake(bucket).append(Series("upbit", market, "1d"), table, BEGIN, end, "exchange")
    save_market_set(bucket, "majors", "upbit", ["BTC/KRW", "ETH/KRW"])
    run = ("backtest", "run", "buy_and_hold", "--no-keep", "--bucket", tmp_path)
    found = cqs_json(*run, "--symbols", "@majors")
    assert {row["symbol"] for row in found["trades"]} == {"BTC/KRW", "ETH/KRW"}
    assert "did you mean '@majors'?" in refusal(*run, "--symbols", "@mjors")
