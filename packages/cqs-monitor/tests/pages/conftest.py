"""Pages are looked at in a real browser; without the extra `panel` there are none."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

if importlib.util.find_spec("cqs_panel") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    from cqs_panel.testing.fixtures import chromium, dashboard, visit

    __all__ = ["chromium", "dashboard", "visit"]
