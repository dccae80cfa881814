"""Arguments of `cqs` for the jobs that pages start."""

from __future__ import annotations

from cqs_core import settings


def with_endpoint(*arguments: str) -> list[str]:
    """The arguments, and `--endpoint` where the settings have one."""
    endpoint = settings().endpoint
    return [*arguments, *(["--endpoint", endpoint] if endpoint else [])]
