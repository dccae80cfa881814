"""The tables of docs/spec/settings.md are the settings that the code reads, with their defaults."""

from __future__ import annotations

import re

import documents
from cqs_core import Settings
from cqs_core.bucket import cache_limit

HEADINGS = ("Data", "Backtests", "Display", "Running", "Set by cqs itself")
TABLE = {cells[0].strip("`"): cells[1] for heading in HEADINGS for cells in documents.rows("spec/settings", heading)}


def sources() -> str:
    files = documents.ROOT.glob("packages/*/src/**/*.py")
    return "".join(path.read_text() for path in files if "testing" not in path.parts)


def test_every_variable_of_the_code_is_told_and_no_other():
    read = set(re.findall(r'"((?:CQS|GCS|GCSFS|GOOGLE|STORAGE)_[A-Z_]*[A-Z])"', sources()))
    fields = {f"CQS_{name.upper()}" for name in Settings.model_fields}
    folders = {f"CQS_{name}_DIR" for name in ("DATA", "STATE", "CACHE")}
    prefix = {"CQS_ALERT_*"} if '"CQS_ALERT_"' in sources() else set()
    assert set(TABLE) == read | fields | folders | prefix | {"GCS_BUCKET"}


def test_defaults_are_those_of_the_code(monkeypatch):
    monkeypatch.delenv("CQS_CACHE_BYTES", raising=False)
    written = {"CQS_FEE": "fee", "CQS_SLIPPAGE_BPS": "slippage_bps", "CQS_CAPITAL": "capital"}
    for variable, name in written.items():
        assert float(TABLE[variable].strip("`")) == Settings.model_fields[name].default
    assert TABLE["CQS_EXCHANGE"] == f"`{Settings.model_fields['exchange'].default}`"
    assert f"`{Settings.model_fields['quote'].default}`" in TABLE["CQS_QUOTE"]
    assert TABLE["CQS_PUBLISH"] == f"`{','.join(Settings.model_fields['publish'].default)}`"
    assert TABLE["CQS_COLORS"] == f"`{Settings.model_fields['colors'].default}`"
    assert Settings.model_fields["day_start"].default == 0
    assert float(TABLE["CQS_PLUGIN_LIMIT"].strip("`")) == Settings.model_fields["plugin_limit"].default
    assert int(TABLE["CQS_CACHE_BYTES"].strip("`")) == cache_limit()
    for name in ("bucket", "timezone", "endpoint", "jobs"):
        assert Settings.model_fields[name].default is None
