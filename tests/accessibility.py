"""What axe-core finds on a page: only what it calls serious or critical."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

SEEN = {
    "overview": "Volatility breakout",
    "data": "Coverage",
    "backtest": "Kept runs",
    "runs": "tick some to compare them",
    "optimize": "Kept sweeps",
    "validate": "Run the tests",
    "monitor": "Reconciliation",
    "compare": "From backtest to live",
    "alerts": "evaluated every",
    "models": "Metrics by version",
    "sql": "No query yet",
    "jobs": "on this machine",
    "settings": "secrets are masked",
    "plugins": "Where this runs",
}
"""A text that each page of the demo shows."""

_IMPACTS = ("serious", "critical")


def settled(page: Any, **options: Any) -> list[str]:
    """What is found still when names and roles have followed what was drawn."""
    found = _violations(page, **options)
    for _ in range(20):
        if not found:
            break
        page.wait_for_timeout(500)
        found = _violations(page, **options | {"runOnly": list(found)})
    return [line for lines in found.values() for line in lines]


def addresses(run: str) -> dict[str, str]:
    """A text that is seen by the address of each page of the demo, also of a run of it and of the form to fetch."""
    return {**SEEN, f"backtest&run={run}": "Equity and drawdown", "data&fetch=1": "Fetch candles"}


def _violations(page: Any, **options: Any) -> dict[str, list[str]]:
    """Elements by the rule that they violate."""
    # without preload: axe asks for each stylesheet once a shadow root, hundreds at once, which Chromium refuses
    options = {"resultTypes": ["violations"], "preload": False, **options}
    found = Axe().run(page, options=options).response["violations"]
    return {
        one["id"]: [f"{one['id']}: {node['target'][0][-1]} {node['html'][:160]}" for node in one["nodes"]]
        for one in found
        if one["impact"] in _IMPACTS
    }
