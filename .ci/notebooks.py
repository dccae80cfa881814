"""Hook of MkDocs: the notebooks of *From Python* run on a made-up exchange and a bucket of their own.

Tests take `made_up` from here as well.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Iterator

_closing = contextlib.ExitStack()


def on_startup(**_: Any) -> None:
    if os.environ.get("DOCS_EXECUTE") == "false":
        return
    folder = _closing.enter_context(tempfile.TemporaryDirectory())
    os.environ.update(_closing.enter_context(made_up(Path(folder))))


def on_shutdown(**_: Any) -> None:
    _closing.close()


@contextlib.contextmanager
def made_up(folder: Path) -> Iterator[dict[str, str]]:
    """Environment of a kernel: a bucket with candles and the demo's bots, and an exchange to fetch more from."""
    from rich.console import Console

    from cqs_core import Bucket, Demo, plugins
    from cqs_data import Sandbox, Synthetic, fetch, select

    (folder / "bucket").mkdir()
    places = {f"CQS_{name}_DIR": str(folder / name.lower()) for name in ("DATA", "STATE", "CACHE")}
    with Sandbox(Synthetic()) as sandbox, contextlib.ExitStack() as closing:
        places |= {
            "CQS_BUCKET": str(folder / "bucket"),
            "CQS_ENDPOINT": sandbox.url,
            "PANEL_INLINE": "true",
        }  # no page asks another host
        bucket = Bucket(places["CQS_BUCKET"])
        with mock.patch.dict(os.environ, places):
            fetch(bucket, select("BTC,ETH,XRP,SOL", start="2024-01-01"), sandbox.url)
            [bots] = [step for step in plugins().demo_steps() if step.name == "bots"]
            bots.run(Demo(bucket, Console(quiet=True), closing, endpoint=sandbox.url))
        yield places
