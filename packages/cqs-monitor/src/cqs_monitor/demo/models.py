"""The demo step: three models and some alert rules; its libraries are imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_core import DemoStep

if TYPE_CHECKING:
    from cqs_core import Demo


def _run(demo: Demo) -> dict[str, Any]:
    from cqs_monitor.demo.training import run

    return run(demo)


STEP = DemoStep("models", "Add three regime models, one of them dangerous, and alert rules", 60, _run)
