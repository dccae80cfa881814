"""Runs once in the server, before the first request; `--insecure` comes from `panel serve … --args --insecure`."""  # noqa: INP001 - Bokeh reads this folder as it is

import os
import sys

from cqs_panel.guard.hosts import INSECURE
from cqs_panel.guard.router import install
from cqs_panel.problem_log import log_problems

if "--insecure" in sys.argv[1:]:
    os.environ[INSECURE] = "1"
install()
log_problems()
