"""Long work that outlives the page that started it: a `cqs … --json` process with a folder of its own here."""

from cqs_core.jobs.job import Job
from cqs_core.jobs.registry import cancel, get, listing, start

__all__ = ["Job", "cancel", "get", "listing", "start"]
