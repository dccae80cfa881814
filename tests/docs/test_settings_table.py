"""The tables of docs/spec/settings.md are the settings that the code reads, with their defaults."""

from __future__ import annotations

import re
import runpy

import documents
from cqs_core import Settings, plugins
from cqs_core.bucket import cache_limit

HEADINGS = ("Data", "Backtests", "Display", "Running", "Set by cqs itself")
TABLE = {cells[0].strip("`"): cells[1] for heading in HEADINGS for cells in documents.rows("spec/settings", heading)}


def sources() -> str:
    files = documents.ROOT.glob("packages/*/src/**/*.py")
    return "".join(path.read_text() for path in files if "testing" not in path.parts)


def test_every_variable_of_the_code_is_listed_and_no_other():
    read = set(re.findall(r'"((?:CQS|GCS|GCSFS|GOOGLE|STORAGE)_[A-Z_]*[A-Z])"', sources()))
    fields = {f"CQS_{name.upper()}" for name in Settings.model_fields}
    prefix = {"CQS_ALERT_*"} if '"CQS_ALERT_"' in sources() else set()
    assert set(TABLE) == read | fields | prefix
    assert {f"{one.name}{'*' if one.many else ''}" for one in plugins().variables().values()} == set(TABLE)


def test_the_tables_are_made_from_the_code():
    made = runpy.run_path(str(documents.ROOT / ".ci" / "settings.py"))["page"]()
    assert made == documents.text("spec/settings"), "run `uv run python .ci/settings.py`"


def test_defaults_are_those_of_the_code():
    written = {"CQS_FEE": "fee", "CQS_SLIPPAGE_BPS": "slippage_bps", "CQS_CAPITAL": "capital"}
    for variable, name in written.items():
        assert float(TABLE[variable].strip("`")) == Settings.model_fields[name].default
    assert f"`{Settings.model_fields['quote'].default}`" in TABLE["CQS_QUOTE"]
    assert Settings.model_fields["day_start"].default == 0
    assert int(TABLE["CQS_CACHE_BYTES"].strip("`")) == cache_limit()
    for name in ("bucket", "timezone", "endpoint", "jobs"):
        assert Settings.model_fields[name].default is None
