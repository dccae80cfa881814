"""The jobs page: long work of this machine, whoever started it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cqs_panel.jobs import JobList
from cqs_panel.sections import section

if TYPE_CHECKING:
    from cqs_panel.state import PageState


def build(page: PageState) -> Any:
    return section("Jobs", JobList(page), note="on this machine, newest first")
