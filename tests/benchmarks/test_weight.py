"""Memory of the services of a small server, and what each of them has imported.

    uv run pytest -s tests/benchmarks -k weight

RSS counts what processes share once for each; PSS counts it once, so its sum is what the three need together.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from cqs_core.testing.command import CQS, cqs
from cqs_core.testing.waiting import until
from cqs_panel.testing.browser import open_visit

pytestmark = pytest.mark.timeout(600)
HEAVY = [
    *("numpy", "pyarrow", "pandas", "duckdb", "pydantic", "ccxt", "aiohttp", "gcsfs", "google", "sklearn", "joblib"),
    *("bokeh", "panel", "panel_material_ui", "holoviews", "hvplot", "matplotlib", "bt", "numba", "scipy", "apprise"),
]
ALLOWED = {
    "update": {"numpy", "pyarrow", "pydantic", "ccxt", "aiohttp"},
    "watch": {"numpy", "pyarrow", "pydantic"},
    "serve": set(HEAVY) - {"ccxt", "gcsfs", "google", "sklearn", "joblib", "duckdb", "bt", "numba"},
}
TOGETHER_MB = 450


@dataclass
class Weighed:
    """A service that runs. Python says on its stderr what it imports."""

    name: str
    process: subprocess.Popen
    log: Path

    @property
    def memory(self) -> tuple[float, float]:
        """RSS and PSS, MB."""
        found = psutil.Process(self.process.pid).memory_full_info()
        return found.rss / 1e6, found.pss / 1e6

    @property
    def imported(self) -> Counter[str]:
        """Modules of each package; a package that was looked for and not found has none."""
        lines = [line.rpartition("|")[2].strip() for line in self.said("import time:")]
        return Counter(name.partition(".")[0] for name in lines if "." in name)

    def said(self, text: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if text in line]

    def line(self) -> str:
        (rss, pss), found = self.memory, self.imported
        heavy = ", ".join(f"{name} {found[name]}" for name in HEAVY if found[name])
        return f"{self.name:<22} RSS {rss:4.0f} MB   PSS {pss:4.0f} MB   {sum(found.values()):,} modules: {heavy}"


@pytest.fixture
def bucket(demo, tmp_path, sandbox):
    """What a demo leaves, some minutes of candles, and an hour of them missing."""
    folder = tmp_path / "bucket"
    shutil.copytree(demo, folder)
    start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
    asked = ["--interval", "1m", "--start", start.isoformat(), "--end", (start + dt.timedelta(hours=1)).isoformat()]
    cqs("fetch", "--symbols", "BTC,ETH", *asked, "--bucket", folder, "--endpoint", sandbox)
    return folder


@pytest.fixture
def weighed(bucket, sandbox, tmp_path):
    words = {
        "update": ["update", "--every", "5s", "--endpoint", sandbox],
        "watch": ["monitor", "watch", "--every", "5"],
        "serve": ["serve", "--no-open", "--port", "0"],
    }
    variables = os.environ | {"CQS_BUCKET": str(bucket), "PYTHONPROFILEIMPORTTIME": "1"}
    with contextlib.ExitStack() as closing:
        found = {}
        for name, these in words.items():
            log = closing.enter_context((tmp_path / name).open("wb"))
            process = subprocess.Popen([*CQS, *these], env=variables, stdout=subprocess.DEVNULL, stderr=log)
            closing.callback(process.wait)
            closing.callback(process.terminate)
            found[name] = Weighed(name, process, tmp_path / name)
        until(lambda: len(found["update"].said(", in ")) > 1 and len(found["watch"].said(", in ")) > 1)
        until(lambda: found["serve"].said("Ctrl-C"))
        yield found


def test_weight_of_the_services_together(weighed, chromium):
    """One window with the Overview has been open."""
    for one in weighed.values():
        print("\n" + one.line(), end="")
    url = weighed["serve"].said("http://")[0].strip()
    page = open_visit(chromium, url, width=1400, height=900, dark=False).page
    settled(weighed["serve"])
    print("\n" + weighed["serve"].line().replace("serve        ", "serve, visited"))
    rss, pss = (sum(one.memory[i] for one in weighed.values()) for i in (0, 1))
    print(f"together               RSS {rss:4.0f} MB   PSS {pss:4.0f} MB, of which {TOGETHER_MB} are allowed")
    page.context.close()
    for name, one in weighed.items():
        surprising = {name for name in HEAVY if one.imported[name]} - ALLOWED[name]
        assert not surprising, f"{name} has imported {sorted(surprising)}"
    assert pss < TOGETHER_MB


def settled(one: Weighed) -> None:
    """Wait until it imports no more: the modules of the other pages come once the first page is shown."""
    seen = -1
    while (now := sum(one.imported.values())) != seen:
        seen = now
        time.sleep(5)
