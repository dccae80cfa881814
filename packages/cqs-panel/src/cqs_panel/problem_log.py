"""Problems of plugins in the log of the server: a line for each, once; their tracebacks with `--verbose`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cqs_core import plugins

if TYPE_CHECKING:
    from cqs_core import PluginProblem

_log = logging.getLogger("cqs.panel")


def log_problems() -> None:
    """Log the problems found so far, and each one that is found from now on."""
    host = plugins()
    host.on_problem = _log_problem
    for problem in [*host.problems]:
        _log_problem(problem)


def _log_problem(problem: PluginProblem) -> None:
    fields = {"plugin": problem.plugin, "where": problem.where, "error": problem.error}
    line = "plugin %r failed, %s: %s"
    _log.warning(line, problem.plugin, problem.where, problem.error, extra={"fields": fields})
    for each in problem.traceback.splitlines():
        _log.debug("%s", each)
