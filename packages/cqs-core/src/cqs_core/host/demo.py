"""The parts of `cqs demo`: each package gives its steps, core runs them in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from rich.console import Console

    from cqs_core.bucket import Bucket


@dataclass
class Demo:
    """State that the steps share.

    Attributes:
        bucket: the demo's own bucket.
        console: where to print for people; silent with `--json`.
        closing: what ends with the demo (servers) is entered here.
        endpoint: base URL of the sandbox exchange, once its step has started it.
        results: what each step returned, by the step's name.
        port: of the dashboard; 0 is a free one.
        open_browser: whether the dashboard's step opens it.
    """

    bucket: Bucket
    console: Console
    closing: ExitStack
    endpoint: str | None = None
    results: dict[str, Any] = field(default_factory=dict)
    port: int = 0
    open_browser: bool = True


@dataclass(frozen=True)
class DemoStep:
    """One step.

    Attributes:
        name: key of its result in `cqs demo --json`.
        title: what people read while it runs.
        order: steps run by rising order: 10 exchange, 20 candles, 30 publish, 40 backtest, 50 bots, 60 models,
            90 dashboard.
        run: does it, and returns something that JSON can hold.
        once: whether `cqs demo --once` runs it too; serving steps do not.
    """

    name: str
    title: str
    order: int
    run: Callable[[Demo], Any]
    once: bool = True
